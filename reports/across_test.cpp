// SPDX-License-Identifier: Apache-2.0
#include "reports/across.h"

#include <gtest/gtest.h>

#include "reports/render.h"
#include "reports/sample.h"
#include "support/test_support.h"

namespace softmark {
namespace {

/// The sample as if it had run on another machine.
Json elsewhere() {
  Json other = sample_document("two");
  other["machine"]["identity"] = {
      {"vendor", "GenuineIntel"},    {"family", 6}, {"model", 143}, {"stepping", 8},
      {"isa", {"AVX2", "AVX3_SPR"}}, {"cores", 16}};
  for (Json& row : other["measurements"]) {
    row["of_ceiling"] = 0.5;
    row["cycles_per_element"] = 0.25;
  }
  return other;
}

TEST(Across, EveryFormatForPeoplePutsSharesAndCyclesFirst) {
  const Json documents[] = {sample_document("one"), elsewhere()};
  for (const char* format : {"text", "brief", "markdown"}) {
    const std::string text = render(Documents(documents), format);
    const std::size_t shares = text.find("56 %, 0.555 cycles");
    EXPECT_LT(shares, text.find("ns per element")) << format << text.substr(0, 900);
    EXPECT_LT(text.find(kAcrossWords), shares) << format;
    EXPECT_NE(text.find("50 %, 0.250 cycles", shares), std::string::npos) << format;
    EXPECT_TRUE(contains(text, "Intel Sapphire Rapids, AVX-512, 16 cores")) << format;
  }
}

TEST(Across, ThePagePutsThemBesideEachOther) {
  const Json documents[] = {sample_document("one"), elsewhere()};
  const std::string page = render(Documents(documents), "html");
  EXPECT_TRUE(contains(page, "<th>Intel Sapphire Rapids, AVX-512, 16 cores"));
  EXPECT_TRUE(contains(page,
                       "<th>simd<td class=best>56 %, 0.555 cycles<td class=best>50 %, "
                       "0.250 cycles"));
}

TEST(Across, ASingleDocumentStandsAlone) {
  for (const char* format : {"text", "brief", "markdown"})
    EXPECT_FALSE(contains(render(sample_document(), format), "Side by side")) << format;
}

TEST(Across, RunsOfOneMachineAreToldApart) {
  Json later = sample_document();
  later["run"]["started"] = "2031-02-03T04:05:06Z";
  const Json documents[] = {sample_document(), later};
  const auto names = distinct_machine_names(documents);
  EXPECT_NE(names[0], names[1]);
  EXPECT_TRUE(names[1].ends_with(", 2031-02-03")) << names[1];
}

}  // namespace
}  // namespace softmark
