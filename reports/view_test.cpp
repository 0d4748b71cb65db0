// SPDX-License-Identifier: Apache-2.0
#include "reports/view.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reports/sample.h"

namespace softmark {
namespace {

Json property(const char* verdict, bool expected, const char* severity = "error") {
  return {{"kernel", "k/softmax/f32"},
          {"property", "p"},
          {"verdict", verdict},
          {"expected", expected},
          {"severity", severity}};
}

Json document_with(std::initializer_list<Json> properties) {
  Json document = new_document({}, 0);
  for (const Json& row : properties) document["properties"].push_back(row);
  return document;
}

Standing standing(std::initializer_list<Json> properties) {
  const Json document = document_with(properties);
  return View(document).kernels.at(0).standing;
}

TEST(View, JudgesOneProperty) {
  EXPECT_EQ(outcome(property("pass", false)), Outcome::kPass);
  EXPECT_EQ(outcome(property("pass", true)), Outcome::kUnexpectedPass);
  EXPECT_EQ(outcome(property("skip", true)), Outcome::kSkip);
  EXPECT_EQ(outcome(property("inconclusive", false)), Outcome::kInconclusive);
  EXPECT_EQ(outcome(property("fail", false, "note")), Outcome::kNote);
  for (const char* verdict :
       {"fail", "crash", "timeout", "error", "a verdict of a later version", ""}) {
    EXPECT_EQ(outcome(property(verdict, false)), Outcome::kFail) << verdict;
    EXPECT_EQ(outcome(property(verdict, true)), Outcome::kExpected) << verdict;
  }
}

TEST(View, TheWorstPropertyIsTheKernelsStanding) {
  EXPECT_EQ(standing({property("pass", false), property("skip", false)}), Standing::kPass);
  EXPECT_EQ(standing({property("skip", false)}), Standing::kUnverified);
  EXPECT_EQ(standing({property("fail", false, "note")}), Standing::kUnverified);
  EXPECT_EQ(standing({property("pass", false), property("fail", false, "note")}), Standing::kPass);
  EXPECT_EQ(standing({property("inconclusive", false), property("pass", false)}),
            Standing::kUndecided);
  EXPECT_EQ(standing({property("fail", true), property("inconclusive", false)}),
            Standing::kKnownWrong);
  EXPECT_EQ(standing({property("crash", false), property("fail", true), property("pass", false)}),
            Standing::kFail);
}

TEST(View, WrongKernelsAreNeverRanked) {
  const Json document = failing_document();
  const View view(document);
  std::size_t ranked = 0;
  for (const Ranking& ranking : view.rankings)
    for (const Entry& entry : ranking.ranked) {
      ++ranked;
      EXPECT_EQ(entry.kernel->standing, Standing::kPass) << entry.kernel->id;
      EXPECT_TRUE(truth_of(*entry.measurement, "verified"));
    }
  EXPECT_GT(ranked, 20u);
}

TEST(View, RankingGoesByTimeAndSaysWhatCannotBeToldApart) {
  const Json document = sample_document();
  const View view(document);
  const Ranking* ranking = headline(view, "softmax", "f32");
  ASSERT_NE(ranking, nullptr);
  EXPECT_EQ(ranking->shape.size(), "64x4096");
  EXPECT_EQ(ranking->shape.threads, 1);
  ASSERT_EQ(ranking->ranked.size(), 5u);
  EXPECT_EQ(ranking->ranked[0].kernel->name, "simd");
  EXPECT_EQ(ranking->ranked[1].kernel->name, "openmp");
  EXPECT_TRUE(ranking->ranked[1].tied);   // 0.213 and 0.218 with 2 and 3 % to either side
  EXPECT_FALSE(ranking->ranked[2].tied);  // 0.346
  ASSERT_EQ(ranking->unranked.size(), 1u);
  EXPECT_EQ(ranking->unranked[0].why_not, "wrong, as expected: overflow_safety");
}

TEST(View, TellsApartNothingThatDiffersByLessThanFivePercentOrTwiceTheSpread) {
  Entry fast, slow;
  fast.ns = 1, fast.low = 0.99, fast.high = 1.01;
  slow.ns = 1.04, slow.low = 1.03, slow.high = 1.05;
  EXPECT_FALSE(distinguishable(fast, slow, 0.05));
  slow.ns = 1.06;
  EXPECT_TRUE(distinguishable(fast, slow, 0.05));
  slow.low = 1.005;
  EXPECT_FALSE(distinguishable(fast, slow, 0.05));
  Json document = sample_document();
  EXPECT_EQ(least_effect(document), 0.05);
  document["machine"]["environment"]["aa_spread"] = 0.5;
  EXPECT_EQ(least_effect(document), 1);
  const View noisy(document);
  EXPECT_TRUE(headline(noisy, "softmax", "f32")->ranked[2].tied);
}

TEST(View, SaysWhichCeilingWasReachedHowFar) {
  EXPECT_EQ(share_of_ceiling({{"of_ceiling", 0.432}, {"ceiling", "read"}}), "43 % read");
  EXPECT_EQ(share_of_ceiling({{"of_ceiling", nullptr}}), "-");
}

TEST(View, ATimeThatIsNoNumberIsNotRanked) {
  Json document = sample_document();
  for (Json& row : document["measurements"])
    row["ns_per_element"] = {{"median", "nan"}, {"min", 1}, {"ci95", {1, 1}}};
  const View view(document);
  for (const Ranking& ranking : view.rankings) EXPECT_TRUE(ranking.ranked.empty());
}

TEST(View, NanIsTheLargestError) {
  Json document = sample_document();
  document["accuracy"][0]["max_ulp"] = "nan";
  document["accuracy"][2]["max_ulp"] = "inf";
  const View view(document);
  EXPECT_TRUE(std::isnan(view.kernels[0].max_ulp));
  EXPECT_EQ(view.kernels[1].max_ulp_text(), "inf");
}

TEST(View, LivesWithHalfADocument) {
  const Json document = Json::parse(
      R"({"kernels":[{}],"properties":[{"kernel":7}],"measurements":[{}],"accuracy":[{"kernel":"a/b"}]})");
  const View view(document);
  EXPECT_EQ(view.kernels.size(), 2u);
  EXPECT_FALSE(view.complete());
  EXPECT_EQ(view.machine(), "unknown machine");
}

}  // namespace
}  // namespace softmark
