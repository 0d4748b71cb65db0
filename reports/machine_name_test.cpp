// SPDX-License-Identifier: Apache-2.0
#include "reports/machine_name.h"

#include <gtest/gtest.h>

#include "reports/document.h"

namespace softmark {
namespace {

Json x86(const char* vendor, int family, int model, int stepping) {
  return {{"vendor", vendor},
          {"family", family},
          {"model", model},
          {"stepping", stepping},
          {"brand", "Some CPU @ 2 GHz"}};
}

TEST(MachineName, NamesDesigns) {
  EXPECT_EQ(cpu_name(x86("GenuineIntel", 6, 143, 8)), "Intel Sapphire Rapids");
  EXPECT_EQ(cpu_name(x86("GenuineIntel", 6, 85, 4)), "Intel Skylake-SP");
  EXPECT_EQ(cpu_name(x86("GenuineIntel", 6, 85, 7)), "Intel Cascade Lake");
  EXPECT_EQ(cpu_name(x86("AuthenticAMD", 25, 17, 1)), "AMD Zen 4 (Genoa)");
  EXPECT_EQ(cpu_name(x86("AuthenticAMD", 26, 2, 1)), "AMD Zen 5 (Turin)");
  EXPECT_EQ(cpu_name({{"architecture", "aarch64"}, {"signature", "0x410fd4f0"}}),
            "Arm Neoverse V2");
}

TEST(MachineName, SaysWhatTheProcessorSaysWhereTheTableIsSilent) {
  EXPECT_EQ(cpu_name(x86("GenuineIntel", 6, 999, 0)), "Some CPU @ 2 GHz");
  EXPECT_EQ(cpu_name(Json::object()), "");
}

TEST(MachineName, AddsWhatMattersForSpeed) {
  Json document = {{"machine",
                    {{"key", "x86_64-k"},
                     {"identity", x86("AuthenticAMD", 25, 17, 1)},
                     {"environment", {{"virtualised", true}}}}}};
  document["machine"]["identity"]["isa"] = {"SSE4", "AVX2", "AVX3_DL"};
  document["machine"]["identity"]["cores"] = 2;
  EXPECT_EQ(machine_name(document), "AMD Zen 4 (Genoa), AVX-512, 2 cores, virtual");
  document["machine"]["environment"]["virtualised"] = false;
  document["machine"]["identity"]["cores"] = 1;
  EXPECT_EQ(machine_name(document), "AMD Zen 4 (Genoa), AVX-512, 1 core");
  document["machine"]["identity"] = Json::object();
  EXPECT_EQ(machine_name(document), "x86_64-k");
  EXPECT_EQ(machine_name(Json::object()), "unknown machine");
}

}  // namespace
}  // namespace softmark
