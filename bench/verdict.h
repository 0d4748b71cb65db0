// SPDX-License-Identifier: Apache-2.0
// From the times of two kernels to SAME, FASTER, SLOWER or AMBIGUOUS, wherever the times come from.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "bench/statistics.h"
#include "support/speed_verdict.h"

namespace softmark::bench {

/// The least sample of each process, a round an entry. A round runs A B B A or B A A B: a steady
/// drift cancels, and the two processes of each kernel tell what "equal" looks like here and now.
/// Both have one length.
struct Rounds {
  std::vector<std::array<double, 2>> a, b;
};

/// What rounds say. Ratios are B to A: above 1, B is slower. A round's ratio is that of its two
/// lesser times, so that a process which something else disturbed spoils no round; the interval
/// stays exact, because under equality A and B are exchangeable.
struct Ratio {
  double median = 1;
  std::optional<Interval> ci95;  // exact order statistics; none for fewer than 6 rounds
  double p = 1;                  // of the two-sided sign test on the rounds' ratios
  double aa_spread =
      0;  // how far from 1 a kernel's ratio to itself may lie by these rounds: 0.02 is 2 %
  double process_spread = 0;  // median difference of two single processes of one kernel in a round
  double smallest_difference = 0;  // what could be told: max(5 %, twice the A/A spread)
  std::size_t rounds = 0;
};
Ratio ratio_of(const Rounds& rounds);

/// FASTER or SLOWER: the interval excludes 1 and the median lies beyond the smallest difference.
/// SAME: the whole interval lies within it, and holds 1 or lies within 5 %. Else AMBIGUOUS.
SpeedVerdict verdict_of(const Ratio& ratio);

/// How long a comparison goes on: `first` rounds, then `step` more while nothing is decided, `most`
/// in all; a claim of FASTER or SLOWER has to be made again by as many new rounds.
struct Patience {
  int first, step, most;
};
struct Decision {
  SpeedVerdict verdict = SpeedVerdict::kAmbiguous;
  Ratio ratio;  // of all rounds together
};
/// Appends so many rounds; false where it cannot go on.
using MoreRounds = std::function<bool(Rounds&, int)>;
/// Runs rounds until they decide or patience ends. A second set of rounds, judged alone, must make
/// the claim of the first, or the answer is AMBIGUOUS. Empty where `more` gave up.
std::optional<Decision> decide(const MoreRounds& more, const Patience& patience);

/// Many comparisons make some false claim by chance: FASTER and SLOWER that Benjamini and
/// Hochberg's procedure does not hold at a false discovery rate of 5 % over all decisions become
/// AMBIGUOUS.
void control_false_discoveries(std::vector<Decision*> decisions);

}  // namespace softmark::bench
