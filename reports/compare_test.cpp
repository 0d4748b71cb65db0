// SPDX-License-Identifier: Apache-2.0
#include "reports/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "reports/sample.h"
#include "support/speed_verdict.h"
#include "support/test_support.h"

namespace softmark {
namespace {

void scale(Json& row, double factor) {
  for (Json& process : row["samples"])
    for (Json& sample : process) sample = sample.get<double>() * factor;
}

void scale_times(Json& document, const char* kernel, double factor) {
  for (Json& row : document["measurements"])
    if (row["kernel"] == kernel) scale(row, factor);
}

TEST(Compare, ADocumentWithItselfIsTheSame) {
  const Comparison result = compare_documents(failing_document(), failing_document());
  EXPECT_EQ(result.broken, 0u) << result.text;
  EXPECT_TRUE(contains(result.text, "0 FASTER, 0 SLOWER, 0 AMBIGUOUS")) << result.text;
  EXPECT_TRUE(contains(result.text, "no regression"));
}

TEST(Compare, ANewFailureIsARegressionAndAMendedOneIsNot) {
  const Comparison worse = compare_documents(sample_document(), failing_document());
  EXPECT_EQ(worse.broken, 3u) << worse.text;
  EXPECT_TRUE(
      contains(worse.text, "BROKEN   log_sum_exp/softmax/f32 alignment: killed by SIGSEGV (crash)"))
      << worse.text;
  const Comparison better = compare_documents(failing_document(), sample_document());
  EXPECT_EQ(better.broken, 0u) << better.text;
  EXPECT_TRUE(contains(better.text, "fixed    log_sum_exp/softmax/f32 alignment"));
}

TEST(Compare, AFailureOfANewKernelCountsToo) {
  Json before = failing_document();
  before["properties"] = Json::array();
  EXPECT_EQ(compare_documents(before, failing_document()).broken, 3u);
}

TEST(Compare, ANewRefusalIsARegression) {
  Json before = sample_document(), after = before;
  const Json whole = {{"calls", 900}, {"refused", 0}, {"lengths", 90}, {"lengths_taken", 90}};
  before["kernels"][0]["coverage"] = after["kernels"][0]["coverage"] = whole;
  EXPECT_EQ(compare_documents(before, after).broken, 0u);
  after["kernels"][0]["coverage"]["refused"] = 300;
  after["kernels"][0]["coverage"]["lengths_taken"] = 60;
  const Comparison result = compare_documents(before, after);
  EXPECT_EQ(result.broken, 1u);
  EXPECT_TRUE(contains(result.text, "now it took 60 of 90 lengths; refused 300 of 900 calls"))
      << result.text;
  EXPECT_EQ(compare_documents(after, before).broken, 0u);
  EXPECT_EQ(compare_documents(after, after).broken, 0u);
  // An earlier schema version has no such counts.
  before["kernels"][0].erase("coverage");
  EXPECT_EQ(compare_documents(before, after).broken, 0u);
}

TEST(Compare, AWorseGradeIsARegression) {
  Json before = sample_document(), after = before;
  after["kernels"][0]["grade"]["grade"] = "none";
  const Comparison result = compare_documents(before, after);
  EXPECT_EQ(result.broken, 1u);
  EXPECT_TRUE(contains(result.text, "grade sequential -> none")) << result.text;
  EXPECT_EQ(compare_documents(after, before).broken, 0u);
  after["run"]["effort"] = "thorough";  // which breaks more grades
  EXPECT_EQ(compare_documents(before, after).broken, 0u);
}

TEST(Compare, WhatIsNotDecidedIsNoRegressionAndNoPass) {
  Json after = sample_document();
  after["properties"][0]["verdict"] = "incomplete";
  const Comparison result = compare_documents(sample_document(), after);
  EXPECT_EQ(result.broken, 0u) << result.text;
  EXPECT_EQ(result.undecided, 1u) << result.text;
}

TEST(Compare, ALargerErrorIsARegression) {
  Json after = sample_document();
  after["accuracy"][3]["max_ulp"] = 1.54;
  EXPECT_EQ(compare_documents(sample_document(), after).broken, 1u);
  EXPECT_EQ(compare_documents(after, sample_document()).broken, 0u);
  after["accuracy"][3]["max_ulp"] = "nan";
  const Comparison result = compare_documents(sample_document(), after);
  EXPECT_EQ(result.broken, 1u);
  EXPECT_TRUE(contains(result.text, "max ulp 1.53 -> nan")) << result.text;
}

TEST(Compare, WhatIsNoLongerCheckedIsUndecided) {
  Json after = sample_document();
  after["properties"].erase(after["properties"].begin() + 1);
  after["accuracy"].erase(after["accuracy"].begin());
  const Comparison result = compare_documents(sample_document(), after);
  EXPECT_EQ(result.broken, 0u);
  EXPECT_EQ(result.undecided, 2u) << result.text;
}

TEST(Compare, SpeedCountsOnTheSameMachineOnly) {
  Json after = sample_document();
  scale_times(after, "simd/softmax/f32", 1.5);
  const Comparison same = compare_documents(sample_document(), after);
  EXPECT_EQ(same.broken, 9u) << same.text;
  EXPECT_TRUE(contains(same.text, "SLOWER"));
  after["machine"]["key"] = "another";
  const Comparison other = compare_documents(sample_document(), after);
  EXPECT_EQ(other.broken, 0u);
  EXPECT_TRUE(contains(other.text, "SLOWER"));
  EXPECT_TRUE(contains(other.text, "advisory"));
}

TEST(Compare, AKernelThatNoLongerRunsIsBroken) {
  Json after = sample_document();
  after["measurements"][0]["status"] = "crash";
  after["measurements"][0]["ns_per_element"] = nullptr;
  const Comparison result = compare_documents(sample_document(), after);
  EXPECT_EQ(result.broken, 1u) << result.text;
}

TEST(Compare, NoiseOfTheMachineWidensTheGate) {
  Json before = sample_document(), after = sample_document();
  scale_times(after, "simd/softmax/f32", 1.1);
  EXPECT_EQ(compare_documents(before, after).broken, 9u);
  before["machine"]["environment"]["aa_spread"] = 0.06;
  EXPECT_EQ(compare_documents(before, after).broken, 0u);
}

void scale_all(Json& document, double factor) {
  for (const char* section : {"measurements", "ceilings"})
    for (Json& row : document[section]) scale(row, factor);
}

TEST(Compare, WhatMovesEverythingIsNoRegression) {
  Json after = sample_document();
  scale_all(after, 1.4);
  const Comparison same = compare_documents(sample_document(), after);
  EXPECT_EQ(same.broken, 0u) << same.text;
  EXPECT_TRUE(contains(same.text, "0 FASTER, 0 SLOWER, 0 AMBIGUOUS")) << same.text;
  scale_times(after, "simd/softmax/f32", 1.15);
  const Comparison slower = compare_documents(sample_document(), after);
  EXPECT_EQ(slower.broken, 9u) << slower.text;
  for (const Json& change : slower.speed)
    if (change["counts"] == true && change["verdict"] == "SLOWER") {
      EXPECT_EQ(change["kernel"], "simd/softmax/f32");
      EXPECT_NEAR(change["drift"].get<double>(), 1.4, 1e-9);
      EXPECT_NEAR(change["ratio"].get<double>(), 1.15, 1e-9);
    }
}

TEST(Compare, TimesThatCannotBeBelievedAreAdvisory) {
  Json after = sample_document();
  scale_times(after, "simd/softmax/f32", 1.5);
  const Json slow = after;
  for (Json& row : after["measurements"]) row["disturbed"] = 1;
  EXPECT_EQ(compare_documents(sample_document(), after).broken, 0u);
  after = slow;
  for (Json& row : after["measurements"]) row["samples"].erase(0);
  EXPECT_EQ(compare_documents(sample_document(), after).broken, 0u);
  after = slow;
  for (Json& row : after["measurements"]) row["pages"] = "4k";
  EXPECT_EQ(compare_documents(sample_document(), after).broken, 0u);
  after = slow;
  for (Json& row : after["measurements"]) row["pinned"] = !row.value("pinned", false);
  EXPECT_EQ(compare_documents(sample_document(), after).broken, 0u);
  after = slow;
  Json before = sample_document();
  before["machine"]["environment"]["variables"] = Json::object();
  after["machine"]["environment"]["variables"] = {{"OMP_WAIT_POLICY", "active"}};
  const Comparison other = compare_documents(before, after);
  EXPECT_EQ(other.broken, 0u);
  EXPECT_TRUE(contains(other.text, "advisory: the environment's variables is another"))
      << other.text;
}

TEST(Compare, AKernelAloneHasNothingToTellTheDriftFrom) {
  Json before = sample_document();
  Json& rows = before["measurements"];
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [](const Json& row) { return row["kernel"] != "simd/softmax/f32"; }),
             rows.end());
  before["ceilings"] = Json::array();
  Json after = before;
  scale_times(after, "simd/softmax/f32", 1.5);
  EXPECT_EQ(compare_documents(before, after).broken, 0u);
}

