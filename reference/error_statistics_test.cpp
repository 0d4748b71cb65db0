// SPDX-License-Identifier: Apache-2.0
#include "reference/error_statistics.h"

#include <gtest/gtest.h>

#include "reference/bulk_softmax.h"
#include "reference/test_rows.h"

namespace softmark {
namespace {

std::vector<float> slightly_wrong(std::span<const double> x, test::Random& random) {
  std::vector<float> y;
  for (const Exact& exact : exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}})) {
    auto value = static_cast<float>(exact.rounded);
    for (std::uint64_t steps = random() % 4; steps > 1; --steps)
      value = std::nextafterf(value, random() % 2 ? 2.f : 0.f);
    y.push_back(value);
  }
  return y;
}

// Softmax in bulk and row by row: the same errors.
TEST(ErrorStatistics, BulkAndPlainAgree) {
  test::Random random(3);
  for (const auto family : test::kFamilies)
    for (const std::size_t n : {1u, 2u, 7u, 8u, 9u, 64u, 133u, 1000u}) {
      const auto row = test::row_of(family, SOFTMARK_F32, n, random);
      const std::vector<float> x(row.begin(), row.end()), y = slightly_wrong(row, random);
      const std::vector<double> got(y.begin(), y.end());
      ErrorStatistics bulk, plain;
      const Worst a = add_softmax_row(x, y, bulk),
                  b = add_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, row, {}}, got, plain);
      ASSERT_EQ(bulk.outputs, n) << family;
      ASSERT_EQ(plain.outputs, n);
      ASSERT_EQ(bulk.correctly_rounded, plain.correctly_rounded) << family << " " << n;
      ASSERT_NEAR(bulk.max_ulp, plain.max_ulp, 0x1p-20 * (1 + plain.max_ulp)) << family << " " << n;
      ASSERT_NEAR(bulk.sum_ulp.rounded(), plain.sum_ulp.rounded(),
                  0x1p-20 * static_cast<double>(n) * (1 + plain.max_ulp))
          << family << " " << n;
      ASSERT_NEAR(a.ulp, b.ulp, 0x1p-20 * (1 + b.ulp));
      ASSERT_EQ(bulk.not_finite, plain.not_finite);
    }
}

TEST(ErrorStatistics, ExactSoftmaxIsTheRoundedRow) {
  test::Random random(9);
  Certificate certificate;
  std::uint64_t outputs = 0;
  for (const auto family : test::kFamilies)
    for (const std::size_t n : {0u, 1u, 2u, 9u, 133u, 1000u}) {
      const auto row = test::row_of(family, SOFTMARK_F32, n, random);
      const std::vector<float> x(row.begin(), row.end());
      std::vector<float> y(n, 7);
      exact_softmax(x, y, certificate);
      const auto want = exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, row, {}}, Tier::kDoubleDouble);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_TRUE(y[i] == want[i].rounded || (std::isnan(y[i]) && std::isnan(want[i].rounded)))
            << family << " " << i;
      outputs += n;
    }
  const auto& by = certificate.outputs;
  EXPECT_EQ(by[0] + by[1] + by[2] + by[3], outputs);
  EXPECT_GT(by[1], 9 * by[2]);
}

TEST(ErrorStatistics, NothingThatIsNotANumberIsOverlooked) {
  std::vector<float> x(100), y(100);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7), y[i] = 0.01f;
  for (const float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF})
    for (const std::size_t at : {0u, 50u, 99u}) {
      auto got = y;
      got[at] = bad;
      ErrorStatistics statistics;
      const Worst worst = add_softmax_row(x, got, statistics);
      EXPECT_EQ(statistics.max_ulp, HUGE_VAL);
      EXPECT_EQ(statistics.not_finite, 1u);
      EXPECT_EQ(worst.index, at);
      EXPECT_EQ(statistics.quantile(1), HUGE_VAL);
      EXPECT_LT(statistics.quantile(0.5), HUGE_VAL);
    }
}

TEST(ErrorStatistics, MergedShardsAreTheWhole) {
  test::Random random(4);
  ErrorStatistics whole, parts[2], merged;
  for (int i = 0; i < 40; ++i) {
    const auto row = test::row_of("normal", SOFTMARK_F32, 50, random);
    const std::vector<float> x(row.begin(), row.end()), y = slightly_wrong(row, random);
    add_softmax_row(x, y, whole);
    add_softmax_row(x, y, parts[i % 2]);
  }
  merged.merge(parts[0]);
  merged.merge(parts[1]);
  EXPECT_EQ(merged.outputs, whole.outputs);
  for (std::size_t bin = 0; bin < kBins; ++bin) ASSERT_EQ(merged.count(bin), whole.count(bin));
  EXPECT_EQ(merged.max_ulp, whole.max_ulp);
  EXPECT_NEAR(merged.mean_ulp(), whole.mean_ulp(), 1e-9);
  EXPECT_EQ(merged.quantile(0.99), whole.quantile(0.99));
  EXPECT_LE(whole.quantile(0.5), whole.quantile(0.99));
  EXPECT_LE(whole.quantile(1), whole.max_ulp);
}

TEST(ErrorStatistics, BinsHoldTheirErrors) {
  for (double error = 0x1p-26; error < 0x1p42; error *= 1.01) {
    const std::size_t bin = bin_of(error);
    if (bin > 0) {
      ASSERT_GE(error, upper_end(bin - 1));
    }
    ASSERT_LT(error, upper_end(bin));
  }
  EXPECT_EQ(bin_of(0), 0u);
}

}  // namespace
}  // namespace softmark
