// SPDX-License-Identifier: Apache-2.0
#include "support/speed_verdict.h"

#include <algorithm>

namespace softmark {

double least_effect(double aa_spread) {
  return aa_spread > 0 ? std::max(kLeastEffect, 2 * aa_spread) : kLeastEffect;
}

std::string_view word(SpeedVerdict verdict) {
  static constexpr std::string_view kWords[] = {"SAME", "FASTER", "SLOWER", "AMBIGUOUS"};
  return kWords[static_cast<std::size_t>(verdict)];
}

SpeedVerdict speed_verdict(const SpeedRatio& speed, double least, double same_within) {
  if (speed.low > 1 && speed.ratio > 1 + least) return SpeedVerdict::kSlower;
  if (speed.high < 1 && speed.ratio < 1 / (1 + least)) return SpeedVerdict::kFaster;
  const bool within = speed.low >= 1 / (1 + same_within) && speed.high <= 1 + same_within;
  return within ? SpeedVerdict::kSame : SpeedVerdict::kAmbiguous;
}

}  // namespace softmark
