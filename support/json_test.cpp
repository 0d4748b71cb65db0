// SPDX-License-Identifier: Apache-2.0
#include "support/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "support/non_finite.h"
#include "support/random.h"
#include "support/test_support.h"

namespace softmark {
namespace {

TEST(Json, StatisticsAreNumbersOrNames) {
  EXPECT_EQ(number(0.5).dump(), "0.5");
  EXPECT_EQ(number(-0.0).dump(), "-0.0");
  EXPECT_EQ(number(kInf).dump(), "\"inf\"");
  EXPECT_EQ(number(-kInf).dump(), "\"-inf\"");
  EXPECT_EQ(number(-kNan).dump(), "\"nan\"");
}

TEST(Json, DataAreHexStrings) {
  EXPECT_EQ(hex(3.0), "0x1.8p+1");
  EXPECT_EQ(hex(0.0), "0x0p+0");
  EXPECT_EQ(hex(-0.0), "-0x0p+0");
  EXPECT_EQ(hex(-1.0), "-0x1p+0");
  EXPECT_EQ(hex(-kInf), "-inf");
  EXPECT_EQ(hex(-kNan), "nan");
}

TEST(Json, HexRoundTripsEveryBitPattern) {
  Rng bits(7);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(
        bits() & (i % 4 == 0 ? 0x800fffffffffffffull : ~0ull));  // subnormals too
    const double back = parse_value(hex(value));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(back));
    } else {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value))
          << hex(value);
    }
  }
}

TEST(Json, ParsesWhatPeopleWrite) {
  EXPECT_EQ(parse_value("5"), 5.0);
  EXPECT_EQ(parse_value("+1e-3"), 1e-3);
  EXPECT_EQ(parse_value("-0X1.8P+1"), -3.0);
  EXPECT_EQ(parse_value("-inf"), -kInf);
  EXPECT_EQ(parse_value("Infinity"), kInf);
  EXPECT_TRUE(std::isnan(parse_value("NaN")));
  EXPECT_TRUE(std::signbit(parse_value("-0")));
  EXPECT_EQ(parse_value(Json(7), "x[0]"), 7.0);
  EXPECT_EQ(parse_value(Json("0x1p-149"), "x[0]"), 0x1p-149);
  EXPECT_TRUE(std::signbit(parse_value(Json::parse("-0.0"), "x[0]")));
}

TEST(Json, RefusesWhatIsNoFloat) {
  for (const char* text : {"", "-", "+", "0x", "--1", "+-1", "1.5x", "0x-1p0", "0x1p", "one", " 1",
                           "1 ", "1e999", "0x1p5000"})
    expect_error(kUsage, "", [&] { parse_value(text); });
  for (const char* json : {"null", "true", "[1]", "{}", "\"five\"", "\"\""})
    expect_error(kUnreadable, "x[0][2]", [&] { parse_value(Json::parse(json), "x[0][2]"); });
}

TEST(Json, TextReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(to_text(Json{{"name", "a\xff"}}), "{\n \"name\": \"a\uFFFD\"\n}\n");
}

}  // namespace
}  // namespace softmark
