// SPDX-License-Identifier: Apache-2.0
// Closed forms, and rows built to be hard: the exact values against what can be known without the reference.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reference/element.h"
#include "reference/reference.h"

namespace softmark {
namespace {

constexpr softmark_dtype kAll[] = {SOFTMARK_F16, SOFTMARK_BF16, SOFTMARK_F32, SOFTMARK_F64};

std::vector<Exact> exact_of(softmark_op op, softmark_dtype dtype, const std::vector<double>& x,
                            const std::vector<double>& g = {}, std::int64_t label = -1) {
  return exact_row({op, dtype, x, g, label});
}

TEST(Exact, EqualLogitsGiveOneOverN) {
  for (const softmark_dtype dtype : kAll)
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
  for (const softmark_dtype dtype : kAll) {
    const double big = largest_finite(dtype);
    const auto p = exact_of(SOFTMARK_SOFTMAX, dtype, {-big, big});
    EXPECT_EQ(p[0].rounded, 0);
    EXPECT_GE(p[0].residual, 0);
    EXPECT_EQ(p[1].rounded, 1);
    EXPECT_LT(p[1].residual, 0);
    const auto y = exact_of(SOFTMARK_LOG_SOFTMAX, dtype, {-big, big});
    EXPECT_EQ(y[0].rounded, -HUGE_VAL);
    EXPECT_EQ(y[1].rounded, 0);
    EXPECT_EQ(exact_of(SOFTMARK_LOGSUMEXP, dtype, {big, big})[0].rounded, big);
  }
}

}  // namespace
}  // namespace softmark
