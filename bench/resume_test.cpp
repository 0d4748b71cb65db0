// SPDX-License-Identifier: Apache-2.0
#include "bench/resume.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "bench/tiny_for_test.h"
#include "reports/document.h"
#include "support/error.h"

namespace softmark::bench {
namespace {

/// A document of a tiny run, as bench writes it; and the options to resume it.
class Resume : public testing::Test {
 protected:
  Resume() : path_(testing::TempDir() + "softmark-resume-" + std::to_string(getpid()) + ".json") {
    options_ = tiny();
    document_ = new_document({}, options_.seed);
    document_["run"]["started"] = "9999-01-01T00:00:00Z";  // after this test was built
    document_["run"]["replication"] = replication_section(options_);
    document_["kernels"] = kernels_section(bench_kernels(options_, load_registry({}, {})));
    document_.update(tiny_sections(options_, std::nullopt));
    document_.erase("complete");
    document_.erase("isa");
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

/// The environment is recorded when the document is made, so this is another one.
TEST_F(Resume, RefusesAnotherEnvironment) {
  EXPECT_NO_THROW(resumed());
  setenv("ATEN_CPU_CAPABILITY", "default", 1);
  EXPECT_THROW(resumed(), Error);
  unsetenv("ATEN_CPU_CAPABILITY");
  const Json good = document_;
  for (const char* condition : {"governor", "huge_pages", "cpus", "cpu_quota", "variables"}) {
    document_ = good;
    document_["machine"]["environment"][condition] = "another";
    EXPECT_THROW(resumed(), Error) << condition;
  }
  document_ = good;
  document_["machine"]["environment"]["load_average"] = {9, 9, 9};
  document_["machine"]["environment"]["mhz"] = 1;
  EXPECT_NO_THROW(resumed());
}

/// Marks a sample of the document: it is in the result only where the workload was kept.
class ResumeOfOtherData : public Resume {
 protected:
  static constexpr double kMark = 12345;
  bool kept() {
    document_["measurements"][0]["samples"][0][0] = kMark;
    const Json samples = resumed()["measurements"][0]["samples"];
    return std::abs(samples[0][0].get<double>() - kMark) < 1e-6;
  }
};

TEST_F(ResumeOfOtherData, MeasuresAnotherDistributionAgain) {
  EXPECT_TRUE(kept());
  options_.distribution = Distribution::kSubnormal;
  EXPECT_FALSE(kept());
}

TEST_F(ResumeOfOtherData, MeasuresOtherCodeOfAKernelAgain) {
  const Json good = document_;
  for (const char* field : {"version", "isa", "summary", "fingerprint"}) {
    document_ = good;
    document_["kernels"][0][field] = "0x1";
    EXPECT_FALSE(kept()) << field;
  }
  document_ = good;
  EXPECT_TRUE(kept());
}

}  // namespace
}  // namespace softmark::bench
