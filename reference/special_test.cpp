// SPDX-License-Identifier: Apache-2.0
// The contract's table, row by row, for every op and type.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/element.h"
#include "reference/reference.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

using Values = std::vector<double>;

void expect_values(const Problem& problem, const Values& want) {
  const auto exact = exact_row(problem);
  ASSERT_EQ(exact.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double rounded = round_to(problem.dtype, want[i]);
    EXPECT_TRUE(std::isnan(rounded) ? std::isnan(exact[i].rounded) : exact[i].rounded == rounded)
        << "op " << problem.op << " type " << problem.dtype << " output " << i << ": "
        << exact[i].rounded << ", not " << want[i];
  }
  // What the contract fixes leaves no room for error.
  const auto bounds = error_bounds(problem, exact);
  ASSERT_EQ(bounds.size(), exact.size());
}

void expect_all(softmark_op op, const Values& x, const Values& want, const Values& g = {},
                std::int64_t label = -1, softmark_masked_row masked = SOFTMARK_MASKED_NAN) {
  for (const softmark_dtype dtype : kAllDtypes)
    expect_values({op, dtype, x, g, label, masked}, want);
}

TEST(Special, SoftmaxFamily) {
  const auto three = [](double v) { return Values(3, v); };
  for (const softmark_op op : {SOFTMARK_SOFTMAX, SOFTMARK_LOG_SOFTMAX}) {
    expect_all(op, {1, kNan, kInf}, three(kNan));
    expect_all(op, {1, kInf, 2}, three(kNan));
    expect_all(op, {1, kInf, -kInf}, three(kNan));
    expect_all(op, {}, {});
  }
  expect_all(SOFTMARK_SOFTMAX, {-kInf, 4, -kInf}, {0, 1, 0});
  expect_all(SOFTMARK_LOG_SOFTMAX, {-kInf, 4, -kInf}, {-kInf, 0, -kInf});
  expect_all(SOFTMARK_SOFTMAX, {-kInf, 4, 4}, {0, 0.5, 0.5});
  expect_all(SOFTMARK_LOG_SOFTMAX, {-kInf, 4, 4}, {-kInf, -std::log(2), -std::log(2)});
  expect_all(SOFTMARK_SOFTMAX, {7}, {1});
  expect_all(SOFTMARK_LOG_SOFTMAX, {7}, {0});
}

TEST(Special, MaskedRowsFollowTheirPolicy) {
  const Values x(4, -kInf);
  const auto all = [](double v) { return Values(4, v); };
  expect_all(SOFTMARK_SOFTMAX, x, all(kNan));
  expect_all(SOFTMARK_LOG_SOFTMAX, x, all(kNan));
  expect_all(SOFTMARK_SOFTMAX, x, all(0), {}, -1, SOFTMARK_MASKED_ZERO);
  expect_all(SOFTMARK_LOG_SOFTMAX, x, all(-kInf), {}, -1, SOFTMARK_MASKED_ZERO);
  expect_all(SOFTMARK_SOFTMAX, x, all(0.25), {}, -1, SOFTMARK_MASKED_UNIFORM);
  expect_all(SOFTMARK_LOG_SOFTMAX, x, all(-std::log(4)), {}, -1, SOFTMARK_MASKED_UNIFORM);
  const Values two(2, -kInf);
  expect_all(SOFTMARK_SOFTMAX_JACOBIAN, two, all(kNan));
  expect_all(SOFTMARK_SOFTMAX_JACOBIAN, two, all(0), {}, -1, SOFTMARK_MASKED_ZERO);
  expect_all(SOFTMARK_SOFTMAX_JACOBIAN, two, {0.25, -0.25, -0.25, 0.25}, {}, -1,
             SOFTMARK_MASKED_UNIFORM);
  expect_all(SOFTMARK_CROSS_ENTROPY_VJP, two, {kNan, kNan}, {3}, 1);
  expect_all(SOFTMARK_CROSS_ENTROPY_VJP, two, {0, -3}, {3}, 1, SOFTMARK_MASKED_ZERO);
  expect_all(SOFTMARK_CROSS_ENTROPY_VJP, two, {1.5, -1.5}, {3}, 1, SOFTMARK_MASKED_UNIFORM);
  for (const auto policy : {SOFTMARK_MASKED_NAN, SOFTMARK_MASKED_ZERO, SOFTMARK_MASKED_UNIFORM}) {
    expect_all(SOFTMARK_LOGSUMEXP, x, {-kInf}, {}, -1, policy);
    expect_all(SOFTMARK_CROSS_ENTROPY, x, {kNan}, {}, 2, policy);
  }
}

