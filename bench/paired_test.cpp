// SPDX-License-Identifier: Apache-2.0
#include "bench/paired.h"

#include <gtest/gtest.h>

#include "support/error.h"

namespace softmark::bench {
namespace {

TEST(Compare, SetsAKernelAgainstItselfInRealProcesses) {
  const Registry registry = load_registry({}, false);
  const Kernel kernel = select_kernels(registry, {"naive/softmax/f32"}, {}, {}).front();
  BenchOptions options;
  options.effort = Effort::quick;
  options.rows = 3, options.cols = 10;
  options.processes = 6, options.min_time = 1e-5;
  const auto comparisons = compare_kernels(kernel, kernel, options);
  ASSERT_EQ(comparisons.size(), 1u);
  const Json json = to_json(comparisons[0]);
  EXPECT_TRUE(comparisons[0].failure.empty()) << comparisons[0].failure;
  EXPECT_GE(json["rounds"].get<int>(), 6);
  EXPECT_GT(json["ratio"].get<double>(), 0);
  EXPECT_LE(json["p"].get<double>(), 1);
  options.processes = 5;
  EXPECT_THROW(compare_kernels(kernel, kernel, options), Error);
}

TEST(ExitCode, IsOneForSlowerFourForUnmeasuredFiveForStrictDoubt) {
  Comparison same, doubt, slower, broken;
  same.decision.verdict = SpeedVerdict::kSame;
  doubt.decision.verdict = SpeedVerdict::kAmbiguous;
  slower.decision.verdict = SpeedVerdict::kSlower;
  broken.failure = "b: crash: killed by SIGSEGV";
  EXPECT_EQ(exit_code_of({same}, true), 0);
  EXPECT_EQ(exit_code_of({same, doubt}, false), 0);
  EXPECT_EQ(exit_code_of({same, doubt}, true), 5);
  EXPECT_EQ(exit_code_of({doubt, slower}, true), 1);
  EXPECT_EQ(exit_code_of({same, broken}, false), 4);
  EXPECT_EQ(exit_code_of({}, false), 4);
}

}  // namespace
}  // namespace softmark::bench
