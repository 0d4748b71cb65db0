// SPDX-License-Identifier: Apache-2.0
#include "bench/verdict.h"

#include <algorithm>
#include <cmath>

namespace softmark::bench {
namespace {

Rounds operator+(Rounds first, const Rounds& second) {
  first.a.insert(first.a.end(), second.a.begin(), second.a.end());
  first.b.insert(first.b.end(), second.b.begin(), second.b.end());
  return first;
}

/// P(at least as many of n fair coins show the more frequent side), two-sided.
double sign_test(const std::vector<double>& logs) {
  const auto above = static_cast<std::size_t>(
      std::count_if(logs.begin(), logs.end(), [](double x) { return x > 0; }));
  const auto below = static_cast<std::size_t>(
      std::count_if(logs.begin(), logs.end(), [](double x) { return x < 0; }));
  return sign_test_p(std::min(above, below), above + below);
}

/// Half the width of the exact 95 % interval of the median; for too few values, the largest value.
double half_width(const std::vector<double>& values) {
  if (const auto interval = median_interval(values)) return (interval->high - interval->low) / 2;
  double most = 0;
  for (double value : values) most = std::max(most, std::abs(value));
  return most;
}

bool is_claim(SpeedVerdict verdict) {
  return verdict == SpeedVerdict::kFaster || verdict == SpeedVerdict::kSlower;
}

/// SAME within more than 5 % is not final while more rounds could narrow it.
bool settled(const Ratio& ratio) {
  const SpeedVerdict verdict = verdict_of(ratio);
  return is_claim(verdict) ||
         (verdict == SpeedVerdict::kSame && ratio.smallest_difference <= kLeastEffect);
}

/// One set of rounds, decided separately.
std::optional<Rounds> rounds_until_settled(const MoreRounds& more, const Patience& patience) {
  Rounds rounds;
  if (!more(rounds, std::min(patience.first, patience.most))) return std::nullopt;
  for (int left; (left = patience.most - static_cast<int>(rounds.a.size())) > 0 &&
                 !settled(ratio_of(rounds));)
    if (!more(rounds, std::min(patience.step, left))) return std::nullopt;
  return rounds;
}

}  // namespace

Ratio ratio_of(const Rounds& rounds) {
  const auto lesser = [](const std::array<double, 2>& times) {
    return std::min(times[0], times[1]);
  };
  std::vector<double> logs, self, apart;
  for (std::size_t round = 0; round < rounds.b.size(); ++round) {
    logs.push_back(std::log(lesser(rounds.b[round]) / lesser(rounds.a[round])));
    for (const auto* times : {&rounds.a[round], &rounds.b[round]}) {
      self.push_back(std::log((*times)[1] / (*times)[0]));
      apart.push_back(std::abs(self.back()));
    }
  }
  Ratio ratio;
  ratio.rounds = logs.size();
  ratio.median = std::exp(median(logs));
  if (const auto interval = median_interval(logs))
    ratio.ci95 = Interval{std::exp(interval->low), std::exp(interval->high)};
  ratio.p = sign_test(logs);
  ratio.aa_spread = std::expm1(half_width(self));
  ratio.process_spread = std::expm1(median(apart));
  ratio.smallest_difference = least_effect(ratio.aa_spread);
  return ratio;
}

SpeedVerdict verdict_of(const Ratio& ratio) {
  if (!ratio.ci95) return SpeedVerdict::kAmbiguous;
  const bool holds_one = ratio.ci95->low <= 1 && ratio.ci95->high >= 1;
  return speed_verdict({ratio.median, ratio.ci95->low, ratio.ci95->high}, ratio.smallest_difference,
                       holds_one ? ratio.smallest_difference : kLeastEffect);
}

std::optional<Decision> decide(const MoreRounds& more, const Patience& patience) {
  const auto first = rounds_until_settled(more, patience);
  if (!first) return std::nullopt;
  Decision decision{verdict_of(ratio_of(*first)), ratio_of(*first)};
  if (!is_claim(decision.verdict)) return decision;
  const auto second = rounds_until_settled(more, patience);
  if (!second) return std::nullopt;
  if (verdict_of(ratio_of(*second)) != decision.verdict)
    decision.verdict = SpeedVerdict::kAmbiguous;
  decision.ratio = ratio_of(*first + *second);
  return decision;
}

void control_false_discoveries(std::vector<Decision*> decisions) {
  constexpr double kRate = 0.05;
  std::sort(decisions.begin(), decisions.end(),
            [](const Decision* a, const Decision* b) { return a->ratio.p < b->ratio.p; });
  std::size_t held = decisions.size();
  const auto count = static_cast<double>(decisions.size());
  while (held > 0 && !(decisions[held - 1]->ratio.p <= kRate * static_cast<double>(held) / count))
    --held;
  for (std::size_t i = held; i < decisions.size(); ++i)
    if (is_claim(decisions[i]->verdict)) decisions[i]->verdict = SpeedVerdict::kAmbiguous;
}

}  // namespace softmark::bench
