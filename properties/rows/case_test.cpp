// SPDX-License-Identifier: Apache-2.0
#include "kernels/case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/rows/rows.h"

namespace softmark {
namespace {

std::string refusal(const char* text, softmark_op op, softmark_dtype dtype = SOFTMARK_F32) {
  try {
    case_from_json(Json::parse(text), op, dtype);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, kUnreadable);
    return error.what();
  }
  return "";
}

TEST(Case, SurvivesJsonForEveryOpTypeAndFamily) {
  Rng rng(7);
  for (softmark_op op : kAllOps)
    for (softmark_dtype dtype : kAllDtypes)
      for (Family family : finite_families()) {
        Case c = make_case(op, dtype, family, 2, 11, rng);
        c.layout.x_padding = 3;
        c.layout.at_start = true;
        c.layout.alias = Alias::y_is_x;
        c.layout.before = Before::others;
        c.layout.caller = Caller::crowd;
        const Json json = case_to_json(c, op);
        const Case back = case_from_json(json, op, dtype);
        EXPECT_EQ(case_to_json(back, op), json);
        EXPECT_EQ(back.layout, c.layout);
        EXPECT_EQ(back.labels, c.labels);
      }
}

TEST(Case, FoldsLongRunsAndUnfoldsThem) {
  std::vector<double> row(1000, -0.0);
  row[500] = 1;
  const Json json = row_to_json(row.data(), row.size());
  EXPECT_EQ(json.size(), 3u);
  const Case c = case_from_json({{"x", {json}}}, SOFTMARK_SOFTMAX, SOFTMARK_F32);
  ASSERT_EQ(c.cols, 1000u);
  EXPECT_TRUE(std::signbit(c.x[999]));
  EXPECT_EQ(c.x[500], 1);
}

TEST(Case, RefusesWhatDoesNotFitTheOpAndSaysWhere) {
  EXPECT_NE(refusal("{}", SOFTMARK_SOFTMAX).find("x: is missing"), std::string::npos);
  EXPECT_NE(refusal(R"({"x":[]})", SOFTMARK_SOFTMAX).find("holds no row"), std::string::npos);
  EXPECT_NE(refusal(R"({"x":[[1,2],[3]]})", SOFTMARK_SOFTMAX).find("x[1]"), std::string::npos);
  EXPECT_NE(refusal(R"({"x":[[1,1e39]]})", SOFTMARK_SOFTMAX).find("x[0][1]"), std::string::npos);
  EXPECT_NE(refusal(R"({"x":[[1,"two"]]})", SOFTMARK_SOFTMAX).find("x[0][1]"), std::string::npos);
  EXPECT_NE(refusal(R"({"x":[[1,2]]})", SOFTMARK_SOFTMAX_VJP).find("g: is missing"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"x":[[1,2]],"g":[[1]]})", SOFTMARK_SOFTMAX_VJP).find("g"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"x":[[1,2]],"labels":[2]})", SOFTMARK_CROSS_ENTROPY).find("labels[0]"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"x":[[1,2]],"labels":[0.5]})", SOFTMARK_CROSS_ENTROPY).find("labels[0]"),
            std::string::npos);
  EXPECT_EQ(refusal(R"({"x":[1,2]})", SOFTMARK_SOFTMAX), "");
  EXPECT_EQ(refusal(R"({"x":[1,"-inf"]})", SOFTMARK_SOFTMAX, SOFTMARK_F8_E5M2), "");
  EXPECT_NE(refusal(R"({"x":[1,"-inf"]})", SOFTMARK_SOFTMAX, SOFTMARK_F8_E4M3)
                .find("x[1]: is infinite, and f8_e4m3 has no infinities"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"x":[1,500]})", SOFTMARK_SOFTMAX, SOFTMARK_F8_E4M3).find("is beyond"),
            std::string::npos);
}

TEST(Rows, AreOfTheTypeAndAsTheirFamilySays) {
  Rng rng(3);
  for (softmark_dtype dtype : kAllDtypes)
    for (Family family : finite_families())
      for (std::size_t cols : {1, 2, 7, 130}) {
        const auto row = make_logits(family, dtype, cols, rng);
        ASSERT_EQ(row.size(), cols);
        bool unmasked = false;
        for (double v : row) {
          EXPECT_EQ(round_to(dtype, v), v) << info(family).name;
          EXPECT_FALSE(std::isnan(v) || v == std::numeric_limits<double>::infinity())
              << info(family).name;
          unmasked |= std::isfinite(v);
        }
        EXPECT_TRUE(unmasked) << info(family).name;
      }
}

}  // namespace
}  // namespace softmark
