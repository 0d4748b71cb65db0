// SPDX-License-Identifier: Apache-2.0
#include "reports/merge.h"

#include <gtest/gtest.h>

#include "reports/sample.h"
#include "support/test_support.h"

namespace softmark {
namespace {

const std::vector<std::string> kNames = {"a.json", "b.json", "c.json"};

TEST(Merge, TheSameRunTwiceIsOneRun) {
  const Json document = sample_document();
  EXPECT_EQ(merged({document, document, document}, kNames), std::vector<Json>{document});
}

TEST(Merge, PartsOfARunAreItsUnion) {
  const Json whole = sample_document();
  Json halves[] = {whole, whole};
  for (const char* section : {"measurements", "properties", "accuracy", "warnings", "ceilings"}) {
    if (!whole.contains(section)) continue;
    const std::size_t half = whole[section].size() / 2;
    for (Json& part : halves) part[section] = Json::array();
    for (std::size_t i = 0; i < whole[section].size(); ++i)
      halves[i >= half][section].push_back(whole[section][i]);
  }
  EXPECT_EQ(merged({halves[0], halves[1]}, kNames), std::vector<Json>{whole});
  // A part that overlaps adds nothing but what is new.
  EXPECT_EQ(merged({halves[0], whole}, kNames), std::vector<Json>{whole});
}

TEST(Merge, OtherRunsStayApart) {
  const Json one = sample_document();
  Json two = one, elsewhere = one;
  two["run"]["started"] = "2030-01-01T00:00:00Z";
  elsewhere["machine"]["key"] = "another";
  EXPECT_EQ(merged({one, two, elsewhere}, kNames), (std::vector<Json>{one, two, elsewhere}));
}

TEST(Merge, DocumentsOfOneRunThatDisagreeAreRefusedWithTheDifference) {
  const Json one = sample_document();
  Json other = one;
  other["measurements"][0]["ns_per_element"]["median"] = 0.125;
  const std::string kernel = one["measurements"][0]["kernel"];
  expect_error(kUnreadable, "a.json and b.json are of one run", [&] {
    merged({one, other}, kNames);
  });
  expect_error(kUnreadable, "/ns_per_element/median: ", [&] { merged({one, other}, kNames); });
  expect_error(kUnreadable, " and 0.125", [&] { merged({one, other}, kNames); });
  expect_error(kUnreadable, "measurements[" + kernel, [&] { merged({one, other}, kNames); });
  other = one;
  other["build"]["compiler"] = "another";
  expect_error(kUnreadable, "disagree at build/compiler", [&] { merged({one, other}, kNames); });
  other = one;
  other["properties"][0]["verdict"] = "skip";
  expect_error(kUnreadable, "/verdict", [&] { merged({one, one, other}, kNames); });
}

}  // namespace
}  // namespace softmark
