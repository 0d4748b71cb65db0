// SPDX-License-Identifier: Apache-2.0
#include "reports/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reports/isa_class.h"
#include "reports/render.h"
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

TEST(View, NamesVersionAndInstructions) {
  const Json row = {{"id", "k/softmax/f32"}, {"name", "k"}, {"provider", "peer"}};
  const auto label = [&](const char* version, const char* isa, const char* sampled,
                         const char* provider = "peer") {
    Json document = new_document({}, 0);
    document["kernels"].push_back(row);
    document["kernels"][0].update(
        {{"version", version}, {"isa", isa}, {"isa_sampled", sampled}, {"provider", provider}});
    return View(document).kernels.at(0).label();
  };
  EXPECT_EQ(label("2.6.3", "jit:avx512_core", "SSE"), "k 2.6.3, jit:avx512_core");
  EXPECT_EQ(label("2022", "", "SSE 61 % + AVX2 39 %"), "k 2022, SSE 61 % + AVX2 39 %");
  EXPECT_EQ(label("2022", "", ""), "k 2022, instructions unknown");
  EXPECT_EQ(label("", "", ""), "k version unknown, instructions unknown");
  EXPECT_EQ(label("", "AVX3_ZEN4", "", "builtin"), "k AVX3_ZEN4");
  EXPECT_EQ(label("", "", "", "builtin"), "k");
}

