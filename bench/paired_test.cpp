// SPDX-License-Identifier: Apache-2.0
#include "bench/paired.h"

#include <gtest/gtest.h>

#include "support/error.h"

namespace softmark::bench {
namespace {

TEST(Compare, SetsAKernelAgainstItselfInRealProcesses) {
  const Registry registry = load_registry({}, {});
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

TEST(Compare, NamesAKernelOfTwoSpeeds) {
  Comparison one;
  one.a = "a", one.b = "b", one.a_verdict = one.b_verdict = "pass";
  one.decision.verdict = SpeedVerdict::kSlower;
  one.decision.ratio.a_mixture = {0.05, 2};
  one.decision.ratio.b_mixture = {0.52, 1.3};
  EXPECT_EQ(comparisons_table({one}).find("of its processes"), std::string::npos);
  EXPECT_EQ(to_json(one)["mixture"], false);
  one.decision.ratio.mixture_p = 0.001;
  EXPECT_NE(comparisons_table({one}).find(
                "SLOWER; B takes 1.30 times as long in 52 % of its processes, A in 5 %"),
            std::string::npos)
      << comparisons_table({one});
  EXPECT_EQ(to_json(one)["mixture"], true);
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
