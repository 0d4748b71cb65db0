// SPDX-License-Identifier: Apache-2.0
// Runs real child processes (this program is its own child, see test_main.cpp); checks what is
// reported, never how fast it is.
#include "bench/measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "bench/cycles.h"
#include "bench/examine.h"
#include "bench/machine.h"
#include "bench/resume.h"
#include "bench/sections.h"
#include "bench/tiny_for_test.h"
#include "bench/verbs/bench_flags.h"
#include "kernels/names.h"
#include "reports/measurements.h"
#include "support/error.h"

namespace softmark::bench {
namespace {

TEST(Bench, GivesEveryFieldOfTheDocument) {
  const Json sections = tiny_sections(tiny(), std::set<std::string>{"naive/softmax/f32"});
  EXPECT_EQ(sections["complete"], true);
  ASSERT_EQ(sections["measurements"].size(), 2u);
  std::set<std::string> ceilings;
  for (const Json& c : sections["ceilings"]) ceilings.insert(c["kind"].get<std::string>());
  EXPECT_EQ(ceilings.size(), sections["ceilings"].size());
  EXPECT_TRUE(ceilings.contains("memcpy") && ceilings.contains("read"));
#if defined(__x86_64__)
  EXPECT_TRUE(ceilings.contains("nontemporal_copy"));
#endif
  EXPECT_EQ(ceilings.contains("fma"), fma_count(SOFTMARK_F32, 1) > 0);
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
    EXPECT_TRUE(m["ceiling"] == "memcpy" || m["ceiling"] == "nontemporal_copy") << m["ceiling"];
    // Relative to the faster of the two copies, so never less than the share of memcpy
    EXPECT_GE(m["x_memcpy"].get<double>() * m["of_ceiling"].get<double>(), 0);
    EXPECT_LE(m["x_memcpy"].get<double>() * m["of_ceiling"].get<double>(), 1 + 1e-9);
    EXPECT_EQ(m["fma_per_element"].is_number(), ceilings.contains("fma"));
    EXPECT_EQ(m["cycles_per_element"].is_null(), cycle_clock().kind.empty());
    EXPECT_EQ(m["cycle_clock"].is_null(), cycle_clock().kind.empty());
    EXPECT_NEAR(m["gb_per_s"].get<double>() * m["ns_per_element"]["median"].get<double>() * 30, 240,
                1e-6);
  }
  const std::string table = measurements_table(
      {{"measurements", sections["measurements"]}, {"warnings", sections["warnings"]}});
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

TEST(Bench, TimesWhatAWorkloadIsUsedForFromStandardEffortOn) {
  const Registry registry = load_registry({}, {});
  BenchOptions options = tiny();
  options.rows = options.cols = 0;
  options.kernels = {"max_shifted"};
  options.workloads = {"head/256x1000", "router/4096x8"};
  options.processes = 1;
  options.uses = true;
  const auto timed = [&] {
    std::set<std::string> names;
    const Json sections = bench_sections(options, registry, std::nullopt);
    for (const Json& m : sections["measurements"])
      names.insert(m["workload"].get<std::string>() + " " + m["kernel"].get<std::string>());
    return names;
  };
  options.effort = Effort::standard;
  const auto standard = timed();
  EXPECT_TRUE(standard.contains("head/256x1000 max_shifted/softmax/f32"));
  EXPECT_TRUE(standard.contains("head/256x1000 max_shifted/softmax/f64"));
  EXPECT_TRUE(standard.contains("head/256x1000 max_shifted/log_softmax/f32"));
  EXPECT_TRUE(standard.contains("router/4096x8 max_shifted/softmax/f32"));
  EXPECT_FALSE(standard.contains("router/4096x8 max_shifted/softmax/f64"));
  options.effort = Effort::quick;
  EXPECT_EQ(timed().size(), 2u);
  options.effort = Effort::standard;
  options.dtypes = {"f64"};  // asked for, and so timed everywhere
  EXPECT_TRUE(timed().contains("router/4096x8 max_shifted/softmax/f64"));
}

TEST(Bench, TimesSingleCallsOfOneShortRowOnOneThread) {
  BenchOptions options = tiny();
  options.rows = 1;
  options.kernels = {"openmp", "naive"};
  const Json all = tiny_sections(options, std::nullopt)["measurements"];
  ASSERT_EQ(all.size(), 2u);
  for (const Json& m : all) {
    EXPECT_EQ(m["threads"], 1);
    EXPECT_GT(m["call_ns"]["p50"].get<double>(), 0);
    EXPECT_GE(m["call_ns"]["p99"].get<double>(), m["call_ns"]["p50"].get<double>());
  }
  options.threads = {2};
  EXPECT_EQ(tiny_sections(options, std::nullopt)["measurements"][0]["threads"], 2);
}

TEST(Bench, HoldsReductionsToReading) {
  BenchOptions options = tiny();
  options.kernels.clear();
  options.ops = {"logsumexp"};
  options.processes = 1;
  EXPECT_EQ(tiny_sections(options, std::nullopt)["measurements"][0]["ceiling"], "read");
}

TEST(Bench, MarksWhatItCannotTellApart) {
  Json sections = tiny_sections(tiny(), std::nullopt);
  const auto table_at = [&](double low, double ns, double high) {
    Json& all = sections["measurements"];
    all[0]["ns_per_element"] = {{"median", 1.0}, {"min", 0.9}, {"ci95", {0.95, 1.05}}};
    all[1]["ns_per_element"] = {{"median", ns}, {"min", low}, {"ci95", {low, high}}};
    return measurements_table(sections);
  };
  EXPECT_NE(table_at(1.04, 1.2, 1.3).find("~ "), std::string::npos);
  EXPECT_NE(table_at(1.01, 1.03, 1.04).find("~ "), std::string::npos);
  EXPECT_EQ(table_at(1.1, 1.2, 1.3).find("~ "), std::string::npos);
}

TEST(Bench, ShowsHowThreadsScale) {
  BenchOptions options = tiny();
  options.kernels = {"openmp"};
  options.threads = {1, 2};
  const Json sections = tiny_sections(options, std::nullopt);
  ASSERT_EQ(sections["measurements"].size(), 2u);
  EXPECT_NE(measurements_table(sections).find("1: 1.00  2: "), std::string::npos);
  EXPECT_EQ(measurements_table(tiny_sections(tiny(), std::nullopt)).find("scaling"),
            std::string::npos);
}

TEST(Threads, AreListsAndRanges) {
  EXPECT_EQ(parse_threads({}), (std::vector<int>{}));
  EXPECT_EQ(parse_threads({"4,1,2"}), (std::vector<int>{1, 2, 4}));
  EXPECT_EQ(parse_threads({"1..3,8", "2"}), (std::vector<int>{1, 2, 3, 8}));
  EXPECT_EQ(parse_threads({"1..T"}).size(), allowed_cpus().size());
  for (const char* bad : {"", "0", "2..1", "x", "1..", "1.5", "1025", "1,,2"})
    EXPECT_THROW(parse_threads({bad}), Error) << bad;
}

TEST(Bench, RunsColdAndInPlace) {
  BenchOptions cold = tiny();
  cold.kernels = {"max_shifted"};
  cold.processes = 1;
  cold.hot = false, cold.cold = true;
  cold.rows = cold.cols = 2048;  // few buffers, so that the pool is quickly filled
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

TEST(Bench, PinsAndTellsOpenMpWhatItIsAskedTo) {
  BenchOptions options = tiny();
  options.kernels = {"naive"};
  options.processes = 1;
  EXPECT_EQ(tiny_sections(options, std::nullopt)["measurements"][0]["pinned"], true);
  EXPECT_FALSE(replication_section(options).contains("pin"));
  BenchFlags flags;
  flags.pin = "none";
  flags.omp_wait = "passive";
  options.pin = checked(flags).pin;
  EXPECT_EQ(replication_section(options)["pin"], "none");
  const Json sections = tiny_sections(options, std::nullopt);
  EXPECT_EQ(sections["measurements"][0]["pinned"], false);
  EXPECT_EQ(sections["machine"]["environment"]["variables"]["OMP_WAIT_POLICY"], "passive");
  flags.pin = "threads";
  checked(flags);
  const Json bound = tiny_sections(options, std::nullopt)["machine"]["environment"]["variables"];
  EXPECT_EQ(bound["OMP_PLACES"], "cores");
  for (const char* name : {"OMP_WAIT_POLICY", "OMP_PROC_BIND", "OMP_PLACES"}) unsetenv(name);
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
  Json machine = {
      {"identity",
       {{"caches", Json::array({{{"level", 3}, {"bytes", 32 << 20}, {"shared_by", 8}}})}}},
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
