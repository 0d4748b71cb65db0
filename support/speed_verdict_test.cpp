// SPDX-License-Identifier: Apache-2.0
#include "support/speed_verdict.h"

#include <gtest/gtest.h>

#include <cmath>

namespace softmark {
namespace {

TEST(SpeedVerdict, NeedsTheIntervalAndTheEffect) {
  const auto verdict = [](double ratio, double low, double high) {
    return word(speed_verdict({ratio, low, high}, 0.1, 0.1));
  };
  EXPECT_EQ(verdict(1.2, 1.15, 1.25), "SLOWER");
  EXPECT_EQ(verdict(1.2, 0.99, 1.4), "AMBIGUOUS");    // the interval holds 1
  EXPECT_EQ(verdict(1.08, 1.06, 1.12), "AMBIGUOUS");  // real, and below what counts
  EXPECT_EQ(verdict(0.8, 0.75, 0.85), "FASTER");
  EXPECT_EQ(verdict(1.0, 0.95, 1.05), "SAME");
  EXPECT_EQ(verdict(1.0, 0.8, 1.05), "AMBIGUOUS");
  EXPECT_EQ(verdict(NAN, NAN, NAN), "AMBIGUOUS");
}

TEST(SpeedVerdict, CallsSameOnlyWhatLiesWithinItsOwnLimit) {
  EXPECT_EQ(speed_verdict({1.1, 1.02, 1.15}, 0.2, 0.05), SpeedVerdict::kAmbiguous);
  EXPECT_EQ(speed_verdict({1.1, 1.02, 1.15}, 0.2, 0.2), SpeedVerdict::kSame);
}

TEST(LeastEffect, IsTwiceTheSpreadAndAtLeastFivePercent) {
  EXPECT_EQ(least_effect(0.01), 0.05);
  EXPECT_EQ(least_effect(0.1), 0.2);
  EXPECT_EQ(least_effect(NAN), 0.05);
}

}  // namespace
}  // namespace softmark