TEST(Special, LogSumExpAndCrossEntropy) {
  expect_all(SOFTMARK_LOGSUMEXP, {1, kNan, kInf}, {kNan});
  expect_all(SOFTMARK_LOGSUMEXP, {1, kInf, -kInf}, {kInf});
  expect_all(SOFTMARK_LOGSUMEXP, {-kInf, 3, -kInf}, {3});
  expect_all(SOFTMARK_LOGSUMEXP, {}, {-kInf});
  expect_all(SOFTMARK_CROSS_ENTROPY, {1, kNan}, {kNan}, {}, 0);
  expect_all(SOFTMARK_CROSS_ENTROPY, {1, kInf}, {kInf}, {}, 0);
  expect_all(SOFTMARK_CROSS_ENTROPY, {1, kInf}, {kNan}, {}, 1);
  expect_all(SOFTMARK_CROSS_ENTROPY, {1, -kInf}, {kInf}, {}, 1);
  expect_all(SOFTMARK_CROSS_ENTROPY, {1, -kInf}, {0}, {}, 0);
  expect_all(SOFTMARK_CROSS_ENTROPY, {1, 1}, {std::log(2)}, {}, 0);
}

TEST(Special, LargestFiniteValuesAreRight) {
  for (const softmark_dtype dtype : kAllDtypes) {
    const double big = largest_finite(dtype);
    expect_values({SOFTMARK_SOFTMAX, dtype, Values{big, -big, big}, {}}, {0.5, 0, 0.5});
    expect_values({SOFTMARK_LOG_SOFTMAX, dtype, Values{big, -big}, {}}, {0, -kInf});
    expect_values({SOFTMARK_LOG_SOFTMAX, dtype, Values{0, -big}, {}}, {0, -big});
    expect_values({SOFTMARK_LOGSUMEXP, dtype, Values{-big, -big}, {}}, {-big});
    expect_values({SOFTMARK_CROSS_ENTROPY, dtype, Values{big, -big}, {}, 1}, {kInf});
    expect_values({SOFTMARK_SIGMOID, dtype, Values{big, -big}, {}}, {1, 0});
    expect_values({SOFTMARK_CROSS_ENTROPY_VJP, dtype, Values{big, -big}, Values{big}, 1},
                  {big, -big});
    expect_values({SOFTMARK_SOFTMAX_JACOBIAN, dtype, Values{big, -big}, {}}, {0, 0, 0, 0});
  }
}

// The same infinities where a kernel saturates, or where the type has none.
TEST(Special, WhatIsBeyondTheTypeIsDeliveredAsClaimed) {
  for (const softmark_dtype dtype : kAllDtypes) {
    const double big = largest_finite(dtype);
    const Values x{big, -big}, masked{0, -kInf}, none;
    const auto saturated = [&](softmark_op op, const Values& row) {
      return exact_row({op, dtype, row, {}, -1, SOFTMARK_MASKED_NAN, true});
    };
    EXPECT_EQ(saturated(SOFTMARK_LOG_SOFTMAX, x)[1].rounded, -big);
    EXPECT_EQ(saturated(SOFTMARK_LOG_SOFTMAX, x)[1].residual, 0);
    EXPECT_EQ(saturated(SOFTMARK_LOG_SOFTMAX, masked)[1].rounded, -big);
    EXPECT_EQ(saturated(SOFTMARK_LOGSUMEXP, none)[0].rounded, -big);
    EXPECT_EQ(saturated(SOFTMARK_SOFTMAX, x)[1].rounded, 0);
    const Problem plain{SOFTMARK_LOG_SOFTMAX, dtype, x, {}};
    Problem claimed = plain;
    claimed.saturates = true;
    EXPECT_EQ(ulp_error(exact_row(claimed)[1], -big, dtype), 0);
    EXPECT_EQ(ulp_error(exact_row(plain)[1], -big, dtype), kInf);
    // Beside the largest value a sane evaluation may end beyond it, unless it saturates.
    if (bytes_of(dtype) > 1) continue;  // there the working precision may end too
    const Values edge{0, -big};
    const Problem loose{SOFTMARK_LOG_SOFTMAX, dtype, edge, {}, -1, SOFTMARK_MASKED_NAN, true};
    const Bound bound = error_bounds(loose, exact_row(loose))[1];
    EXPECT_LT(bound.error, spacing(dtype, big));
    EXPECT_EQ(bound.also, Bound::kNothing);
  }
}

