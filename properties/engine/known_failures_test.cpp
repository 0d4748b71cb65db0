// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/known_failures.h"

#include <gtest/gtest.h>

#include "properties/engine/known_failures_text.h"

namespace softmark {
namespace {

TEST(KnownFailures, ShipInTheLayoutThatAcceptWrites) {
  const std::string shipped = kKnownFailuresText;
  EXPECT_EQ(known_failures_text(Json::parse(shipped)), shipped);
}

TEST(KnownFailures, KeepTheOrderOfWhatTheyHold) {
  const std::string text = R"({"limits": [{"reason": "b", "kernel": "a"}], "schema": "c"})";
  EXPECT_EQ(Json::parse(known_failures_text(Json::parse(text))).dump(), Json::parse(text).dump());
}

TEST(KnownFailures, ThatShipExplainNoPlugin) {
  const KnownFailures shipped = read_known_failures("");
  for (const char* version : {"", "1.13.1"}) {
    EXPECT_FALSE(shipped.find({"libtorch/sigmoid/f32", "plugin", version}, "order"));
    EXPECT_FALSE(shipped.find({"naive/softmax/f32", "plugin", version}, "range"));
    EXPECT_FALSE(shipped.find({"x_fast_math/softmax/f32", "plugin", version}, "special_values"));
    EXPECT_FALSE(shipped.find({"x_fast_math/softmax/f32", "", version}, "special_values"));
  }
  EXPECT_TRUE(shipped.find({"naive/softmax/f32", "builtin", ""}, "range"));
  EXPECT_TRUE(shipped.find({"online_fast_math/softmax/f32", "peer", "GCC 12"}, "special_values"));
}

TEST(KnownFailures, OfAPeerHoldForItsVersion) {
  const KnownFailures shipped = read_known_failures("");
  EXPECT_TRUE(shipped.find({"libtorch/sigmoid/f32", "peer", "1.13.1"}, "order"));
  EXPECT_FALSE(shipped.find({"libtorch/sigmoid/f32", "peer", "2.1.0"}, "order"));
  EXPECT_FALSE(shipped.find({"libtorch/sigmoid/f32", "builtin", "1.13.1"}, "order"));
  for (const auto& known : shipped.expected_failures) EXPECT_FALSE(known.provider.empty());
}

TEST(KnownFailures, ApplyToADocumentWithoutSections) {
  std::vector<Verdict> verdicts(1);
  verdicts[0].kernel = "naive/softmax/f32";
  EXPECT_TRUE(
      apply_known_failures(read_known_failures(""), Json::object(), true, verdicts).empty());
}

TEST(KnownFailures, ALimitOfAShorterSearchIsANoteInALongerOne) {
  KnownFailures known;
  known.limits.push_back({"k/*", 2.0, std::nullopt, "as of today", "quick"});
  const auto verdict_at = [&](const char* effort) {
    const Json document = {{"run", {{"effort", effort}}},
                           {"kernels", Json::array()},
                           {"accuracy",
                            {{{"kernel", "k/softmax/f32"},
                              {"domain", "all"},
                              {"elements", 10},
                              {"max_ulp", 3.0},
                              {"p999", 1.0}}}}};
    std::vector<Verdict> verdicts;
    apply_known_failures(known, document, false, verdicts);
    return verdicts.at(0);
  };
  EXPECT_EQ(verdict_at("quick").severity, "error");
  EXPECT_EQ(verdict_at("standard").severity, "note");
  EXPECT_EQ(verdict_at("standard").outcome, "fail");
}

TEST(KnownFailures, AWorseGradeThanTheLimitFails) {
  KnownFailures known;
  known.limits.push_back({"k/*", std::nullopt, std::nullopt, "as of today", "", Grade::blocked});
  const auto outcome_of = [&](const char* grade) {
    const Json document = {
        {"run", {{"effort", "quick"}}},
        {"kernels", {{{"id", "k/softmax/f32"}, {"grade", {{"grade", grade}}}}}},
        {"accuracy",
         {{{"kernel", "k/softmax/f32"}, {"domain", "all"}, {"elements", 10}, {"max_ulp", 3.0}}}}};
    std::vector<Verdict> verdicts;
    apply_known_failures(known, document, false, verdicts);
    return verdicts.at(0).outcome + verdicts.at(0).message;
  };
  EXPECT_EQ(outcome_of("rounded"), "pass");
  EXPECT_EQ(outcome_of("blocked"), "pass");
  EXPECT_EQ(outcome_of("sequential"),
            "failits grade is sequential, the known failures allow blocked (as of today)");
}

}  // namespace
}  // namespace softmark
