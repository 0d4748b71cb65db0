// SPDX-License-Identifier: Apache-2.0
// One definition of the ulp for normal, subnormal and binade-edge results, in all four types.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/element.h"
#include "reference/interval.h"
#include "reference/reference.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

/// The enclosure [edge (1 + low), edge (1 + high)].
Sided<Interval> around(double edge, double low, double high) {
  Interval value = edge;
  auto* interval = value.backend().data();
  mpfi_interv_d(interval, 1 + low, 1 + high);
  mpfi_mul_d(interval, interval, edge);
  return {value, 0, 0};
}

// Just below a power of two the ulp is that of the binade below, on it and just above that of the
// binade above.
TEST(Ulp, AtEveryPowerOfTwo) {
  const PrecisionScope precision(2400);
  for (const softmark_dtype dtype : kAllDtypes) {
    const TypeInfo type = type_info(dtype);
    for (int k = type.min_exponent - type.precision + 1; k <= type.max_exponent; ++k)
      for (const double sign : {1.0, -1.0}) {
        const double edge = sign * std::ldexp(1.0, k);
        const double above = std::ldexp(1.0, std::max(k, type.min_exponent) - type.precision + 1);
        const double below =
            std::ldexp(1.0, std::max(k - 1, type.min_exponent) - type.precision + 1);
        const auto exact = certify(around(edge, 0, 0), dtype);
        const auto outside = certify(around(edge, 0x1p-52, 0x1p-51), dtype);
        ASSERT_TRUE(exact);
        ASSERT_EQ(exact->rounded, edge);
        ASSERT_EQ(exact->residual, 0);
        ASSERT_EQ(ulp_of(*exact, dtype), above);
        ASSERT_EQ(ulp_error(*exact, edge, dtype), 0);
        ASSERT_EQ(ulp_error(*exact, edge + sign * above, dtype),
                  k == type.max_exponent && type.precision == 1 ? kInf : 1);
        if (dtype == SOFTMARK_F64)
          continue;  // 1 + 2^-52 is too coarse to lie beside an edge of float64
        const auto inside = certify(around(edge, -0x1p-30 - 0x1p-50, -0x1p-30), dtype);
        ASSERT_TRUE(inside && outside);
        ASSERT_EQ(inside->rounded, edge);
        ASSERT_EQ(ulp_of(*inside, dtype), below) << k;
        ASSERT_EQ(ulp_of(*outside, dtype), above) << k;
        ASSERT_NEAR(ulp_error(*inside, edge, dtype), std::ldexp(0x1p-30, k) / below, 0x1p-20);
        ASSERT_NEAR(ulp_error(*inside, next_down(dtype, std::fabs(edge)) * sign, dtype),
                    (std::fabs(edge) - next_down(dtype, std::fabs(edge))) / below -
                        std::ldexp(0x1p-30, k) / below,
                    0x1p-20);
      }
  }
}

TEST(Ulp, AnEnclosureAcrossAnEdgeIsUndecidedWithoutASide) {
  const PrecisionScope precision(200);
  auto number = around(1, -0x1p-52, 0);
  EXPECT_FALSE(certify(number, SOFTMARK_F32));
  number.limit = 1;
  number.side = -1;
  const auto below = certify(number, SOFTMARK_F32);
  ASSERT_TRUE(below);
  EXPECT_EQ(below->rounded, 1);
  EXPECT_LT(below->residual, 0);
  EXPECT_EQ(ulp_of(*below, SOFTMARK_F32), 0x1p-24);
  EXPECT_FALSE(certify(around(1, -0x1p-52, 0x1p-52), SOFTMARK_F32));
}

TEST(Ulp, RoundingIsDecidedOnlyWhereBothEndsAgree) {
  const PrecisionScope precision(200);
  EXPECT_FALSE(certify(around(1 + 0x1p-24, -0x1p-52, 0x1p-52), SOFTMARK_F32));
  const auto tie = certify(around(1 + 0x1p-24, 0, 0), SOFTMARK_F32);
  ASSERT_TRUE(tie);
  EXPECT_EQ(tie->rounded, 1);
  EXPECT_EQ(tie->residual, 0.5);
  const auto odd = certify(around(1 + 3 * 0x1p-24, 0, 0), SOFTMARK_F32);
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->rounded, 1 + 0x1p-22);
  EXPECT_EQ(odd->residual, -0.5);
  EXPECT_FALSE(certify(around(1.5, -0x1p-30, 0x1p-30), SOFTMARK_F32))
      << "the residual is not known well enough";
}

TEST(Ulp, ErrorsOfSpecialValues) {
  const Exact one{1, 0}, nan{kNan, 0}, inf{kInf, 0};
  EXPECT_EQ(ulp_error(nan, kNan, SOFTMARK_F32), 0);
  EXPECT_EQ(ulp_error(nan, 1, SOFTMARK_F32), kInf);
  EXPECT_EQ(ulp_error(one, kNan, SOFTMARK_F32), kInf);
  EXPECT_EQ(ulp_error(inf, kInf, SOFTMARK_F32), 0);
  EXPECT_EQ(ulp_error(inf, -kInf, SOFTMARK_F32), kInf);
  EXPECT_EQ(ulp_error(inf, 1, SOFTMARK_F32), kInf);
  EXPECT_EQ(ulp_error(one, kInf, SOFTMARK_F32), kInf);
  EXPECT_EQ(ulp_error({0, 0}, -0.0, SOFTMARK_F32), 0);
  EXPECT_EQ(ulp_error({0, 0.25}, 0x1p-149, SOFTMARK_F32), 0.75);
  EXPECT_EQ(ulp_error({0, 0.25}, 0, SOFTMARK_F32), 0.25);
  EXPECT_TRUE(is_within(nan, {kNan, 0}, kNan, SOFTMARK_F32));
  EXPECT_FALSE(is_within(nan, {kNan, 0}, 1, SOFTMARK_F32));
  const double big = largest_finite(SOFTMARK_F64);
  EXPECT_EQ(ulp_error({big, 0}, -big, SOFTMARK_F64), std::ldexp(1.0, 54) - 2);
}

}  // namespace
}  // namespace softmark
