// SPDX-License-Identifier: Apache-2.0
// Runs real children (this program is its own child, see test_main.cpp); checks what is told, never how fast.
#include "bench/measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bench/doctor.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/sections.h"
#include "bench/table.h"
#include "kernels/names.h"
#include "reports/error.h"

namespace softmark::bench {
namespace {

BenchOptions tiny() {
  BenchOptions options;
  options.kernels = {"naive", "max_shifted"};
  options.rows = 3;
  options.cols = 10;
  options.processes = 2;
  options.min_time = 1e-6;
  return options;
}

Json tiny_sections(const BenchOptions& options, const std::optional<std::set<std::string>>& failed) {
  return bench_sections(options, load_registry({}, false), failed);
}

TEST(Bench, GivesEveryFieldOfTheDocument) {
  const Json sections = tiny_sections(tiny(), std::set<std::string>{"naive/softmax/f32"});
  EXPECT_EQ(sections["complete"], true);
  ASSERT_EQ(sections["measurements"].size(), 2u);
  ASSERT_EQ(sections["ceilings"].size(), 1u);
  for (const Json& m : sections["measurements"]) {
    EXPECT_EQ(m["status"], "ok") << m;
    EXPECT_EQ(m["verified"], m["kernel"] == "max_shifted/softmax/f32");
    EXPECT_EQ(m["workload"], "own/3x10");
    EXPECT_EQ(m["bytes"], 3 * 10 * 4 * 2);
    EXPECT_EQ(m["processes"], 2);
    EXPECT_EQ(m["samples"].size(), 2u);
    EXPECT_EQ(m["distribution"], "normal: 3 N(0,1)");
    EXPECT_GT(m["ns_per_element"]["median"].get<double>(), 0);
    EXPECT_TRUE(m["ns_per_element"]["ci95"].is_null());  // two processes have no interval
    EXPECT_NEAR(m["x_memcpy"].get<double>() * m["of_ceiling"].get<double>(), 1, 1e-9);
    EXPECT_NEAR(m["gb_per_s"].get<double>() * m["ns_per_element"]["median"].get<double>() * 30, 240, 1e-6);
  }
  const std::string table =
      measurements_table({{"measurements", sections["measurements"]}, {"warnings", sections["warnings"]}});
  EXPECT_NE(table.find("max_shifted/softmax/f32"), std::string::npos);
}

TEST(Bench, CallsNothingVerifiedThatWasNot) {
  const Json sections = tiny_sections(tiny(), std::nullopt);
  for (const Json& m : sections["measurements"]) EXPECT_EQ(m["verified"], false);
  EXPECT_FALSE(sections["warnings"].empty());
}

TEST(Bench, TimesEveryOpInBothTypes) {
  BenchOptions options = tiny();
  options.kernels.clear();
  options.processes = 1;
  for (std::string_view op : kOpNames) options.ops.emplace_back(op);
  options.dtypes = {"f32", "f64"};
  const Json sections = tiny_sections(options, std::nullopt);
  std::set<std::string> ops;
  for (const Json& m : sections["measurements"]) {
    EXPECT_EQ(m["status"], "ok") << m;
    EXPECT_TRUE(m["x_memcpy"].is_number()) << m;
    ops.insert(m["op"].get<std::string>() + m["dtype"].get<std::string>());
  }
  EXPECT_EQ(ops.size(), 2 * std::size(kOpNames));
}

TEST(Bench, RunsColdAndInPlace) {
  BenchOptions cold = tiny();
  cold.kernels = {"max_shifted"};
  cold.processes = 1;
  cold.hot = false, cold.cold = true;
  cold.rows = cold.cols = 2048;  // few sets, so that the pool is quickly filled
  EXPECT_EQ(tiny_sections(cold, std::nullopt)["measurements"][0]["cache"], "cold");
  BenchOptions in_place = tiny();
  in_place.kernels = {"max_shifted"};
  in_place.in_place = true;
  const Json measurements = tiny_sections(in_place, std::nullopt)["measurements"];
  ASSERT_EQ(measurements.size(), 1u);
  EXPECT_EQ(measurements[0]["status"], "ok");
  EXPECT_EQ(measurements[0]["in_place"], true);
  in_place.cold = true;
  EXPECT_THROW(tiny_sections(in_place, std::nullopt), Error);
}

TEST(Bench, PassesFlagsOnToGoogleBenchmark) {
  BenchOptions options = tiny();
  options.processes = 1;
  options.benchmark_flags = {"--benchmark_repetitions=5"};
  EXPECT_EQ(tiny_sections(options, std::nullopt)["measurements"][0]["samples"][0].size(), 5u);
  BenchFlags flags;
  flags.options.benchmark_flags = {"--nonsense"};
  EXPECT_THROW(checked(flags), Error);
}

TEST(Bench, RefusesWorkloadsThatContradict) {
  BenchOptions options = tiny();
  options.workloads = {"router/*"};
  EXPECT_THROW(tiny_sections(options, std::nullopt), Error);
  options = tiny();
  options.cols = 0;
  EXPECT_THROW(tiny_sections(options, std::nullopt), Error);
}

TEST(Machine, IdentifiesItselfTheSameTwice) {
  const Json first = machine_section(), second = machine_section();
  EXPECT_EQ(first["key"], second["key"]);
  EXPECT_EQ(first["identity"], second["identity"]);
  EXPECT_FALSE(first["key"].get<std::string>().empty());
  for (const auto& [field, value] : first["environment"].items())
    EXPECT_EQ(value.is_null(), first["unavailable"].contains(field)) << field;
}

TEST(Doctor, TellsNoiseFromIgnorance) {
  Json machine = {{"identity", {{"caches", Json::array({{{"level", 3}, {"bytes", 32 << 20}, {"shared_by", 8}}})}}},
                  {"environment",
                   {{"load_average", {0.1, 0.1, 0.1}},
                    {"allowed_cpus", 8},
                    {"cpu_quota", "none"},
                    {"virtualised", false},
                    {"governor", "powersave"},
                    {"turbo", nullptr},
                    {"smt", false},
                    {"clock_source", "tsc"},
                    {"hardware_counters", true}}},
                  {"unavailable", {{"turbo", "no cpufreq"}}}};
  for (const Finding& finding : examine(machine)) {
    const auto want = finding.subject == "governor" ? Finding::kNoisy
                      : finding.subject == "turbo"  ? Finding::kUnknown
                                                    : Finding::kFine;
    EXPECT_EQ(finding.state, want) << finding.subject << ": " << finding.finding;
    EXPECT_EQ(finding.advice.empty(), want != Finding::kNoisy) << finding.subject;
  }
  machine["environment"]["load_average"] = {1.5, 1, 1};
  machine["environment"]["virtualised"] = true;
  EXPECT_EQ(std::ranges::count(examine(machine), Finding::kNoisy, &Finding::state), 3);
}

}  // namespace
}  // namespace softmark::bench
