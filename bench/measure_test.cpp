// SPDX-License-Identifier: Apache-2.0
// Runs real child processes (this program is its own child, see test_main.cpp); checks what is
// reported, never how fast it is.
#include "bench/measure.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bench/cycles.h"
#include "bench/examine.h"
#include "bench/machine.h"
#include "bench/resume.h"
#include "bench/sections.h"
#include "bench/verbs/bench_flags.h"
#include "kernels/names.h"
#include "reports/measurements.h"
#include "support/error.h"

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

Json tiny_sections(const BenchOptions& options,
                   const std::optional<std::set<std::string>>& failed) {
  return bench_sections(options, load_registry({}, false), failed);
}

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

/// A document of a tiny run, as bench writes it; and the options to resume it.
class Resume : public testing::Test {
 protected:
  Resume() : path_(testing::TempDir() + "softmark-resume-" + std::to_string(getpid()) + ".json") {
    options_ = tiny();
    document_ = new_document({}, options_.seed);
    document_["run"]["started"] = "9999-01-01T00:00:00Z";  // after this test was built
    document_["run"]["replication"] = replication_section(options_);
    document_["kernels"] = kernels_section(bench_kernels(options_, load_registry({}, false)));
    document_.update(tiny_sections(options_, std::nullopt));
    document_.erase("complete");
    options_.resume = path_;
  }
  ~Resume() override { std::remove(path_.c_str()); }
  Json resumed() {
    write_file(path_, to_text(document_));
    options_.resumed = read_document(path_);
    return tiny_sections(options_, std::nullopt);
  }
  std::string path_;
  BenchOptions options_;
  Json document_;
};

TEST_F(Resume, KeepsWholeWorkloads) {
  const Json again = resumed();
  ASSERT_EQ(again["measurements"].size(), 2u);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t process = 0; process < 2; ++process)
      for (std::size_t sample = 0; sample < again["measurements"][i]["samples"][process].size();
           ++sample)
        EXPECT_NEAR(again["measurements"][i]["samples"][process][sample].get<double>() /
                        document_["measurements"][i]["samples"][process][sample].get<double>(),
                    1, 1e-12);
  EXPECT_EQ(again["ceilings"].size(), document_["ceilings"].size());
}

TEST_F(Resume, MeasuresAWorkloadAgainThatLacksAKernel) {
  const double marked = 12345;
  document_["measurements"][0]["samples"][0][0] = marked;
  EXPECT_NEAR(resumed()["measurements"][0]["samples"][0][0].get<double>(), marked, 1e-6);
  document_["measurements"].erase(1);
  EXPECT_NE(resumed()["measurements"][0]["samples"][0][0], marked);
}

TEST_F(Resume, RefusesAnotherMachineBuildSeedOrEffort) {
  const Json good = document_;
  document_["machine"]["key"] = "another";
  EXPECT_THROW(resumed(), Error);
  document_ = good;
  document_["build"]["compiler"] = "another";
  EXPECT_THROW(resumed(), Error);
  document_ = good;
  document_["run"]["started"] = "2000-01-01T00:00:00Z";
  EXPECT_THROW(resumed(), Error);
  document_ = good;
  document_["run"]["seed"] = "0x1";
  EXPECT_THROW(resumed(), Error);
  document_ = good;
  options_.processes = 3;
  EXPECT_THROW(resumed(), Error);
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
