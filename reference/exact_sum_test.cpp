// SPDX-License-Identifier: Apache-2.0
#include "reference/exact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "support/random.h"

namespace softmark {
namespace {

/// Wide enough for the sum of any few thousand doubles.
using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<
    2300, boost::multiprecision::digit_base_2, void, std::int32_t, -20000, 20000>>;

std::vector<double> terms_of(Rng& random, int spread) {
  std::vector<double> terms(200);
  for (double& term : terms)
    term =
        std::ldexp(1 + random.uniform(), static_cast<int>(random.uniform() * spread) - spread / 2);
  return terms;
}

TEST(ExactSum, IsTheRoundedSumInEveryOrder) {
  Rng random(17);
  for (const int spread : {1, 60, 200, 1900})
    for (int trial = 0; trial < 50; ++trial) {
      std::vector<double> terms = terms_of(random, spread);
      Wide wide = 0;
      ExactSum forward, backward, halves[2];
      for (std::size_t i = 0; i < terms.size(); ++i) {
        wide += terms[i];
        forward += terms[i];
        halves[i % 2] += terms[i];
      }
      std::reverse(terms.begin(), terms.end());
      for (const double term : terms) backward += term;
      halves[0] += halves[1];
      const auto want = static_cast<double>(wide);
      ASSERT_EQ(forward.rounded(), want) << spread;
      ASSERT_EQ(backward.rounded(), want) << spread;
      ASSERT_EQ(halves[0].rounded(), want) << spread;
    }
}

TEST(ExactSum, RoundsTiesByWhatLiesBelow) {
  const auto sum_of = [](std::initializer_list<double> terms) {
    ExactSum sum;
    for (const double term : terms) sum += term;
    return sum.rounded();
  };
  EXPECT_EQ(sum_of({}), 0);
  EXPECT_EQ(sum_of({0, 0}), 0);
  EXPECT_EQ(sum_of({1, 0x1p-53}), 1);
  EXPECT_EQ(sum_of({1, 0x1p-53, 0x1p-200}), 1 + 0x1p-52);
  EXPECT_EQ(sum_of({1 + 0x1p-52, 0x1p-53}), 1 + 0x1p-51);
  EXPECT_EQ(sum_of({0x1p-1074, 0x1p-1074}), 0x1p-1073);
  constexpr double kInf = std::numeric_limits<double>::infinity(), kMax = 0x1.fffffffffffffp1023;
  EXPECT_EQ(sum_of({kMax, kMax, 1}), kInf);
  EXPECT_EQ(sum_of({1, kMax}), kMax);
}

TEST(ExactSum, PartsMakeTheSameSum) {
  ExactSum sum, again;
  for (const double term : {1.0, 0x1p-53, 0x1p-200, 0x1p300}) sum += term;
  for (const double part : sum.parts()) again += part;
  EXPECT_TRUE(std::ranges::equal(sum.parts(), again.parts()));
  EXPECT_GT(sum.parts().size(), 2u);
}

}  // namespace
}  // namespace softmark
