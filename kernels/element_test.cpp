// SPDX-License-Identifier: Apache-2.0
#include "kernels/element.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "support/random.h"

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr softmark_dtype kAll[] = {SOFTMARK_F16, SOFTMARK_BF16, SOFTMARK_F32, SOFTMARK_F64};

double from_bits(softmark_dtype dtype, std::uint16_t bits) { return load(dtype, &bits, 0); }

TEST(Element, LimitsOfTheTypes) {
  EXPECT_EQ(largest_finite(SOFTMARK_F16), 65504);
  EXPECT_EQ(largest_finite(SOFTMARK_BF16), 0x1.fep+127);
  EXPECT_EQ(largest_finite(SOFTMARK_F32), std::numeric_limits<float>::max());
  EXPECT_EQ(largest_finite(SOFTMARK_F64), std::numeric_limits<double>::max());
  EXPECT_EQ(smallest_subnormal(SOFTMARK_F16), 0x1p-24);
  EXPECT_EQ(smallest_subnormal(SOFTMARK_BF16), 0x1p-133);
  EXPECT_EQ(smallest_subnormal(SOFTMARK_F32), std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(smallest_subnormal(SOFTMARK_F64), std::numeric_limits<double>::denorm_min());
}

TEST(Element, EveryBfloat16IsTheUpperHalfOfAFloat) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const double want = std::bit_cast<float>(bits << 16);
    const double got = from_bits(SOFTMARK_BF16, static_cast<std::uint16_t>(bits));
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got)) << bits;
    } else {
      ASSERT_EQ(got, want) << bits;
      ASSERT_EQ(std::signbit(got), std::signbit(want)) << bits;
    }
  }
}

#ifdef __FLT16_MANT_DIG__
TEST(Element, EveryFloat16AgreesWithTheCompiler) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const double want =
        static_cast<double>(std::bit_cast<_Float16>(static_cast<std::uint16_t>(bits)));
    const double got = from_bits(SOFTMARK_F16, static_cast<std::uint16_t>(bits));
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got)) << bits;
    } else {
      ASSERT_EQ(got, want) << bits;
    }
  }
}

TEST(Element, RoundingToFloat16AgreesWithTheCompiler) {
  Rng random(1);
  for (int i = 0; i < 300000; ++i) {
    const double value = std::ldexp(static_cast<double>(random()) - 0x1p63,
                                    -63 - static_cast<int>(random() % 45) + 17);
    ASSERT_EQ(round_to(SOFTMARK_F16, value), static_cast<double>(static_cast<_Float16>(value)))
        << value;
  }
}
#endif

TEST(Element, EveryPatternSurvivesStoreAndLoad) {
  for (const softmark_dtype dtype : {SOFTMARK_F16, SOFTMARK_BF16})
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
      const double value = from_bits(dtype, static_cast<std::uint16_t>(bits));
      std::uint16_t back = 0;
      store(dtype, &back, 0, value);
      if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(from_bits(dtype, back)));
      } else {
        ASSERT_EQ(back, bits);
        ASSERT_EQ(round_to(dtype, value), value);
      }
    }
}

// Between neighbours a < b: the midpoint rounds to the even one, values beside it to the nearer
// one.
TEST(Element, RoundingIsToNearestEvenBetweenAllNeighbours) {
  for (const softmark_dtype dtype : {SOFTMARK_F16, SOFTMARK_BF16}) {
    const std::uint16_t infinity = dtype == SOFTMARK_F16 ? 0x7c00 : 0x7f80;
    for (std::uint16_t bits = 0; bits + 1 < infinity; ++bits) {
      const double below = from_bits(dtype, bits),
                   above = from_bits(dtype, static_cast<std::uint16_t>(bits + 1));
      const double middle = below / 2 + above / 2;
      const double even = bits % 2 == 0 ? below : above;
      for (const double sign : {1.0, -1.0}) {
        ASSERT_EQ(round_to(dtype, sign * middle), sign * even) << bits;
        ASSERT_EQ(round_to(dtype, sign * std::nextafter(middle, 0)), sign * below) << bits;
        ASSERT_EQ(round_to(dtype, sign * std::nextafter(middle, kInf)), sign * above) << bits;
      }
    }
  }
}

