// SPDX-License-Identifier: Apache-2.0
#include "reports/data.h"

#include <gtest/gtest.h>

namespace softmark {
namespace {

const Json kFolded = Json::parse(R"(["0x1p+0", {"value": "-0x0p+0", "repeat": 1000000}, "nan"])");
const Json kRows = Json::parse(R"([["0x1p+0", "0x1p+1"], [{"value": "inf", "repeat": 2}]])");

TEST(Data, CountsRunsAndRows) {
  EXPECT_EQ(data_size(kFolded), 1000002u);
  EXPECT_EQ(data_size(kRows), 4u);
  EXPECT_EQ(data_size(Json()), 0u);
  EXPECT_EQ(data_size(Json("0x1p+0")), 0u);
}

TEST(Data, FindsAValueWithoutUnfolding) {
  EXPECT_EQ(data_at(kFolded, 0), "0x1p+0");
  EXPECT_EQ(data_at(kFolded, 999999), "-0x0p+0");
  EXPECT_EQ(data_at(kFolded, 1000001), "nan");
  EXPECT_TRUE(data_at(kFolded, 1000002).is_null());
  EXPECT_EQ(data_at(kRows, 1), "0x1p+1");
  EXPECT_EQ(data_at(kRows, 3), "inf");
}

TEST(Data, ListsAreShort) {
  EXPECT_EQ(data_list(kFolded, 8, true), "[0x1p+0, -0x0p+0 (1000000 times), nan]");
  EXPECT_EQ(data_list(kFolded, 8, false), "[1, -0 (1000000 times), nan]");
  EXPECT_EQ(data_list(kFolded, 1, false), "[1, ... 1000002 in all]");
  EXPECT_EQ(data_list(kRows, 8, false), "[[1, 2], [inf (2 times)]]");
  EXPECT_EQ(data_list(kRows, 1, false), "[[1, ...], ... 4 in all]");
  EXPECT_EQ(data_list(Json::array({Json::array({"0x1p+0"})}), 8, true), "[0x1p+0]");
  EXPECT_EQ(data_list(Json({3, 4}), 8, true), "[3, 4]");
  EXPECT_EQ(data_list(Json::array(), 8, true), "[]");
  EXPECT_EQ(data_list(Json(), 8, true), "-");
}

TEST(Data, ADatumIsShownInBothBases) {
  EXPECT_EQ(decimal_and_hex("0x1.64p+6"), "89 (0x1.64p+6)");
  EXPECT_EQ(decimal_and_hex("-inf"), "-inf");
  EXPECT_EQ(decimal_and_hex("eighty-nine"), "eighty-nine");
}

TEST(Data, SpotShowsTheElementThatIsWrong) {
  const Json example = Json::parse(
      R"({"rows": 2, "cols": 2, "x": [["0x1p+0", "0x1p+1"], ["0x1p+2", "0x1p+3"]], "at": [1, 0],
                                       "got": ["nan", "0x0p+0"], "want": [], "ulp": "nan"})");
  EXPECT_EQ(spot(example), "at [1, 0]: x 4 (0x1p+2), got nan, nan ulp");
  const Json scalar = Json::parse(
      R"({"rows": 1, "cols": 2, "x": ["0x1p+0", "0x1p+1"], "at": [0], "got": ["0x1p+2"], "want": ["0x1p+1"]})");
  EXPECT_EQ(spot(scalar), "at [0]: got 4 (0x1p+2), want 2 (0x1p+1)");
  const Json jacobian =
      Json::parse(R"({"rows": 1, "cols": 2, "x": ["0x0p+0", "0x0p+0"], "at": [0, 3], "bound": 2,
                                        "got": ["0x1p-2", "-0x1p-2", "-0x1p-2", "0x1p+0"], "want": []})");
  EXPECT_EQ(spot(jacobian), "at [0, 3]: got 1 (0x1p+0), bound 2.00");
  EXPECT_EQ(spot(Json::parse(R"({"rows": 1, "cols": 1, "x": ["0x1p+0"], "at": [7, 9]})")),
            "at [7, 9]");
  EXPECT_EQ(spot(Json::parse(R"({"at": null})")), "");
}

}  // namespace
}  // namespace softmark