bool is_right(const Problem& problem, std::size_t output, double got) {
  const auto exact = exact_row(problem);
  return is_within(exact[output], error_bounds(problem, exact)[output], got, problem.dtype);
}

// -464 and less than a double's last bit: beyond E4M3, whose midpoint rounds to -448, so that a
// sane evaluation may end on either side; 480 is far beyond.
TEST(Special, BesideTheMidpointOfE4M3EitherSideIsSane) {
  const Values near{448, -16}, far{448, -32};
  const Problem beside{SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E4M3, near, {}},
      beyond{SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E4M3, far, {}};
  EXPECT_TRUE(std::isnan(exact_row(beside)[1].rounded));
  EXPECT_TRUE(is_right(beside, 1, kNan));
  EXPECT_TRUE(is_right(beside, 1, -448));
  EXPECT_FALSE(is_right(beside, 1, -416));
  EXPECT_FALSE(is_right(beside, 1, 448));
  EXPECT_TRUE(std::isnan(exact_row(beyond)[1].rounded));
  EXPECT_TRUE(is_right(beyond, 1, kNan));
  EXPECT_FALSE(is_right(beyond, 1, -448));
}

// Whose ulps are so small that no error in ulps is a number.
TEST(Special, SaturatedRowsHaveABound) {
  const Values x{0, -746, -800}, p{1, 0, 0}, g{1, 2, 3};
  const Problem log{SOFTMARK_LOG_SOFTMAX, SOFTMARK_F64, x, {}},
      loss{SOFTMARK_CROSS_ENTROPY, SOFTMARK_F64, x, {}, 0},
      sum{SOFTMARK_LOGSUMEXP, SOFTMARK_F64, x, {}}, vjp{SOFTMARK_SOFTMAX_VJP, SOFTMARK_F64, p, g};
  EXPECT_TRUE(is_right(log, 0, -0.0) && is_right(loss, 0, 0) && is_right(sum, 0, 0));
  EXPECT_TRUE(is_right(vjp, 1, 0));
  EXPECT_FALSE(is_right(log, 0, -5));
  EXPECT_FALSE(is_right(loss, 0, 123));
  EXPECT_FALSE(is_right(sum, 0, 42));
  EXPECT_FALSE(is_right(vjp, 1, 1000));
  for (const Problem& problem : {log, loss, sum, vjp}) EXPECT_FALSE(is_right(problem, 0, kNan));
}

// Beside the end of the type the infinity of the right sign is right, and what the bound allows.
TEST(Special, BesideTheEndOfTheTypeGarbageIsWrong) {
  const double big = largest_finite(SOFTMARK_F32);
  const Values x{0, -big};
  const Problem loss{SOFTMARK_CROSS_ENTROPY, SOFTMARK_F32, x, {}, 1},
      log{SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32, x, {}};
  EXPECT_TRUE(is_right(loss, 0, big) && is_right(loss, 0, kInf));
  EXPECT_TRUE(is_right(log, 1, -big) && is_right(log, 1, -kInf));
  for (const double wrong : {1.0, -kInf, kNan, -big, 0.99 * big})
    EXPECT_FALSE(is_right(loss, 0, wrong)) << wrong;
  for (const double wrong : {-1.0, kInf, kNan, big}) EXPECT_FALSE(is_right(log, 1, wrong)) << wrong;
}

// Where sums of cotangents overflow on their way: that infinity, NaN where it meets a p of 0, or
// the finite value; elsewhere no NaN.
TEST(Special, OverflowOnTheWayIsAdmittedWhereItHappens) {
  const double big = largest_finite(SOFTMARK_F32);
  const Values logs{-0.7, -0.7, -kInf}, g{big, big, 1}, small{1, 2, 1};
  const Problem over{SOFTMARK_LOG_SOFTMAX_VJP, SOFTMARK_F32, logs, g},
      usual{SOFTMARK_LOG_SOFTMAX_VJP, SOFTMARK_F32, logs, small};
  EXPECT_TRUE(is_right(over, 2, 1) && is_right(over, 2, kNan) && is_right(over, 0, -kInf));
  EXPECT_FALSE(is_right(over, 2, 2) || is_right(over, 2, kInf) || is_right(over, 0, kInf));
  EXPECT_FALSE(is_right(usual, 2, kNan) || is_right(usual, 0, kNan) || is_right(usual, 0, -kInf));
}

