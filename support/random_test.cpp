// SPDX-License-Identifier: Apache-2.0
#include "support/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace softmark {
namespace {

static_assert(std::uniform_random_bit_generator<Rng>);

TEST(Rng, GivesTheSameBitsEverywhere) {
  // The first numbers of the published generator, from state 0.
  Rng rng(0);
  EXPECT_EQ(rng(), 0xe220a8397b1dcdafu);
  EXPECT_EQ(rng(), 0x6e789e6aa1b965f4u);
}

TEST(Rng, GivesEachStreamItsOwnNumbers) {
  EXPECT_EQ(Rng(7, 1, 3)(), Rng(7, 1, 3)());
  EXPECT_NE(Rng(7, 1, 3)(), Rng(7, 1, 2)());
  EXPECT_NE(Rng(7, 1, 3)(), Rng(7, 2, 3)());
  EXPECT_NE(Rng(7, 1, 3)(), Rng(8, 1, 3)());
}

TEST(Rng, HasTheMomentsItClaims) {
  Rng rng(1, 1);
  constexpr int kCount = 100000;
  double mean = 0, square = 0, fourth = 0, uniform = 0, below = 0;
  for (int i = 0; i < kCount; ++i) {
    const double z = rng.normal();
    mean += z / kCount, square += z * z / kCount, fourth += z * z * z * z / kCount;
    uniform += rng.uniform() / kCount;
    below += static_cast<double>(rng.below(7)) / kCount;
  }
  // Five standard errors of each moment.
  EXPECT_NEAR(mean, 0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(square, 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(fourth, 3, 5 * std::sqrt(96.0 / kCount));
  EXPECT_NEAR(uniform, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(below, 3, 5 * std::sqrt(4.0 / kCount));
}

}  // namespace
}  // namespace softmark
