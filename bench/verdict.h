// SPDX-License-Identifier: Apache-2.0
// From the times of two kernels to SAME, FASTER, SLOWER or AMBIGUOUS, independent of how the times
// were measured.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "bench/statistics.h"
#include "support/speed_verdict.h"

namespace softmark::bench {

/// The smallest sample of each process, one entry per round. A round runs A B B A or B A A B: a
/// steady drift cancels, and the two processes of each kernel show the differences between equal
/// kernels under current conditions. Both vectors have one length.
struct Rounds {
  std::vector<std::array<double, 2>> a, b;
};

/// What some of a kernel's processes take longer than the others: the share of them, and how many
/// times as long they take.
struct Mixture {
  double share = 0, ratio = 1;
};

/// Statistics of rounds. Ratios are B to A: above 1, B is slower. A round's ratio is that of its
/// two smaller times, so that one disturbed process does not affect it; the interval stays exact,
/// because under equality A and B are exchangeable.
struct Ratio {
  double median = 1;
  std::optional<Interval> ci95;  // exact order statistics; none for fewer than 6 rounds
  double p = 1;                  // of the two-sided sign test on the rounds' ratios
  // How far from 1 a kernel's ratio to itself may be, estimated from these rounds: 0.02 is 2 %.
  double aa_spread = 0;
  double process_spread = 0;  // median difference of two single processes of one kernel in a round
  double smallest_difference = 0;  // the smallest detectable one: max(5 %, twice the A/A spread)
  std::size_t rounds = 0;
  // Of all processes, a round's ratio that of the geometric means of its two times.
  double whole_median = 1;
  // A process is slow if it takes 10 % longer than the fastest of its round. `mixture_p`: of the
  // two-sided sign test on the rounds in which B has more slow processes than A or fewer.
  Mixture a_mixture, b_mixture;
  double mixture_p = 1;
};
Ratio ratio_of(const Rounds& rounds);

/// FASTER or SLOWER: the interval excludes 1 and the median lies beyond the smallest difference,
/// and all processes together do not say the contrary. SAME: the whole interval lies within it, and
/// holds 1 or lies within 5 %. Else AMBIGUOUS. Where the lesser times decide nothing or SAME and
/// one kernel is slow in more of its processes, it is the slower one if that costs it 5 % in the
/// mean, else AMBIGUOUS.
SpeedVerdict verdict_of(const Ratio& ratio);
/// Whether one kernel is slow in more of its processes, and whether the verdict is by that.
bool is_mixture(const Ratio& ratio);
bool is_by_mixture(const Ratio& ratio);

/// How long a comparison continues: `first` rounds, then `step` more while undecided, `most` in
/// all. FASTER or SLOWER must be confirmed by as many new rounds.
struct Patience {
  int first, step, most;
};
struct Decision {
  SpeedVerdict verdict = SpeedVerdict::kAmbiguous;
  Ratio ratio;  // of all rounds together
};
/// Appends that many rounds; false where it cannot continue.
using MoreRounds = std::function<bool(Rounds&, int)>;
/// Runs rounds until they decide or the limit is reached. A second set of rounds, decided
/// separately, must confirm the first, or the result is AMBIGUOUS. Empty where `more` returned
/// false.
std::optional<Decision> decide(const MoreRounds& more, const Patience& patience);

/// Among many comparisons some are decided wrongly by chance: FASTER and SLOWER become AMBIGUOUS
/// where the procedure of Benjamini and Hochberg, at a false discovery rate of 5 % over all
/// decisions, does not reject equality.
void control_false_discoveries(std::vector<Decision*> decisions);

}  // namespace softmark::bench
