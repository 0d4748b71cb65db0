// SPDX-License-Identifier: Apache-2.0
// Every kind of row that a property may draw has exact values: for every op and type, the same from
// all tiers.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark {
namespace {

bool same(const Exact& a, const Exact& b) {
  if (std::isnan(a.rounded) || std::isnan(b.rounded))
    return std::isnan(a.rounded) && std::isnan(b.rounded);
  return a.rounded == b.rounded &&
         std::abs(a.residual - b.residual) <= 0x1p-19;  // each is within 2^-20 ulp
}

void expect_truth(softmark_op op, softmark_dtype dtype, Family family, Rng& rng) {
  const std::size_t cols = gives_matrix(op) ? 1 + rng.below(7) : 1 + rng.below(40);
  Case c = make_case(op, dtype, family, 1, cols, rng);
  if (rng.below(4) == 0)  // cotangents with structure, whose products cancel or are rational
    for (double& g : c.g) g = std::fabs(g) < 1 ? 3 : 5;
  if (rng.below(5) == 0)
    for (std::size_t i = 1; i < c.x.size(); ++i)
      if (rng.below(2)) c.x[i] = c.x[0];
  Problem problem = problem_of(op, dtype, c, 0);
  problem.saturates = rng.below(2) == 0;
  const auto exact = exact_row(problem), by_intervals = exact_row(problem, Tier::kInterval);
  ASSERT_EQ(exact.size(), outputs_of(op, cols));
  for (std::size_t j = 0; j < exact.size(); ++j)
    EXPECT_TRUE(same(exact[j], by_intervals[j]))
        << name(op) << " " << name(dtype) << " " << info(family).name << " "
        << case_to_json(c, op).dump() << " at " << j;
  for (double v : c.x)
    EXPECT_TRUE(std::isnan(v) ? family == Family::nan || !takes_logits(op)
                              : round_to(dtype, v) == v)
        << name(dtype) << " " << info(family).name << " " << v;
  for (const Exact& e : exact)
    EXPECT_FALSE(std::isinf(e.rounded) && (problem.saturates || !type_info(dtype).has_infinities));
  for (const Bound& bound : error_bounds(problem, exact))
    EXPECT_TRUE(bound.error >= 0 && std::isfinite(bound.error))
        << name(op) << " " << name(dtype) << " " << info(family).name;
}

TEST(Rows, EveryFamilyHasATruthAlikeFromAllTiers) {
  Rng rng(99);
  for (int pass = 0; pass < 40; ++pass)
    for (const softmark_op op : kAllOps)
      for (const softmark_dtype dtype : kAllDtypes)
        for (const auto families : {finite_families(), special_families()})
          for (Family family : families) expect_truth(op, dtype, family, rng);
}

}  // namespace
}  // namespace softmark
