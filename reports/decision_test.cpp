// SPDX-License-Identifier: Apache-2.0
#include "reports/decision.h"

#include <gtest/gtest.h>

#include "reports/sample.h"

namespace softmark {
namespace {

const Ranking& ranking_of(const View& view) { return *headline(view, "softmax", "f32"); }

void set_time(Json& document, const std::string& kernel, double ns, double low, double high) {
  for (Json& row : document["measurements"])
    if (row["kernel"] == kernel + "/softmax/f32")
      row["ns_per_element"] = {{"median", ns}, {"min", low}, {"ci95", {low, high}}};
}
void set_share(Json& document, const std::string& kernel, const Json& share) {
  for (Json& row : document["accuracy"])
    if (row["kernel"] == kernel + "/softmax/f32") row["max_error_over_bound"] = share;
}

TEST(Decision, TakesTheFastestThatPassed) {
  Json document = sample_document();
  set_time(document, "naive", 0.1, 0.09, 0.11);  // wrong
  set_time(document, "simd", 0.2, 0.19, 0.21);
  set_time(document, "openmp", 0.3, 0.29, 0.31);
  const View view(document);
  const Decision decision = decide(view, ranking_of(view));
  ASSERT_TRUE(decision.winner);
  EXPECT_EQ(decision.winner->kernel->name, "simd");
  EXPECT_TRUE(decision.tied.empty());
  ASSERT_TRUE(decision.next);
  EXPECT_EQ(decision.next->kernel->name, "openmp");
  EXPECT_EQ(decision.sentence,
            "Use simd for softmax in f32: 0.200 ns per element at attention_4k (64x4096), 1 "
            "thread, hot cache, normal logits (56 % of memcpy), largest error 0.147 of the bound "
            "(1.77 ulp).");
  EXPECT_EQ(decision.sure,
            "95 % interval 0.190 to 0.210 ns over 6 processes. No other kernel that passed is as "
            "fast. Next is openmp, 1.50 times as long. 1 wrong kernel was timed and is not "
            "ranked.");
}

TEST(Decision, BreaksATieByAccuracyAndSaysSo) {
  Json document = sample_document();
  set_time(document, "simd", 0.20, 0.18, 0.22);
  set_time(document, "openmp", 0.21, 0.19, 0.23);
  set_share(document, "simd", 0.3);
  set_share(document, "openmp", 0.2);
  const View view(document);
  const Decision decision = decide(view, ranking_of(view));
  ASSERT_TRUE(decision.winner);
  EXPECT_EQ(decision.winner->kernel->name, "openmp");
  ASSERT_EQ(decision.tied.size(), 1u);
  EXPECT_EQ(decision.tied[0]->kernel->name, "simd");
  EXPECT_NE(decision.sure.find("A tie: simd cannot be distinguished"), std::string::npos);
}

TEST(Decision, AWideIntervalBehindASlowerKernelIsNoTie) {
  Json document = sample_document();
  set_time(document, "simd", 0.20, 0.19, 0.22);
  set_time(document, "openmp", 0.30, 0.29, 0.31);
  set_time(document, "onednn", 0.40, 0.20, 0.60);  // overlaps simd's interval
  set_share(document, "onednn", 0.01);
  const View view(document);
  const Decision decision = decide(view, ranking_of(view));
  EXPECT_EQ(decision.winner->kernel->name, "simd");
  EXPECT_TRUE(decision.tied.empty());
  EXPECT_EQ(decision.next->kernel->name, "openmp");
}

TEST(Decision, UnknownAndNanErrorsLoseATie) {
  for (const Json& unknown : {Json(nullptr), Json("nan"), Json("inf")}) {
    Json document = sample_document();
    set_time(document, "simd", 0.20, 0.18, 0.22);
    set_time(document, "openmp", 0.21, 0.19, 0.23);
    set_share(document, "simd", unknown);
    const View view(document);
    EXPECT_EQ(decide(view, ranking_of(view)).winner->kernel->name, "openmp") << unknown;
  }
}

TEST(Decision, HasNoWinnerWhereNothingPassed) {
  Json document = sample_document();
  for (Json& row : document["measurements"]) row["verified"] = false;
  const View view(document);
  const Decision decision = decide(view, ranking_of(view));
  EXPECT_FALSE(decision.winner);
  EXPECT_EQ(decision.sentence.find("No kernel that passed was timed"), 0u);
}

}  // namespace
}  // namespace softmark
