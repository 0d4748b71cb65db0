// SPDX-License-Identifier: Apache-2.0
#include "bench/verdict.h"

#include <algorithm>
#include <cmath>

namespace softmark::bench {
namespace {

/// A process that takes as many times as long as the fastest of its round is slow.
constexpr double kSlow = 1.1;
/// Of the sign test: what is a kernel of two speeds (twice, in separate rounds), and what may be.
constexpr double kMixed = 0.05, kSuspect = 0.5;

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

SpeedVerdict verdict_of_lesser(const Ratio& ratio) {
  if (!ratio.ci95) return SpeedVerdict::kAmbiguous;
  const bool holds_one = ratio.ci95->low <= 1 && ratio.ci95->high >= 1;
  return speed_verdict({ratio.median, ratio.ci95->low, ratio.ci95->high}, ratio.smallest_difference,
                       holds_one ? ratio.smallest_difference : kLeastEffect);
}

/// Whether more rounds may show a kernel of two speeds.
bool is_suspect(const Ratio& ratio) { return ratio.mixture_p < kSuspect; }

/// SAME within more than 5 % is not final while more rounds could narrow it, nor is SAME where one
/// kernel may be slow in more of its processes.
bool settled(const Ratio& ratio) {
  const SpeedVerdict verdict = verdict_of(ratio);
  return is_claim(verdict) || (verdict == SpeedVerdict::kSame && !is_suspect(ratio) &&
                               ratio.smallest_difference <= kLeastEffect);
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

namespace {

/// Slow processes of each kernel, relative to the fastest of their round, so that neither a drift
/// over the rounds nor a slow phase of the machine makes any. `b_level`: how many times as long B
/// takes when it is fast.
void find_mixtures(Ratio& ratio, const Rounds& rounds, double b_level) {
  std::array<std::vector<double>, 2> slow, fast;
  std::vector<double> more;
  for (std::size_t round = 0; round < rounds.b.size(); ++round) {
    const std::array<double, 2>&a = rounds.a[round], b = rounds.b[round];
    const double fastest = std::min(std::min(a[0], a[1]), std::min(b[0], b[1]) / b_level);
    double difference = 0;
    for (const bool is_b : {false, true})
      for (double time : is_b ? b : a) {
        const double relative = time / fastest / (is_b ? b_level : 1);
        const bool is_slow = relative > kSlow;
        (is_slow ? slow : fast)[is_b].push_back(relative);
        if (is_slow) difference += is_b ? 1 : -1;
      }
    more.push_back(difference);
  }
  ratio.mixture_p = sign_test(more);
  for (const bool is_b : {false, true}) {
    if (slow[is_b].empty() || fast[is_b].empty()) continue;
    Mixture& mixture = is_b ? ratio.b_mixture : ratio.a_mixture;
    mixture.share = static_cast<double>(slow[is_b].size()) / (2 * static_cast<double>(more.size()));
    mixture.ratio = median(slow[is_b]) / median(fast[is_b]);
  }
}

}  // namespace

Ratio ratio_of(const Rounds& rounds) {
  const auto lesser = [](const std::array<double, 2>& times) {
    return std::min(times[0], times[1]);
  };
  const auto product = [](const std::array<double, 2>& times) { return times[0] * times[1]; };
  std::vector<double> logs, self, apart, whole;
  for (std::size_t round = 0; round < rounds.b.size(); ++round) {
    logs.push_back(std::log(lesser(rounds.b[round]) / lesser(rounds.a[round])));
    whole.push_back(std::log(product(rounds.b[round]) / product(rounds.a[round])) / 2);
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
  ratio.whole_median = std::exp(median(whole));
  // Up to 5 % apart they are the same at their best; more may be a kernel that is mostly slow.
  find_mixtures(ratio, rounds, std::clamp(ratio.median, 1 / (1 + kLeastEffect), 1 + kLeastEffect));
  return ratio;
}

bool is_mixture(const Ratio& ratio) { return ratio.mixture_p <= kMixed; }

bool is_by_mixture(const Ratio& ratio) {
  return is_mixture(ratio) && !is_claim(verdict_of_lesser(ratio));
}

SpeedVerdict verdict_of(const Ratio& ratio) {
  const SpeedVerdict lesser = verdict_of_lesser(ratio);
  const bool contrary = (lesser == SpeedVerdict::kSlower && ratio.whole_median < 1) ||
                        (lesser == SpeedVerdict::kFaster && ratio.whole_median > 1);
  if (contrary) return SpeedVerdict::kAmbiguous;
  if (!is_by_mixture(ratio)) return lesser;
  // What it costs in the mean. Other work slows some processes of either kernel; only the excess
  // counts.
  const double more = ratio.b_mixture.share - ratio.a_mixture.share,
               cost = more * ((more > 0 ? ratio.b_mixture : ratio.a_mixture).ratio - 1);
  if (cost > kLeastEffect && ratio.ci95->high >= 1) return SpeedVerdict::kSlower;
  if (cost < -kLeastEffect && ratio.ci95->low <= 1) return SpeedVerdict::kFaster;
  return SpeedVerdict::kAmbiguous;
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
  if (is_by_mixture(decision.ratio)) decision.ratio.p = decision.ratio.mixture_p;
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