TEST(Element, RoundingOverflowsAtHalfAnUlpAboveTheLargest) {
  for (const softmark_dtype dtype : {SOFTMARK_F16, SOFTMARK_BF16, SOFTMARK_F32}) {
    const double largest = largest_finite(dtype), middle = largest + spacing(dtype, largest) / 2;
    EXPECT_EQ(round_to(dtype, middle), kInf);
    EXPECT_EQ(round_to(dtype, -middle), -kInf);
    EXPECT_EQ(round_to(dtype, std::nextafter(middle, 0)), largest);
    EXPECT_TRUE(std::isnan(round_to(dtype, std::nan(""))));
    EXPECT_EQ(round_to(dtype, kInf), kInf);
    EXPECT_TRUE(std::signbit(round_to(dtype, -0.0)));
    EXPECT_EQ(round_to(dtype, smallest_subnormal(dtype) / 2), 0);
  }
}

TEST(Element, NeighboursAreTheNextPatterns) {
  for (const softmark_dtype dtype : {SOFTMARK_F16, SOFTMARK_BF16}) {
    const std::uint16_t infinity = dtype == SOFTMARK_F16 ? 0x7c00 : 0x7f80;
    for (std::uint16_t bits = 0; bits < infinity; ++bits) {
      const double below = from_bits(dtype, bits),
                   above = from_bits(dtype, static_cast<std::uint16_t>(bits + 1));
      ASSERT_EQ(next_up(dtype, below), above) << bits;
      ASSERT_EQ(next_down(dtype, above), below) << bits;
      ASSERT_EQ(next_down(dtype, -below), -above) << bits;
      ASSERT_EQ(next_up(dtype, -above), -below) << bits;
    }
  }
}

TEST(Element, NeighboursOfTheWideTypesAgreeWithNextafter) {
  Rng random(2);
  for (int i = 0; i < 100000; ++i) {
    const auto narrow = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const auto wide = std::bit_cast<double>(random());
    if (!std::isnan(narrow)) {
      ASSERT_EQ(next_up(SOFTMARK_F32, narrow), std::nextafterf(narrow, HUGE_VALF));
      ASSERT_EQ(next_down(SOFTMARK_F32, narrow), std::nextafterf(narrow, -HUGE_VALF));
    }
    if (!std::isnan(wide)) {
      ASSERT_EQ(next_up(SOFTMARK_F64, wide), std::nextafter(wide, kInf));
      ASSERT_EQ(next_down(SOFTMARK_F64, wide), std::nextafter(wide, -kInf));
    }
  }
  for (const softmark_dtype dtype : kAll) {
    const double normal = std::ldexp(1.0, type_info(dtype).min_exponent),
                 tiny = smallest_subnormal(dtype);
    EXPECT_EQ(next_down(dtype, normal), normal - tiny);
    EXPECT_EQ(next_up(dtype, -normal), tiny - normal);
    EXPECT_EQ(next_down(dtype, 2 * normal), 2 * normal - tiny);
    EXPECT_TRUE(std::signbit(next_up(dtype, -tiny)));
    EXPECT_FALSE(std::signbit(next_down(dtype, tiny)));
    EXPECT_EQ(next_up(dtype, -0.0), tiny);
    EXPECT_EQ(next_up(dtype, largest_finite(dtype)), kInf);
    EXPECT_EQ(next_up(dtype, kInf), kInf);
    EXPECT_EQ(next_up(dtype, -kInf), -largest_finite(dtype));
  }
}

TEST(Element, LoadAndStoreNeedNoAlignment) {
  for (const softmark_dtype dtype : kAll) {
    unsigned char bytes[32] = {};
    store(dtype, bytes + 1, 1, -1.5);
    EXPECT_EQ(load(dtype, bytes + 1, 1), -1.5);
    EXPECT_EQ(load(dtype, bytes + 1, 0), 0);
  }
}

}  // namespace
}  // namespace softmark
