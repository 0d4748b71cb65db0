// SPDX-License-Identifier: Apache-2.0
// The one rule by which a ratio of two times becomes SAME, FASTER, SLOWER or AMBIGUOUS, whether the
// times come from one session (bench) or from two documents (reports).
#pragma once

#include <string_view>

namespace softmark {

/// No smaller relative difference of times is believed: 0.05 is 5 %.
inline constexpr double kLeastEffect = 0.05;

/// The smallest relative difference believed where a kernel differs from itself by `aa_spread`:
/// twice that, and at least kLeastEffect. NaN: the spread is unknown.
double least_effect(double aa_spread);

enum class SpeedVerdict { kSame, kFaster, kSlower, kAmbiguous };
std::string_view word(SpeedVerdict verdict);  // "SAME", "FASTER", "SLOWER", "AMBIGUOUS"

/// A ratio of times, new to old, with its 95 % interval: above 1, new is slower.
struct SpeedRatio {
  double ratio, low, high;
};

/// FASTER or SLOWER: the interval excludes 1, and the ratio lies beyond `least`. SAME: the whole
/// interval lies within `same_within`. Else AMBIGUOUS.
SpeedVerdict speed_verdict(const SpeedRatio& speed, double least, double same_within);

}  // namespace softmark