TEST(Compare, FourWordsForSpeed) {
  const auto word = [](double ratio, double spread) {
    const SpeedRatio speed{ratio, ratio * (1 - 1.4 * spread), ratio * (1 + 1.4 * spread)};
    return softmark::word(speed_verdict(speed, 0.05, 0.05));
  };
  EXPECT_EQ(word(1.0, 0.01), "SAME");
  EXPECT_EQ(word(1.02, 0.01), "SAME");
  EXPECT_EQ(word(1.1, 0.01), "SLOWER");
  EXPECT_EQ(word(0.9, 0.01), "FASTER");
  EXPECT_EQ(word(1.1, 0.1), "AMBIGUOUS");  // the interval includes 1
  EXPECT_EQ(word(1.0, 0.1), "AMBIGUOUS");  // and so could hide 5 %
  EXPECT_EQ(word(1.045, 0.01), "AMBIGUOUS");
}

std::string markdown_of(const Json& before, const Json& after) {
  return comparison_markdown(compare_documents(before, after), before, after);
}

TEST(Compare, MarkdownHasTheRegressionsFirst) {
  const std::string text = markdown_of(sample_document(), failing_document());
  EXPECT_EQ(text.find("### softmark: 3 regressions"), 0u) << text;
  const auto broken =
      text.find("| BROKEN | `log_sum_exp/softmax/f32` | alignment | killed by SIGSEGV");
  ASSERT_NE(broken, std::string::npos) << text;
  EXPECT_LT(broken, text.find("<details>")) << text;
  EXPECT_TRUE(contains(text, "<br>`softmark verify --kernel ")) << text;
  EXPECT_EQ(markdown_of(sample_document(), sample_document()).find("### softmark: no regression\n"),
            0u);
  Json slower = sample_document();
  scale_times(slower, "simd/softmax/f32", 3);
  const std::string slow = markdown_of(sample_document(), slower);
  EXPECT_TRUE(contains(slow, "| SLOWER | `simd/softmax/f32` | attention_4k (64x4096), 1 thread"))
      << slow;
  EXPECT_TRUE(contains(slow, "| 3.00 |")) << slow;
}

