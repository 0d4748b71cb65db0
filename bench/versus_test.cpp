// SPDX-License-Identifier: Apache-2.0
#include "bench/versus.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bench/random.h"

namespace softmark::bench {
namespace {

/// Rounds of a kernel and one `slower` times as slow, on a machine whose processes differ by lognormal noise, one in
/// ten of them disturbed to twice its time, while the clock drifts by 20 %.
Rounds simulate(double slower, double noise, int count, std::uint64_t seed) {
  const Random disturbance(seed, 1), luck(seed, 2);
  Rounds rounds;
  for (int round = 0; round < count; ++round) {
    const bool b_first = round % 2;
    std::array<double, 2> times[2];  // of A, of B
    for (int slot = 0; slot < 4; ++slot) {
      const bool is_b = (slot == 1 || slot == 2) != b_first;
      const std::uint64_t index = static_cast<std::uint64_t>(4 * round + slot);
      const double time = (1 + 0.05 * static_cast<double>(index) / count) * (disturbance.uniform(index) < 0.1 ? 2 : 1) *
                          std::exp(noise * luck.normal(index)) * (is_b ? slower : 1);
      times[is_b][slot / 2] = time;
    }
    rounds.a.push_back(times[0]);
    rounds.b.push_back(times[1]);
  }
  return rounds;
}

/// Both stages, as compare_on runs them.
Verdict decide(double slower, double noise, std::uint64_t seed) {
  const Verdict first = judge(ratio_of(simulate(slower, noise, 10, 2 * seed)));
  if (first != Verdict::kSlower && first != Verdict::kFaster) return first;
  return confirm(first, judge(ratio_of(simulate(slower, noise, 10, 2 * seed + 1))));
}

int count(Verdict wanted, double slower, double noise, int trials) {
  int found = 0;
  for (int trial = 0; trial < trials; ++trial)
    found += decide(slower, noise, static_cast<std::uint64_t>(trial)) == wanted;
  return found;
}

TEST(Ratio, IsThatOfTheLesserTimes) {
  Rounds rounds;
  for (int i = 0; i < 8; ++i) rounds.a.push_back({1, 1.21}), rounds.b.push_back({5, 1.1});
  const Ratio ratio = ratio_of(rounds);
  EXPECT_NEAR(ratio.median, 1.1, 1e-12);
  EXPECT_EQ(ratio.rounds, 8u);
  ASSERT_TRUE(ratio.ci95);
  EXPECT_NEAR(ratio.ci95->low, 1.1, 1e-12);
}

TEST(Ratio, TakesTheSpreadFromKernelsAgainstThemselves) {
  Rounds rounds;
  for (int i = 0; i < 8; ++i) rounds.a.push_back({1, 1.1}), rounds.b.push_back({2.2, 2});
  EXPECT_NEAR(ratio_of(rounds).aa_spread, 0.1, 1e-12);
  EXPECT_NEAR(ratio_of(rounds).smallest_difference, 0.2, 1e-12);
}

TEST(Ratio, OfFewRoundsHasNoInterval) {
  Rounds rounds;
  for (int i = 0; i < 5; ++i) rounds.a.push_back({1, 1}), rounds.b.push_back({2, 2});
  EXPECT_FALSE(ratio_of(rounds).ci95);
  EXPECT_EQ(judge(ratio_of(rounds)), Verdict::kAmbiguous);
}

TEST(Judge, NeedsIntervalAndEffect) {
  Ratio ratio;
  ratio.smallest_difference = 0.05;
  EXPECT_EQ(judge(ratio), Verdict::kAmbiguous);  // no interval
  ratio.median = 1.2, ratio.ci95 = Interval{1.1, 1.3};
  EXPECT_EQ(judge(ratio), Verdict::kSlower);
  ratio.ci95 = Interval{0.99, 1.3};
  EXPECT_EQ(judge(ratio), Verdict::kAmbiguous);
  ratio.median = 1.03, ratio.ci95 = Interval{1.01, 1.04};  // real, but too small to matter here
  EXPECT_EQ(judge(ratio), Verdict::kSame);
  ratio.median = 0.8, ratio.ci95 = Interval{0.7, 0.9};
  EXPECT_EQ(judge(ratio), Verdict::kFaster);
  ratio.smallest_difference = 0.3;
  EXPECT_EQ(judge(ratio), Verdict::kAmbiguous);
}

TEST(Confirm, WantsTheSameTwice) {
  EXPECT_EQ(confirm(Verdict::kSlower, Verdict::kSlower), Verdict::kSlower);
  EXPECT_EQ(confirm(Verdict::kSlower, Verdict::kFaster), Verdict::kAmbiguous);
  EXPECT_EQ(confirm(Verdict::kFaster, Verdict::kSame), Verdict::kAmbiguous);
}

// The figures that a user is promised, on simulated machines: quiet (1 %), like a shared runner (3 %).
TEST(Decision, NeverTellsAKernelFromItself) {
  for (double noise : {0.01, 0.03, 0.1}) {
    EXPECT_LE(count(Verdict::kSlower, 1, noise, 1000), 5) << noise;
    EXPECT_LE(count(Verdict::kFaster, 1, noise, 1000), 5) << noise;
  }
}
TEST(Decision, FindsAPlantedTenPercent) {
  EXPECT_GE(count(Verdict::kSlower, 1.1, 0.01, 1000), 900);
  EXPECT_GE(count(Verdict::kFaster, 1 / 1.1, 0.01, 1000), 900);
  EXPECT_EQ(count(Verdict::kFaster, 1.05, 0.03, 1000), 0);
}

TEST(ExitCode, IsOneForSlowerFourForUnmeasuredFiveForStrictDoubt) {
  Comparison same, doubt, slower, broken;
  same.verdict = Verdict::kSame;
  doubt.verdict = Verdict::kAmbiguous;
  slower.verdict = Verdict::kSlower;
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
