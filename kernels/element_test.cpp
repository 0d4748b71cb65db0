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

constexpr softmark_dtype kNarrow[] = {SOFTMARK_F16, SOFTMARK_BF16, SOFTMARK_F8_E4M3,
                                      SOFTMARK_F8_E5M2};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double from_bits(softmark_dtype dtype, std::uint16_t bits) { return load(dtype, &bits, 0); }
std::uint32_t patterns(softmark_dtype dtype) { return 1u << (8 * bytes_of(dtype)); }
/// The pattern of the largest finite number.
std::uint16_t last(softmark_dtype dtype) {
  std::uint16_t bits = 0;
  store(dtype, &bits, 0, largest_finite(dtype));
  return bits;
}
/// What a value beyond the type becomes.
bool is_beyond(softmark_dtype dtype, double value, double sign) {
  return dtype == SOFTMARK_F8_E4M3 ? std::isnan(value) : value == sign * kInfinity;
}

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
  for (const softmark_dtype dtype : kNarrow)
    for (std::uint32_t bits = 0; bits < patterns(dtype); ++bits) {
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

// By the definition in OCP's specification of 8-bit floating point: (-1)^S 2^(E - bias) (1 + M), or
// 2^(1 - bias) M where E is 0.
TEST(Element, EveryFloat8IsWhatItsSpecificationSays) {
  const auto want = [](unsigned code, int fraction_bits, int bias) {
    const unsigned field = (code & 0x7f) >> fraction_bits,
                   fraction = code & ((1u << fraction_bits) - 1);
    const double part = static_cast<double>(fraction) / (1 << fraction_bits);
    const double size = field == 0 ? part * std::exp2(1 - bias)
                                   : (1 + part) * std::exp2(static_cast<int>(field) - bias);
    return code & 0x80 ? -size : size;
  };
  for (unsigned code = 0; code < 256; ++code) {
    const auto byte = static_cast<std::uint8_t>(code);
    const double e4m3 = load(SOFTMARK_F8_E4M3, &byte, 0), e5m2 = load(SOFTMARK_F8_E5M2, &byte, 0);
    const unsigned magnitude = code & 0x7f;
    EXPECT_EQ(std::isnan(e4m3), magnitude == 0x7f) << code;
    if (magnitude != 0x7f) {
      EXPECT_EQ(e4m3, want(code, 3, 7)) << code;
    }
    EXPECT_EQ(std::isnan(e5m2), magnitude > 0x7c) << code;
    if (magnitude == 0x7c) {
      EXPECT_EQ(e5m2, code & 0x80 ? -kInfinity : kInfinity);
    } else if (magnitude < 0x7c) {
      EXPECT_EQ(e5m2, want(code, 2, 15)) << code;
    }
  }
  EXPECT_EQ(largest_finite(SOFTMARK_F8_E4M3), want(0x7e, 3, 7));
  EXPECT_EQ(largest_finite(SOFTMARK_F8_E5M2), want(0x7b, 2, 15));
  EXPECT_EQ(smallest_subnormal(SOFTMARK_F8_E4M3), 0x1p-9);
  EXPECT_EQ(smallest_subnormal(SOFTMARK_F8_E5M2), 0x1p-16);
}

// To the code that lies nearest among all, the even one of two: no arithmetic on fields.
TEST(Element, RoundingToFloat8IsToTheNearestOfAllCodes) {
  Rng random(3);
  for (const softmark_dtype dtype : {SOFTMARK_F8_E4M3, SOFTMARK_F8_E5M2})
    for (int i = 0; i < 20000; ++i) {
      const double value = std::ldexp(static_cast<double>(random() >> 11) * 0x1p-53,
                                      static_cast<int>(random() % 28) - 18);
      if (value > largest_finite(dtype)) continue;
      std::uint8_t nearest = 0;
      for (std::uint8_t code = 1; code <= last(dtype); ++code) {
        const double there = std::fabs(load(dtype, &code, 0) - value),
                     here = std::fabs(load(dtype, &nearest, 0) - value);
        if (there < here || (there == here && code % 2 == 0)) nearest = code;
      }
      ASSERT_EQ(round_to(dtype, value), load(dtype, &nearest, 0)) << value;
    }
}

// Between neighbours a < b: the midpoint goes to the even one, what lies beside it to the nearer
// one.
TEST(Element, RoundingIsToNearestEvenBetweenAllNeighbours) {
  for (const softmark_dtype dtype : kNarrow) {
    for (std::uint16_t bits = 0; bits < last(dtype); ++bits) {
      const double below = from_bits(dtype, bits),
                   above = from_bits(dtype, static_cast<std::uint16_t>(bits + 1));
      const double middle = below / 2 + above / 2;
      const double even = bits % 2 == 0 ? below : above;
      for (const double sign : {1.0, -1.0}) {
        ASSERT_EQ(round_to(dtype, sign * middle), sign * even) << bits;
        ASSERT_EQ(round_to(dtype, sign * std::nextafter(middle, 0)), sign * below) << bits;
        ASSERT_EQ(round_to(dtype, sign * std::nextafter(middle, kInfinity)), sign * above) << bits;
      }
    }
  }
}

TEST(Element, RoundingOverflowsAtHalfAnUlpAboveTheLargest) {
  for (const softmark_dtype dtype : kAllDtypes) {
    const double largest = largest_finite(dtype), middle = largest + spacing(dtype, largest) / 2;
    if (dtype == SOFTMARK_F64) continue;  // no double lies there
    for (const double sign : {1.0, -1.0}) {
      // The last significand is odd, and the tie goes beyond, but in E4M3: there it is NaN.
      if (dtype == SOFTMARK_F8_E4M3)
        EXPECT_EQ(round_to(dtype, sign * middle), sign * largest);
      else
        EXPECT_EQ(round_to(dtype, sign * middle), sign * kInfinity);
      EXPECT_TRUE(
          is_beyond(dtype, round_to(dtype, sign * std::nextafter(middle, kInfinity)), sign));
      EXPECT_EQ(round_to(dtype, sign * std::nextafter(middle, 0)), sign * largest);
      EXPECT_TRUE(is_beyond(dtype, round_to(dtype, sign * kInfinity), sign));
      EXPECT_EQ(fit_to(dtype, sign * middle), sign * largest);
      EXPECT_EQ(fit_to(dtype, sign * 1e300), sign * largest);
      EXPECT_EQ(fit_to(dtype, sign * kInfinity),
                sign * (dtype == SOFTMARK_F8_E4M3 ? largest : kInfinity));
    }
    EXPECT_TRUE(std::isnan(round_to(dtype, std::nan(""))));
    EXPECT_TRUE(std::isnan(fit_to(dtype, std::nan(""))));
    EXPECT_TRUE(std::signbit(round_to(dtype, -0.0)));
    EXPECT_EQ(round_to(dtype, smallest_subnormal(dtype) / 2), 0);
  }
}

TEST(Element, NeighboursAreTheNextPatterns) {
  for (const softmark_dtype dtype : kNarrow) {
    for (std::uint16_t bits = 0; bits < last(dtype); ++bits) {
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
      ASSERT_EQ(next_up(SOFTMARK_F64, wide), std::nextafter(wide, kInfinity));
      ASSERT_EQ(next_down(SOFTMARK_F64, wide), std::nextafter(wide, -kInfinity));
    }
  }
  for (const softmark_dtype dtype : kAllDtypes) {
    const double normal = std::ldexp(1.0, type_info(dtype).min_exponent),
                 tiny = smallest_subnormal(dtype);
    EXPECT_EQ(next_down(dtype, normal), normal - tiny);
    EXPECT_EQ(next_up(dtype, -normal), tiny - normal);
    EXPECT_EQ(next_down(dtype, 2 * normal), 2 * normal - tiny);
    EXPECT_TRUE(std::signbit(next_up(dtype, -tiny)));
    EXPECT_FALSE(std::signbit(next_down(dtype, tiny)));
    EXPECT_EQ(next_up(dtype, -0.0), tiny);
    EXPECT_EQ(next_up(dtype, largest_finite(dtype)),
              dtype == SOFTMARK_F8_E4M3 ? largest_finite(dtype) : kInfinity);
    EXPECT_EQ(next_up(dtype, kInfinity), kInfinity);
    EXPECT_EQ(next_up(dtype, -kInfinity), -largest_finite(dtype));
  }
}

TEST(Element, LoadAndStoreNeedNoAlignment) {
  for (const softmark_dtype dtype : kAllDtypes) {
    unsigned char bytes[32] = {};
    store(dtype, bytes + 1, 1, -1.5);
    EXPECT_EQ(load(dtype, bytes + 1, 1), -1.5);
    EXPECT_EQ(load(dtype, bytes + 1, 0), 0);
  }
}

}  // namespace
}  // namespace softmark