TEST(View, MarksWhatOtherWorkDisturbed) {
  Json document = sample_document();
  const Entry quiet = View(document).rankings[0].ranked[0];
  EXPECT_FALSE(quiet.disturbed);
  document["measurements"][0]["disturbed"] = 1;
  const std::string disturbed = document["measurements"][0]["kernel"];
  const View view(document);
  bool found = false;
  for (const auto* entries : {&view.rankings[0].ranked, &view.rankings[0].unranked})
    for (const Entry& entry : *entries) {
      const bool marked = entry.time_text().ends_with("!");
      EXPECT_EQ(marked, entry.kernel->id == disturbed) << entry.kernel->id;
      found = found || marked;
      EXPECT_NE(entry.interval_text().find(".."), std::string::npos) << entry.interval_text();
    }
  EXPECT_TRUE(found);
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

TEST(View, WhatWasNotDecidedIsNoPass) {
  EXPECT_EQ(standing({property("pass", false), property("incomplete", false)}),
            Standing::kIncomplete);
  EXPECT_EQ(standing({property("fail", true), property("incomplete", false)}),
            Standing::kIncomplete);
  EXPECT_EQ(standing({property("incomplete", false, "note")}), Standing::kIncomplete);
  EXPECT_EQ(standing({property("fail", false), property("incomplete", false)}), Standing::kFail);
}

/// A kernel with this verdict on "p" that took `taken` calls, one of each length, and refused
/// others.
Json document_with_refusals(const char* verdict, int taken, int refused) {
  Json document = document_with({property(verdict, false)});
  document["kernels"].push_back({{"id", "k/softmax/f32"},
                                 {"coverage",
                                  {{"calls", taken + refused},
                                   {"refused", refused},
                                   {"lengths", taken + refused},
                                   {"lengths_taken", taken}}}});
  return document;
}

TEST(View, WhatWasRefusedIsNotVerified) {
  const auto verdict = [](const char* property_verdict, int taken, int refused) {
    const Json document = document_with_refusals(property_verdict, taken, refused);
    return View(document).kernels.at(0).verdict();
  };
  EXPECT_EQ(verdict("pass", 7, 0), "pass");
  EXPECT_EQ(verdict("pass", 7, 3), "pass on 7 of 10 lengths");
  EXPECT_EQ(verdict("pass", 0, 3), "unsupported");  // empty rows alone
  EXPECT_EQ(verdict("skip", 0, 3), "unsupported");
  EXPECT_EQ(verdict("skip", 2, 3), "unsupported");
  EXPECT_EQ(verdict("skip", 2, 0), "unverified");
  EXPECT_EQ(verdict("fail", 2, 3), "FAIL");
  const Json document = document_with_refusals("pass", 7, 3);
  EXPECT_EQ(View(document).kernels.at(0).refusals(), "took 7 of 10 lengths; refused 3 of 10 calls");
}

TEST(View, OnlyAPassIsNotAmongTheNotPassing) {
  for (const char* verdict : {"fail", "skip", "incomplete", "crash", "inconclusive"})
    EXPECT_EQ(not_passing(document_with_refusals(verdict, 7, 0)).size(), 1u) << verdict;
  EXPECT_TRUE(not_passing(document_with_refusals("pass", 7, 0)).empty());
  Json document = document_with_refusals("skip", 0, 3);
  add_verdicts(document);
  EXPECT_EQ(document["kernels"][0]["verdict"], "unsupported");
}

Json with_cause(Json row, const char* name, const char* cause) {
  row["property"] = name;
  row["cause"] = cause;
  return row;
}

TEST(View, FindingsAreGroupedByCause) {
  const Json fail = property("fail", false), known = property("fail", true);
  const Json document =
      document_with({with_cause(fail, "b", "a"), with_cause(fail, "a", ""),
                     with_cause(fail, "c", "a"), with_cause(known, "d", ""),
                     with_cause(fail, "e", "d"), with_cause(fail, "f", "no such property")});
  const View view(document);
  const auto findings = view.findings(Outcome::kFail);
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(text_of(*findings[0].shown, "property"), "a");
  EXPECT_EQ(findings[0].also_names(), "b, c");
  // A known failure explains itself and nothing else.
  EXPECT_EQ(text_of(*findings[1].shown, "property"), "e");
  EXPECT_EQ(text_of(*findings[2].shown, "property"), "f");
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

TEST(View, RanksApartForEachClassOfInstructions) {
  Json document = sample_document();
  for (Json& kernel : document["kernels"])
    kernel["isa"] = kernel["name"] == "simd"     ? "AVX3_DL"
                    : kernel["name"] == "openmp" ? "avx512_core"
                    : kernel["name"] == "online" ? "AVX2"
                                                 : "";
  const View view(document);
  const Ranking* speed = headline(view, "softmax", "f32");
  ASSERT_TRUE(speed);
  const auto classes = ranking_by_isa(*speed, 0.05);
  std::size_t kernels = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    EXPECT_TRUE(i == 0 || classes[i].first != classes[i - 1].first);
    kernels += 1 + static_cast<std::size_t>(
                       std::count_if(classes[i].second.begin(), classes[i].second.end(),
                                     [](char c) { return c == '<' || c == '~'; }));
  }
  EXPECT_EQ(kernels, speed->ranked.size());
  ASSERT_GE(classes.size(), 2u);
  EXPECT_EQ(classes[0].first, "AVX-512");
  EXPECT_TRUE(classes[0].second.starts_with("simd ")) << classes[0].second;
  EXPECT_EQ(classes[0].second.find("online"), std::string::npos);
  EXPECT_NE(render(document, "text").find("AVX-512"), std::string::npos);
  EXPECT_NE(render(document, "markdown").find("- AVX-512: simd "), std::string::npos);
  EXPECT_EQ(isa_level("SSE2"), 1);
  EXPECT_EQ(isa_level("AVX-512 82 % + AVX2 17 %"), 3);
  EXPECT_EQ(isa_level("NEON"), -1);
}

TEST(View, TheRarestInstructionsDecideOnTheClass) {
  const auto level = [](const char* isa, const char* sampled, const char* summary = "") {
    Json document = new_document({}, 0);
    document["kernels"].push_back({{"id", "k/softmax/f32"}, {"isa", isa}, {"summary", summary}});
    document["kernels"][0]["isa_sampled"] = sampled;
    const View view(document);
    return isa_level(view.kernels.at(0));
  };
  EXPECT_EQ(level("", "AVX 128 48 % + scalar 45 %"), -1);  // the rest was left out
  EXPECT_EQ(level("", "SSE"), -1);                         // nine tenths, or more
  EXPECT_EQ(level("", ""), -1);
  EXPECT_EQ(level("", "AVX-512 14 % + AVX 128 35 %"), 3);
  EXPECT_EQ(level("", "AVX-512VL 7 % + AVX 128 48 % + scalar 45 %"), 3);
  EXPECT_EQ(level("", "AVX 128 35 % + scalar 65 %"), 2);
  EXPECT_EQ(level("", "AVX scalar 1 % + SSE 99 %"), 2);
  EXPECT_EQ(level("", "SSE 100 %"), 1);
  EXPECT_EQ(level("", "scalar 100 %"), 1);
  EXPECT_EQ(level("", "AVX 128 35 % + scalar 65 %", "max_shifted, -O2 -march=native"), -1);
  EXPECT_EQ(level("built for AVX-512", "AVX 128 35 % + scalar 65 %"), 3);
  EXPECT_EQ(level("SSE2", "AVX 128 35 % + scalar 65 %"), 2);
  EXPECT_EQ(level("AVX3", ""), 3);
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