// One finite logit: 1 up to a few roundings, and nothing coarser.
TEST(Special, OneFiniteLogitHasABound) {
  const Values x{-kInf, 3};
  const Problem softmax{SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}},
      log{SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32, x, {}};
  EXPECT_TRUE(is_right(softmax, 1, 1 - 0x1p-23) && is_right(log, 1, -0x1p-22));
  EXPECT_FALSE(is_right(softmax, 1, 1 - 0x1p-20) || is_right(log, 1, -0x1p-18));
  EXPECT_FALSE(is_right(softmax, 0, 0x1p-149));
}

TEST(Special, HardmaxCountsNanAsTheLargest) {
  expect_all(SOFTMARK_HARDMAX, {1, 3, 3, 2}, {0, 1, 0, 0});
  expect_all(SOFTMARK_HARDMAX, {1, kNan, kInf, kNan}, {0, 1, 0, 0});
  expect_all(SOFTMARK_HARDMAX, {-kInf, -kInf}, {1, 0});
  expect_all(SOFTMARK_HARDMAX, {-0.0, 0.0}, {1, 0});
  expect_all(SOFTMARK_HARDMAX, {}, {});
}

TEST(Special, SigmoidAndItsVjp) {
  expect_all(SOFTMARK_SIGMOID, {kNan, -kInf, kInf, 0, -0.0}, {kNan, 0, 1, 0.5, 0.5});
  expect_all(SOFTMARK_SIGMOID_VJP, {0.5, 0, 1, 0.5, kNan, 0, 0.25},
             {0.25, 0, 0, kInf, kNan, kNan, kNan}, {1, 1, 1, kInf, 1, kInf, kNan});
}

TEST(Special, VjpsPropagateByIeee) {
  expect_all(SOFTMARK_SOFTMAX_VJP, {0.5, 0.5}, {kNan, kNan}, {1, kNan});
  expect_all(SOFTMARK_SOFTMAX_VJP, {kNan, 0.5}, {kNan, kNan}, {1, 1});
  expect_all(SOFTMARK_SOFTMAX_VJP, {0.5, 0.25, 0.25}, {-kInf, kNan, -kInf}, {1, kInf, 2});
  expect_all(SOFTMARK_SOFTMAX_VJP, {0, 1}, {kNan, kNan}, {kInf, 2});
  expect_all(SOFTMARK_LOG_SOFTMAX_VJP, {-1, -kInf}, {kNan, kNan}, {1, kNan});
  expect_all(SOFTMARK_LOG_SOFTMAX_VJP, {-kInf, 0}, {3, -3}, {3, -1});  // -1 - 1 * (3 - 1)
  expect_all(SOFTMARK_LOG_SOFTMAX_VJP, {kNan, 0}, {kNan, -3}, {3, 0});
  expect_all(SOFTMARK_LOG_SOFTMAX_VJP, {kInf, 0}, {-kInf, -3}, {3, 0});
  expect_all(SOFTMARK_LOG_SOFTMAX_VJP, {kInf, 0}, {kNan, 1}, {-1, 1});
  expect_all(SOFTMARK_LOG_SOFTMAX_VJP, {0, -1}, {-kInf, kNan}, {1, kInf});
  expect_all(SOFTMARK_CROSS_ENTROPY_VJP, {0, 1}, {kNan, kNan}, {kNan}, 0);
  expect_all(SOFTMARK_CROSS_ENTROPY_VJP, {0, 1}, {-kInf, kInf}, {kInf}, 0);
  expect_all(SOFTMARK_CROSS_ENTROPY_VJP, {kInf, 1}, {kNan, kNan}, {1}, 0);
  expect_all(SOFTMARK_CROSS_ENTROPY_VJP, {-kInf, 1}, {-2, 2}, {2}, 0);
}

#ifdef SOFTMARK_LONG_TESTS
TEST(Special, SixteenMillionColumns) {
  Values x(std::size_t{1} << 24, -1);
  x[12345678] = 2;
  const auto p = exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}});
  const double sum = std::exp(3) + static_cast<double>(x.size() - 1);
  EXPECT_EQ(p[12345678].rounded, round_to(SOFTMARK_F32, std::exp(3) / sum));
  EXPECT_EQ(p.back().rounded, round_to(SOFTMARK_F32, 1 / sum));
  x.back() = kNan;
  EXPECT_TRUE(std::isnan(exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}})[0].rounded));
}
#endif

}  // namespace
}  // namespace softmark
