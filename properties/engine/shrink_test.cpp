// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/shrink.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/rows/rows.h"

namespace softmark {
namespace {

// Shrinks like RapidCheck: take the first smaller case that still fails, until there is none.
Case smallest(Case c, softmark_op op, const std::function<bool(const Case&)>& fails) {
  for (;;) {
    auto candidates = shrink_case(c, op, SOFTMARK_F32);
    bool found = false;
    while (const auto next = candidates.next()) {
      if (!fails(*next)) continue;
      c = *next;
      found = true;
      break;
    }
    if (!found) return c;
  }
}

void expect_valid(const Case& c, softmark_op op) {
  const OpShape shape = shape_of(op);
  EXPECT_EQ(c.x.size(), c.rows * c.cols);
  EXPECT_EQ(c.g.size(), shape.takes_g ? c.x.size() : shape.takes_g_row ? c.rows : 0);
  EXPECT_EQ(c.labels.size(), shape.takes_labels ? c.rows : 0);
  for (auto label : c.labels) EXPECT_TRUE(label >= 0 && label < static_cast<std::int64_t>(c.cols));
  for (double v : c.x) EXPECT_TRUE(std::isnan(v) || round_to(SOFTMARK_F32, v) == v);
}

TEST(Shrink, GivesValidCasesOnly) {
  Rng rng(5);
  for (softmark_op op :
       {SOFTMARK_SOFTMAX, SOFTMARK_SOFTMAX_VJP, SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_CROSS_ENTROPY})
    for (Family family : {Family::normal, Family::large, Family::masked}) {
      auto candidates =
          shrink_case(make_case(op, SOFTMARK_F32, family, 3, 9, rng), op, SOFTMARK_F32);
      while (const auto next = candidates.next()) expect_valid(*next, op);
    }
}

TEST(Shrink, FindsTheOneElementThatMatters) {
  Rng rng(5);
  const Case c = make_case(SOFTMARK_SOFTMAX, SOFTMARK_F32, Family::large, 5, 117, rng);
  const Case least = smallest(c, SOFTMARK_SOFTMAX, [](const Case& t) {
    return std::any_of(t.x.begin(), t.x.end(), [](double v) { return v > 88.7; });
  });
  EXPECT_EQ(least.rows, 1u);
  EXPECT_EQ(least.cols, 1u);
  EXPECT_EQ(least.x[0], 128);
}

TEST(Shrink, KeepsTheRemainderThatADefectNeeds) {
  Rng rng(5);
  const Case c = make_case(SOFTMARK_SOFTMAX, SOFTMARK_F32, Family::normal, 2, 127, rng);
  const Case least = smallest(c, SOFTMARK_SOFTMAX, [](const Case& t) { return t.cols % 8 == 7; });
  EXPECT_EQ(least.cols, 7u);
  for (double v : least.x) EXPECT_EQ(v, 0);
}

TEST(Shrink, EndsAlsoOnLongRows) {
  Rng rng(5);
  const Case c = make_case(SOFTMARK_SOFTMAX, SOFTMARK_F32, Family::swamping, 1, 70000, rng);
  const Case least = smallest(c, SOFTMARK_SOFTMAX, [](const Case& t) { return t.cols >= 5000; });
  EXPECT_EQ(least.cols, 5000u);
}

}  // namespace
}  // namespace softmark
