// SPDX-License-Identifier: Apache-2.0
// Two kernels side by side in one session: SAME, FASTER, SLOWER or AMBIGUOUS, with what this machine can tell apart
// now.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure.h"
#include "bench/statistics.h"

namespace softmark::bench {

/// Process medians, a round an entry. A round runs A B B A, the next B A A B: a steady drift cancels, and the two runs
/// of each kernel tell what "equal" looks like here and now. Both have one length.
struct Rounds {
  std::vector<std::array<double, 2>> a, b;
};

/// What rounds say. Ratios are B to A: above 1, B is slower. A round's ratio is that of its two lesser times, so that
/// a process which something else disturbed spoils no round; the interval stays exact, because under equality A and B
/// are exchangeable.
struct Ratio {
  double median = 1;
  std::optional<Interval> ci95;    // exact order statistics; none for fewer than 6 rounds
  double aa_spread = 0;            // median difference of one kernel's two processes in a round: 0.02 is 2 %
  double smallest_difference = 0;  // what could be told: max(5 %, twice the A/A spread)
  std::size_t rounds = 0;
};
Ratio ratio_of(const Rounds& rounds);

enum class Verdict { kSame, kFaster, kSlower, kAmbiguous };
inline constexpr std::string_view kVerdictNames[] = {"SAME", "FASTER", "SLOWER", "AMBIGUOUS"};

/// FASTER or SLOWER: the interval excludes 1 and the median lies beyond the smallest difference. SAME: the whole
/// interval lies within it. Else AMBIGUOUS.
Verdict judge(const Ratio& ratio);
/// FASTER or SLOWER only where a second set of rounds, judged alone, says the same; a first claim that is not confirmed
/// is AMBIGUOUS.
Verdict confirm(Verdict first, Verdict second);

/// A and B on one workload.
struct Comparison {
  std::string a, b;  // kernel ids
  Workload workload;
  int threads = 1;
  Verdict verdict = Verdict::kAmbiguous;
  Ratio ratio;          // of all rounds together
  std::string failure;  // why there is no verdict: "b: crash: killed by SIGSEGV"; empty where there is one
};

/// Compares two kernels of one op and type on the options' workloads (the quick ones where they name none). Threads:
/// the options' first, else 1. Throws Error(kUsage) where the kernels differ in op or type. Stops early, with what it
/// has, when interrupted.
std::vector<Comparison> compare_kernels(const Kernel& a, const Kernel& b, const BenchOptions& options);

/// One workload of the above; the rounds are the options' processes (by effort 8, 10 or 20).
Comparison compare_on(const Kernel& a, const Kernel& b, const Workload& workload, const BenchOptions& options);

Json to_json(const Comparison& comparison);
std::string comparisons_table(const std::vector<Comparison>& comparisons);
/// 1 where any is SLOWER, 4 where one could not be measured, 5 where any is AMBIGUOUS and `strict`, else 0.
int exit_code_of(const std::vector<Comparison>& comparisons, bool strict);

}  // namespace softmark::bench
