// SPDX-License-Identifier: Apache-2.0
#include "bench/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace softmark::bench {
namespace {

using Ranks = std::pair<std::size_t, std::size_t>;

// The ranks of the 95 % interval, as in Conover, Practical Nonparametric Statistics, and in every
// table of the sign test.
TEST(MedianRanks, AreThoseOfTheSignTestsTable) {
  EXPECT_FALSE(median_ranks(0));
  EXPECT_FALSE(median_ranks(5));  // 1 - 2/32 = 93.75 %
  EXPECT_EQ(median_ranks(6), Ranks(0, 5));
  EXPECT_EQ(median_ranks(8), Ranks(0, 7));
  EXPECT_EQ(median_ranks(9), Ranks(1, 7));
  EXPECT_EQ(median_ranks(10), Ranks(1, 8));
  EXPECT_EQ(median_ranks(20), Ranks(5, 14));
  EXPECT_EQ(median_ranks(25), Ranks(7, 17));
  EXPECT_EQ(median_ranks(50), Ranks(17, 32));
}

TEST(MedianRanks, EncloseTheMedianAsOftenAsTheySay) {
  for (std::size_t n = 6; n <= 60; ++n) {
    const auto ranks = median_ranks(n).value();
    double outside = 0, term = std::exp2(-static_cast<double>(n));  // C(n, 0) / 2^n
    for (std::size_t k = 0; k <= ranks.first; ++k) {
      outside += 2 * term;
      term = term * static_cast<double>(n - k) / static_cast<double>(k + 1);
    }
    EXPECT_LE(outside, 0.05) << n;
    EXPECT_GT(outside + 2 * term, 0.05) << n << ": a narrower interval would do";
    EXPECT_EQ(ranks.first + ranks.second, n - 1);
  }
}

TEST(MedianRanks, TakeAConfidenceThatIsExactlyAttained) {
  EXPECT_EQ(median_ranks(5, 0.9375), Ranks(0, 4));
}

TEST(Median, OfOddEvenOneAndNone) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(MedianDeviation, IgnoresOneWildValue) { EXPECT_EQ(median_deviation({1, 2, 3, 4, 1000}), 1); }

TEST(SignTest, CountsBothSides) {
  EXPECT_EQ(sign_test_p(0, 0), 1);
  EXPECT_EQ(sign_test_p(0, 1), 1);
  EXPECT_NEAR(sign_test_p(0, 6), 2.0 / 64, 1e-15);
  EXPECT_NEAR(sign_test_p(1, 6), 14.0 / 64, 1e-15);
  EXPECT_EQ(sign_test_p(3, 6), 1);
}

TEST(Summary, ReducesEachProcessFirst) {
  // The pooled median of these samples would be 1; the median of process medians is 5.
  const Summary summary = summarize({{1, 1, 1, 1, 1, 1, 1}, {5}, {9}});
  EXPECT_EQ(summary.median, 5);
  EXPECT_EQ(summary.min, 1);
  EXPECT_EQ(summary.mad, 4);
  EXPECT_EQ(summary.processes, 3u);
  EXPECT_FALSE(summary.ci95);
}

TEST(Summary, HasAnIntervalFromSixProcessesOn) {
  const Summary summary = summarize({{6}, {1}, {5}, {2}, {4}, {3}});
  ASSERT_TRUE(summary.ci95);
  EXPECT_EQ(summary.ci95->low, 1);
  EXPECT_EQ(summary.ci95->high, 6);
}

}  // namespace
}  // namespace softmark::bench
