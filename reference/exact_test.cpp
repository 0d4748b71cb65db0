// SPDX-License-Identifier: Apache-2.0
// Closed forms, and rows built to be hard: the exact values against what can be known without the
// reference.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/element.h"
#include "reference/reference.h"

namespace softmark {
namespace {

using Values = std::vector<double>;

std::vector<Exact> exact_of(softmark_op op, softmark_dtype dtype, const std::vector<double>& x,
                            const std::vector<double>& g = {}, std::int64_t label = -1) {
  return exact_row({op, dtype, x, g, label});
}

TEST(Exact, EqualLogitsGiveOneOverN) {
  for (const softmark_dtype dtype : kAllDtypes)
    for (const std::size_t n : {2u, 3u, 4u, 7u, 10u, 64u, 1000u}) {
      const auto p = exact_of(SOFTMARK_SOFTMAX, dtype, std::vector<double>(n, -3.5));
      const double share = 1.0 / static_cast<double>(n);
      for (const Exact& value : p) {
        ASSERT_EQ(value.rounded, round_to(dtype, share));
        if (dtype != SOFTMARK_F64) {
          ASSERT_NEAR(value.residual, (share - value.rounded) / ulp_of(value, dtype), 0x1p-20);
        }
      }
    }
}

TEST(Exact, TheExampleOfTheFrontPage) {
  const auto p = exact_of(SOFTMARK_SOFTMAX, SOFTMARK_F64, {5, 7, 10});
  EXPECT_NEAR(p[0].rounded, 0.00637746, 5e-9);
  EXPECT_NEAR(p[1].rounded, 0.04712342, 5e-9);
  EXPECT_NEAR(p[2].rounded, 0.94649912, 5e-9);
}

TEST(Exact, NothingIsTooFarApart) {
  for (const softmark_dtype dtype : kAllDtypes) {
    const double big = largest_finite(dtype);
    const auto p = exact_of(SOFTMARK_SOFTMAX, dtype, {-big, big});
    EXPECT_EQ(p[0].rounded, 0);
    EXPECT_GE(p[0].residual, 0);
    EXPECT_EQ(p[1].rounded, 1);
    EXPECT_LT(p[1].residual, 0);
    const auto y = exact_of(SOFTMARK_LOG_SOFTMAX, dtype, {-big, big});
    if (type_info(dtype).has_infinities) {
      EXPECT_EQ(y[0].rounded, -HUGE_VAL);
    } else {
      EXPECT_TRUE(std::isnan(y[0].rounded));
    }
    const Values x{-big, big};
    EXPECT_EQ(
        exact_row({SOFTMARK_LOG_SOFTMAX, dtype, x, {}, -1, SOFTMARK_MASKED_NAN, true})[0].rounded,
        -big);
    EXPECT_EQ(y[1].rounded, 0);
    EXPECT_EQ(exact_of(SOFTMARK_LOGSUMEXP, dtype, {big, big})[0].rounded, big);
  }
}

// x - max = -17 and -272 are ties between two numbers of E4M3, and the logarithm of the sum takes
// the results below them, the second by less than any double holds.
TEST(Exact, NextToATieItsSideDecides) {
  const Values x{1, -16}, equal(1024, 1.0);
  const auto y = exact_row({SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E4M3, x, {}});
  EXPECT_EQ(y[1].rounded, -18);
  const Values high{448, 176, -448};
  EXPECT_EQ(exact_row({SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E4M3, high, {}})[1].rounded, -288);
  // 1/1024 is a tie between 0 and the smallest subnormal.
  EXPECT_EQ(exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F8_E4M3, equal, {}})[0].rounded, 0);
}

// With equal logits a VJP is rational and may be a tie: 5 * 39/40 has more bits than bf16, and
// ends.
TEST(Exact, TiesOfRationalResultsAreDecided) {
  const std::vector<double> x(40, -3.6875), g = {0x1.4p+2};
  const auto y = exact_row({SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_BF16, x, g, 3});
  EXPECT_EQ(y[3].rounded + y[3].residual * ulp_of(y[3], SOFTMARK_BF16), -4.875);
  EXPECT_EQ(y[4].rounded, 0.125);
  const std::vector<double> tie = {0x1.02p+0 *
                                   5};  // 5.0390625 / 40 = 129/1024: 8 bits; times 39: a tie
  const auto z = exact_row({SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_BF16, x, tie, 3});
  EXPECT_EQ(z[4].rounded, 129.0 / 1024);
  const auto zero =
      exact_row({SOFTMARK_SOFTMAX_VJP, SOFTMARK_F64, std::vector<double>{0x1p-1, 0x1p-2, 0x1p-2},
                 std::vector<double>(3, 0.1)});
  for (const Exact& exact : zero) {
    EXPECT_EQ(exact.rounded, 0);
    EXPECT_EQ(exact.residual, 0);
  }
  const auto half = exact_row({SOFTMARK_SIGMOID_VJP, SOFTMARK_F32,
                               std::vector<double>{0x1.000002p-1}, std::vector<double>{0x1p+0}});
  EXPECT_EQ(half[0].rounded, 0.25);
}

// Weights of an arithmetic progression are geometric: p_i = q^i (1-q)/(1-q^n), here with q = e^-1/2
// in long double.
TEST(Exact, ArithmeticProgressionsGiveGeometricWeights) {
  const std::size_t n = 60;
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = 3 - 0.5 * static_cast<double>(i);
  const long double q = std::exp(-0.5L);
  for (const softmark_dtype dtype : kAllDtypes) {
    const auto p = exact_of(SOFTMARK_SOFTMAX, dtype, x);
    for (std::size_t i = 0; i < n; ++i) {
      const long double want = std::pow(q, static_cast<long double>(i)) * (1 - q) /
                               (1 - std::pow(q, static_cast<long double>(n)));
      const long double got =
          p[i].rounded + static_cast<long double>(p[i].residual) * ulp_of(p[i], dtype);
      ASSERT_LE(std::fabs(got - want), 0x1p-20 * ulp_of(p[i], dtype) + 0x1p-55L * want) << i;
    }
  }
}

// softmax of {0, log k} is {1/(k+1), k/(k+1)}, up to the rounding of log k: dp = p (1-p) times
// that.
TEST(Exact, LogarithmsOfIntegers) {
  for (const softmark_dtype dtype : {SOFTMARK_F32, SOFTMARK_F64})
    for (int k = 2; k < 200; ++k) {
      const double log_k = round_to(dtype, std::log(static_cast<double>(k)));
      const long double slip =
          static_cast<long double>(log_k) - std::log(static_cast<long double>(k));
      const auto p = exact_of(SOFTMARK_SOFTMAX, dtype, {0, log_k});
      const long double share = 1.0L / (k + 1),
                        got = p[1].rounded +
                              static_cast<long double>(p[1].residual) * ulp_of(p[1], dtype);
      ASSERT_LE(std::fabs(got - (1 - share) - share * (1 - share) * slip),
                slip * slip + 0x1p-60L + 0x1p-20 * ulp_of(p[1], dtype));
      const auto l = exact_of(SOFTMARK_LOGSUMEXP, dtype, {0, log_k});
      const long double sum =
          l[0].rounded + static_cast<long double>(l[0].residual) * ulp_of(l[0], dtype);
      ASSERT_LE(std::fabs(sum - std::log(k + 1.0L) - (1 - share) * slip),
                slip * slip + 0x1p-60L + 0x1p-20 * ulp_of(l[0], dtype));
    }
}

}  // namespace
}  // namespace softmark
