// SPDX-License-Identifier: Apache-2.0
#include "reports/decision.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "support/text.h"

namespace softmark {
namespace {

double known(double error) {
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

/// Share of the bound, then ulp of well-conditioned outputs: roundings that nothing can avoid may
/// give several kernels one share. Unknown is worse than any.
std::pair<double, double> error_of(const Entry& entry) {
  return {known(entry.kernel->share_of_bound), known(entry.kernel->well_conditioned_ulp())};
}

std::string name_of(const KernelView& kernel) { return one_line(kernel.versioned()); }

std::string error_words(const KernelView& kernel) {
  if (kernel.accuracy.empty()) return "its error was not measured";
  std::string text = fmt::format("largest error {} of the bound", figure(kernel.share_of_bound));
  if (kernel.ulp_text() != "-") text += fmt::format(" ({} ulp)", kernel.ulp_text());
  return text;
}

std::string names(const std::vector<const Entry*>& entries) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < entries.size() && i < kMost; ++i)
    text += (i == 0 ? "" : ", ") + name_of(*entries[i]->kernel);
  return entries.size() > kMost ? fmt::format("{} and {} more", text, entries.size() - kMost)
                                : text;
}

/// " (56 % of memcpy)"; "" where unknown.
std::string ceiling_words(const Json& measurement) {
  const double share = value_of(field(measurement, "of_ceiling"));
  return std::isnan(share) ? ""
                           : fmt::format(" ({:.0f} % of {})", 100 * share,
                                         one_line(text_of(measurement, "ceiling")));
}

std::string sentence(const Ranking& ranking, const Entry& winner) {
  Shape shape = ranking.shape;
  shape.threads = count_of(*winner.measurement, "threads");
  return fmt::format("Use {} for {} in {}: {} ns per element at {}{}, {}.", name_of(*winner.kernel),
                     ranking.shape.op, ranking.shape.dtype, figure(winner.ns),
                     one_line(shape.words()), ceiling_words(*winner.measurement),
                     error_words(*winner.kernel));
}

std::string interval_words(const Entry& entry) {
  const std::size_t n = replicates(*entry.measurement);
  const bool interval = field(field(*entry.measurement, "ns_per_element"), "ci95").is_array();
  if (n == 0) return "";
  return fmt::format("{} {} to {} ns over {} process{}. ",
                     interval ? "95 % interval" : "Too few processes for an interval; samples:",
                     figure(entry.low), figure(entry.high), n, n == 1 ? "" : "es");
}

/// What a tie came down to.
std::string decided_by(const Decision& decision) {
  const auto winner = error_of(*decision.winner);
  bool share = true, ulp = true;
  for (const Entry* entry : decision.tied) {
    share = share && winner.first < error_of(*entry).first;
    ulp = ulp && winner < error_of(*entry);
  }
  return share ? "the smaller error decided"
         : ulp ? "the smaller error decided: the same share of its bound, fewer ulp"
               : "the smaller error, or the time where errors are equal, decided";
}

std::string sureness(const Decision& decision, const Ranking& ranking) {
  const Entry& winner = *decision.winner;
  std::string text = interval_words(winner);
  if (!decision.tied.empty())
    text += fmt::format("A tie: {} cannot be distinguished from it by time, so {}. ",
                        names(decision.tied), decided_by(decision));
  else if (decision.next)
    text += "No other kernel that passed is as fast. ";
  if (decision.next)
    text += fmt::format("Next is {}, {} times as long. ", name_of(*decision.next->kernel),
                        figure(decision.next->ns / winner.ns));
  std::size_t wrong = 0;
  for (const Entry& entry : ranking.unranked) wrong += is_wrong(entry.kernel->standing);
  if (wrong)
    text += wrong == 1 ? "1 wrong kernel was timed and is not ranked."
                       : fmt::format("{} wrong kernels were timed and are not ranked.", wrong);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

std::size_t replicates(const Json& measurement) {
  if (const long long n = count_of(measurement, "processes"); n > 0)
    return static_cast<std::size_t>(n);
  const Json& samples = field(measurement, "samples");
  return samples.is_array() ? samples.size() : 0;
}

Decision decide(const View& view, const Ranking& ranking) {
  Decision decision;
  if (ranking.ranked.empty()) {
    decision.sentence = fmt::format("No kernel that passed was timed for {} in {} at {}.",
                                    ranking.shape.op, ranking.shape.dtype, ranking.shape.words());
    return decision;
  }
  const double least = least_effect(view.document);
  const Entry& fastest = ranking.ranked.front();
  decision.winner = &fastest;
  std::vector<const Entry*> level;
  for (const Entry& entry : ranking.ranked) {
    if (&entry != &fastest && distinguishable(fastest, entry, least)) {
      decision.next = &entry;
      break;  // what is slower than this one is no tie, however wide its interval is
    }
    level.push_back(&entry);
    if (error_of(entry) < error_of(*decision.winner)) decision.winner = &entry;
  }
  for (const Entry* entry : level)
    if (entry != decision.winner) decision.tied.push_back(entry);
  decision.sentence = sentence(ranking, *decision.winner);
  decision.sure = sureness(decision, ranking);
  return decision;
}

}  // namespace softmark
