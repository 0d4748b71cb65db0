// SPDX-License-Identifier: Apache-2.0
#include "bench/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "bench/inputs.h"
#include "kernels/element.h"
#include "kernels/names.h"
#include "support/error.h"

namespace softmark::bench {
namespace {

std::vector<double> row_of(Distribution distribution, softmark_dtype dtype, std::size_t rows,
                           std::size_t cols, std::size_t row, std::uint64_t seed = 7) {
  std::vector<double> logits(cols);
  fill_logits(own_workload(rows, cols, distribution), dtype, seed, row, logits);
  return logits;
}

std::vector<double> softmax(std::vector<double> row) {
  const double max = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (double& value : row) sum += value = std::exp(value - max);
  for (double& value : row) value /= sum;
  return row;
}

TEST(Workloads, AreEachDescribedAndNamedOnce) {
  std::set<std::string> names;
  for (const Workload& workload : named_workloads()) {
    EXPECT_TRUE(names.insert(workload.name).second) << workload.name;
    EXPECT_GT(workload.stands_for.size(), 20u) << workload.name;
    EXPECT_GT(workload.elements(), 0u);
    EXPECT_NE(workload.name.find('/' + std::to_string(workload.rows) + 'x' +
                                 std::to_string(workload.cols)),
              std::string::npos);
  }
}

TEST(Workloads, OfQuickEffortAreSevenShapesAndFourOfOneShortRow) {
  std::vector<std::pair<std::size_t, std::size_t>> shapes;
  for (const Workload& workload : select_workloads(Effort::quick, {}))
    shapes.emplace_back(workload.rows, workload.cols);
  const std::vector<std::pair<std::size_t, std::size_t>> want = {
      {4096, 16},   {1024, 64}, {256, 512}, {64, 4096}, {1, 50257}, {8, 128256},
      {2048, 2048}, {1, 16},    {1, 128},   {1, 1000},  {1, 4096}};
  EXPECT_EQ(shapes, want);
}

// From standard effort on, every op that models train and infer with is timed somewhere.
TEST(Workloads, AreUsedForWhatTheySay) {
  std::set<std::string> uses;
  for (const Workload& workload : select_workloads(Effort::standard, {})) {
    EXPECT_TRUE(is_used_for(workload, SOFTMARK_SOFTMAX, SOFTMARK_F32));
    EXPECT_FALSE(is_used_for(workload, SOFTMARK_SOFTMAX_JACOBIAN, SOFTMARK_F32));
    for (const std::string& use : workload.uses) {
      const std::size_t slash = use.find('/');
      const auto op = find_op(use.substr(0, slash));
      const auto dtype = find_dtype(use.substr(slash + 1));
      ASSERT_TRUE(op && dtype) << use;
      EXPECT_TRUE(is_used_for(workload, *op, *dtype));
      uses.insert(use);
    }
  }
  for (const char* wanted :
       {"softmax/f64", "softmax/bf16", "softmax/f16", "log_softmax/f32", "logsumexp/f32",
        "cross_entropy/f32", "softmax_vjp/f32", "log_softmax_vjp/f32"})
    EXPECT_TRUE(uses.contains(wanted)) << wanted;
}

TEST(Workloads, CoverTheVocabulariesAndHeads) {
  std::set<std::size_t> cols;
  for (const Workload& workload : select_workloads(Effort::standard, {}))
    cols.insert(workload.cols);
  for (std::size_t wanted :
       {8, 10, 16, 64, 256, 512, 1000, 2048, 8192, 21841, 32000, 50257, 128256, 151936, 262144})
    EXPECT_TRUE(cols.contains(wanted)) << wanted;
}

TEST(Workloads, AreSelectedByGlobFromEveryEffort) {
  EXPECT_EQ(select_workloads(Effort::quick, {"huge/1x*"}).size(), 1u);
  EXPECT_THROW(select_workloads(Effort::quick, {"nothing/*"}), Error);
  EXPECT_THROW(own_workload(0, 5, Distribution::kNormal), Error);
}

TEST(Logits, DependOnSeedAndRowAlone) {
  EXPECT_EQ(row_of(Distribution::kNormal, SOFTMARK_F32, 4, 100, 2),
            row_of(Distribution::kNormal, SOFTMARK_F32, 9, 100, 2));
  EXPECT_NE(row_of(Distribution::kNormal, SOFTMARK_F32, 4, 100, 2),
            row_of(Distribution::kNormal, SOFTMARK_F32, 4, 100, 3));
  EXPECT_NE(row_of(Distribution::kNormal, SOFTMARK_F32, 4, 100, 2, 7),
            row_of(Distribution::kNormal, SOFTMARK_F32, 4, 100, 2, 8));
}

TEST(Logits, AreValuesOfTheType) {
  for (softmark_dtype dtype : kAllDtypes)
    for (double value : row_of(Distribution::kNormal, dtype, 1, 500, 0))
      EXPECT_EQ(value, round_to(dtype, value));
}

TEST(Logits, OfNormalHaveDeviationThree) {
  const auto row = row_of(Distribution::kNormal, SOFTMARK_F64, 1, 100000, 0);
  const double square = std::inner_product(row.begin(), row.end(), row.begin(), 0.0) /
                        static_cast<double>(row.size());
  EXPECT_NEAR(square, 9, 0.3);
}

TEST(Logits, OfFlatGiveNearlyUniformResults) {
  const auto probs = softmax(row_of(Distribution::kFlat, SOFTMARK_F32, 1, 1000, 0));
  const auto [least, most] = std::minmax_element(probs.begin(), probs.end());
  EXPECT_LT(*most / *least, 1.021);
  EXPECT_GT(*most / *least, 1.001);  // not one value repeated
}

TEST(Logits, OfPeakedGiveOneResultNearOne) {
  const auto probs = softmax(row_of(Distribution::kPeaked, SOFTMARK_F32, 1, 32000, 0));
  EXPECT_GT(*std::max_element(probs.begin(), probs.end()), 0.99);
}

TEST(Logits, OfCausalAreMaskedBeyondTheDiagonalOnly) {
  for (auto [rows, cols] : {std::pair<std::size_t, std::size_t>{8, 8}, {4, 16}, {32, 8}})
    for (std::size_t row = 0; row < rows; ++row) {
      const auto logits = row_of(Distribution::kCausal, SOFTMARK_F32, rows, cols, row);
      const std::size_t seen = rows >= cols ? row % cols + 1 : (row + 1) * cols / rows;
      for (std::size_t col = 0; col < cols; ++col)
        EXPECT_EQ(std::isfinite(logits[col]), col < seen) << rows << 'x' << cols;
    }
}

TEST(Logits, OfSubnormalGiveSubnormalResults) {
  for (softmark_dtype dtype : {SOFTMARK_F16, SOFTMARK_BF16, SOFTMARK_F32, SOFTMARK_F64}) {
    const double smallest_normal = std::exp2(type_info(dtype).min_exponent);
    std::size_t subnormal = 0;
    const auto probs = softmax(row_of(Distribution::kSubnormal, dtype, 1, 4096, 0));
    for (double p : probs) subnormal += p < smallest_normal && p > smallest_subnormal(dtype);
    EXPECT_GE(subnormal, 4095u) << name(dtype);
  }
}

TEST(Layout, CountsTheBytesThatMustMove) {
  EXPECT_EQ(layout_of(SOFTMARK_SOFTMAX, SOFTMARK_F32, 8, 100).moved(), 8u * 100 * 4 * 2);
  EXPECT_EQ(layout_of(SOFTMARK_LOGSUMEXP, SOFTMARK_F64, 8, 100).moved(), 8u * 100 * 8 + 8 * 8);
  EXPECT_EQ(layout_of(SOFTMARK_SOFTMAX_VJP, SOFTMARK_BF16, 8, 100).moved(), 8u * 100 * 2 * 3);
  EXPECT_EQ(layout_of(SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_F32, 8, 100).moved(),
            8u * 100 * 4 * 2 + 8 * 4 + 8 * 8);
  EXPECT_EQ(layout_of(SOFTMARK_SOFTMAX_JACOBIAN, SOFTMARK_F32, 8, 100).moved(), 8u * 100 * 4 * 101);
  EXPECT_THROW(layout_of(SOFTMARK_SOFTMAX_JACOBIAN, SOFTMARK_F32, 16, 1 << 24), Error);
}

}  // namespace
}  // namespace softmark::bench
