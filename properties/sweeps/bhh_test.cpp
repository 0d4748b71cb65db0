// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/bhh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/test_rows.h"

namespace softmark {
namespace {

Logits like_a_classifier(std::size_t rows) {
  test::Random random(12);
  Logits logits{{}, rows, 10, SOFTMARK_F32};
  for (std::size_t i = 0; i < rows * 10; ++i)
    logits.values.push_back(
        static_cast<float>(4 * test::normal(random) + (i % 10 == i / 10 % 10 ? 6 : 0)));
  return logits;
}

// What the paper found on its network holds on made-up logits too: no bound is broken, shifting
// ends the overflows, and the division-free softmax is the worse one.
TEST(Bhh, TheFindingsHold) {
  const Logits logits = like_a_classifier(2000);
  std::size_t expected =
      0;  // sums of exponentials beyond the largest fp16, 65504 (and half an ulp)
  for (std::size_t r = 0; r < logits.rows; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < 10; ++c)
      sum += std::exp(round_to(SOFTMARK_F16, logits.values[r * 10 + c]));
    expected += sum > 65520;
  }
  for (const softmark_dtype arithmetic : {SOFTMARK_F16, SOFTMARK_BF16}) {
    const BhhResult result = bhh_experiment(logits, arithmetic);
    ASSERT_EQ(result.formulas.size(), 6u);
    for (const BhhErrors& errors : result.formulas) {
      EXPECT_EQ(errors.violations, 0u) << errors.formula;
      EXPECT_GT(errors.max, 0.3) << errors.formula;
      EXPECT_EQ(errors.errors.size(), logits.rows);
    }
    EXPECT_EQ(result.formula("log-sum-exp shifted").overflows, 0u);
    EXPECT_EQ(result.formula("softmax shifted").overflows, 0u);
    EXPECT_NEAR(static_cast<double>(result.formula("log-sum-exp").overflows),
                arithmetic == SOFTMARK_F16 ? static_cast<double>(expected) : 0,
                2);  // a sum that rounds across the threshold
    EXPECT_GT(result.formula("softmax shifted exp(x-y)").mean,
              2 * result.formula("softmax shifted").mean);
    EXPECT_NEAR(result.ratio_mean, 1, 0.2);
  }
  EXPECT_GT(expected, 10u);
}

TEST(Bhh, RowsThatAreNotFiniteAreLeftOut) {
  Logits logits = like_a_classifier(50);
  const BhhResult before = bhh_experiment(logits, SOFTMARK_BF16);
  logits.values.insert(logits.values.end(), 20, 1.0);
  logits.values[503] = -HUGE_VAL;
  logits.values[519] = std::nan("");
  logits.rows += 2;
  const BhhResult after = bhh_experiment(logits, SOFTMARK_BF16);
  EXPECT_EQ(after.skipped, 2u);
  EXPECT_EQ(std::ranges::count(bhh_csv(after), '\n'), 51);
  EXPECT_EQ(std::ranges::count(bhh_csv(after), ','), 51 * 11);
  EXPECT_EQ(after.mean_range, before.mean_range);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(after.formulas[i].mean, before.formulas[i].mean);
}

TEST(Bhh, NothingGivesNothing) {
  const BhhResult result = bhh_experiment({{}, 0, 10, SOFTMARK_F32}, SOFTMARK_F16);
  EXPECT_EQ(result.formula("log-sum-exp").compared, 0u);
  EXPECT_FALSE(bhh_text(result).empty());
  EXPECT_EQ(std::ranges::count(bhh_csv(result), '\n'), 1);
}

}  // namespace
}  // namespace softmark
