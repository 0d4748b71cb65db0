// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/truths.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>

#include "properties/engine/property.h"
#include "properties/rows/rows.h"

namespace softmark {
namespace {

std::string difference(const Truth& a, const Truth& b) {
  if (a.exact.size() != b.exact.size() || a.bound.size() != b.bound.size()) return "sizes";
  for (std::size_t j = 0; j < a.exact.size(); ++j) {
    const Exact &x = a.exact[j], &y = b.exact[j];
    if (std::bit_cast<std::uint64_t>(x.rounded) != std::bit_cast<std::uint64_t>(y.rounded) ||
        x.residual != y.residual || x.tier != y.tier)
      return "exact value " + std::to_string(j);
    if (a.bound[j].error != b.bound[j].error || a.bound[j].also != b.bound[j].also)
      return "bound " + std::to_string(j);
  }
  return "";
}

// The second one to be asked has them from the table, the third has none.
TEST(Truths, AreThoseOfATableOfAllKernels) {
  const int table = SharedTable::create(std::size_t{1} << 24);
  Truths first(table), second(table), alone(-1);
  close(table);
  Rng rng(7);
  for (const Family family : finite_families())
    for (const softmark_dtype dtype : {SOFTMARK_F32, SOFTMARK_F64}) {
      const Case c = make_case(SOFTMARK_LOG_SOFTMAX_VJP, dtype, family, 3, 17, rng);
      for (std::size_t r = 0; r < c.rows; ++r)
        for (const auto way : {&Truths::with_least_bounds, &Truths::with_bounds}) {
          const Problem problem = problem_of(SOFTMARK_LOG_SOFTMAX_VJP, dtype, c, r);
          const Truth wanted = (alone.*way)(problem);
          ASSERT_EQ(difference((first.*way)(problem), wanted), "") << info(family).name;
          ASSERT_EQ(difference((second.*way)(problem), wanted), "") << info(family).name;
        }
    }
  for (std::size_t tier = 0; tier < std::size(kTierNames); ++tier) {
    EXPECT_EQ(first.certificate().outputs[tier], alone.certificate().outputs[tier]);
    EXPECT_EQ(second.certificate().outputs[tier], alone.certificate().outputs[tier]);
  }
}

TEST(Truths, KnowsRowsApartThatDifferInWhatTheKernelDeclares) {
  const int table = SharedTable::create(std::size_t{1} << 20);
  Truths truths(table), others(table);
  close(table);
  const double x[] = {-INFINITY, -INFINITY};
  const Problem nan = {SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}, -1, SOFTMARK_MASKED_NAN};
  const Problem zero = {SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}, -1, SOFTMARK_MASKED_ZERO};
  EXPECT_TRUE(std::isnan(truths.exact(nan)[0].rounded));
  EXPECT_EQ(others.exact(zero)[0].rounded, 0);
}

TEST(Truths, ForgetsAVerdictWithOtherResults) {
  Truths truths(-1);
  const double x[] = {0, 1}, y[] = {0.25, 0.75}, other[] = {0.25, 0.5}, longer[] = {0, 1, 2};
  const Problem problem = {SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}};
  truths.judged(problem, y).is_within = true;
  EXPECT_TRUE(truths.judged(problem, y).is_within);
  EXPECT_FALSE(truths.judged({SOFTMARK_SOFTMAX, SOFTMARK_F32, longer, {}}, longer).is_within);
  EXPECT_TRUE(truths.judged(problem, y).is_within);
  EXPECT_FALSE(truths.judged(problem, other).is_within);
  EXPECT_FALSE(truths.judged(problem, y).is_within);
}

}  // namespace
}  // namespace softmark