TEST(Compare, MarkdownTablesKeepTheirColumnsWhateverNamesHold) {
  Json after = odd_document();
  for (Json& row : after["properties"]) {
    row["verdict"] = "fail";
    row["severity"] = "error";
    row["expected"] = false;
    row["message"] = "a | b\n<script>alert(1)</script> `x`";
  }
  Json before = odd_document();
  before["properties"] = Json::array();
  std::istringstream lines(markdown_of(before, after));
  int rows = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string outside_code = std::regex_replace(line, std::regex("`[^`]*`"), "");
    EXPECT_FALSE(contains(outside_code, "<script>")) << line;
    if (line.find("| BROKEN") != 0) continue;
    ++rows;
    int bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i)
      bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    EXPECT_EQ(bars, 5) << line;
  }
  EXPECT_GT(rows, 0);
}

TEST(Compare, FindingsHoldGradesAndRefusals) {
  Json before = sample_document(), after = before;
  for (Json& kernel : before["kernels"])
    if (kernel.contains("grade")) kernel["grade"]["grade"] = "rounded";
  const Comparison result = compare_documents(before, after);
  EXPECT_TRUE(std::any_of(result.findings.begin(), result.findings.end(), [](const Json& finding) {
    return finding.value("old_grade", "") == "rounded" && finding["finding"] == "WORSE";
  })) << result.findings;
  EXPECT_TRUE(contains(markdown_of(before, after), "grade rounded → ")) << result.text;
}

}  // namespace
}  // namespace softmark
