// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "kernels/names.h"
#include "properties/crossing/covering.h"
#include "properties/crossing/crossed_case.h"

namespace softmark::crossing {
namespace {

Kernel kernel_of(softmark_op op, softmark_dtype dtype, std::uint32_t claims) {
  Kernel kernel;
  kernel.op = op;
  kernel.dtype = dtype;
  kernel.claims = claims;
  return kernel;
}

const std::vector<Kernel>& kernels() {
  constexpr std::uint32_t kThreaded = SOFTMARK_IN_PLACE | SOFTMARK_THREADED;
  static const std::vector<Kernel> all = {kernel_of(SOFTMARK_SOFTMAX, SOFTMARK_F32, kThreaded),
                                          kernel_of(SOFTMARK_SOFTMAX, SOFTMARK_F8_E4M3, 0),
                                          kernel_of(SOFTMARK_LOGSUMEXP, SOFTMARK_F64, 0),
                                          kernel_of(SOFTMARK_SOFTMAX_VJP, SOFTMARK_F16, kThreaded),
                                          kernel_of(SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_BF16, 0),
                                          kernel_of(SOFTMARK_SOFTMAX_JACOBIAN, SOFTMARK_F32, 0)};
  return all;
}

TEST(Crossing, CoversEveryPairThatMayOccur) {
  for (const Kernel& kernel : kernels())
    for (const Effort effort : {Effort::quick, Effort::standard}) {
      const Model model(kernel, effort);
      const Covered pairs = covered_pairs(model, covering_array(model, strength_at(effort)));
      EXPECT_EQ(pairs.covered, pairs.feasible) << name(kernel.op);
      EXPECT_GT(pairs.feasible, 1000u);
    }
}

TEST(Crossing, CoversEveryTripleOfTheCore) {
  for (const Kernel& kernel : kernels()) {
    const Model model(kernel, Effort::standard);
    const Covered triples = covered_core(model, covering_array(model, 3), 3);
    EXPECT_EQ(triples.covered, triples.feasible) << name(kernel.op);
    EXPECT_GT(triples.feasible, 500u);
  }
}

TEST(Crossing, CoversEveryQuadrupleOfTheCoreWhenThorough) {
  const Model model(kernels()[3], Effort::thorough);
  const Covered quadruples = covered_core(model, covering_array(model, 4), 4);
  EXPECT_EQ(quadruples.covered, quadruples.feasible);
}

TEST(Crossing, ComesOutTheSame) {
  const Model model(kernels()[0], Effort::standard);
  EXPECT_EQ(covering_array(model, 3), covering_array(model, 3));
}

// What is counted as covered is what the cases hold: without those of a class its pairs are
// missing.
TEST(Crossing, MissesAClassWithoutCases) {
  const Model model(kernels()[0], Effort::quick);
  auto all = covering_array(model, 2);
  for (std::size_t f = 0; f < kFactors; ++f)
    for (const std::uint8_t c : model.classes(f)) {
      if (model.classes(f).size() == 1) continue;
      auto without = all;
      std::erase_if(without, [&](const Assignment& a) { return a[f] == c; });
      ASSERT_LT(without.size(), all.size());
      const Covered pairs = covered_pairs(model, without);
      EXPECT_LT(pairs.covered, pairs.feasible) << info(static_cast<Factor>(f)).name << " " << +c;
    }
}

TEST(Crossing, LeavesNothingOutThatItExcludes) {
  for (const Kernel& kernel : kernels()) {
    const Model model(kernel, Effort::standard);
    for (const Assignment& a : covering_array(model, 3))
      for (std::size_t f = 0; f < kFactors; ++f)
        for (std::size_t g = 0; g < f; ++g)
          ASSERT_FALSE(model.excludes(f, a[f], g, a[g]))
              << info(static_cast<Factor>(f)).name << " " << info(static_cast<Factor>(g)).name;
  }
}

// The first class of each factor goes with every other class; the generator relies on it.
TEST(Crossing, FirstClassesGoWithAll) {
  for (const Kernel& kernel : kernels()) {
    const Model model(kernel, Effort::thorough);
    for (std::size_t f = 0; f < kFactors; ++f) {
      EXPECT_EQ(model.classes(f).front(), 0) << info(static_cast<Factor>(f)).name;
      for (std::size_t g = 0; g < kFactors; ++g)
        for (const std::uint8_t c : model.classes(g)) {
          if (g == f) continue;
          EXPECT_FALSE(model.excludes(f, 0, g, c)) << f << " " << g << " " << +c;
        }
    }
  }
}

TEST(Crossing, GivesAReasonForWhatItLeavesOut) {
  const Model model(kernels()[0], Effort::standard);
  EXPECT_FALSE(model.reasons().empty());
  for (const auto& [what, why] : model.reasons()) {
    EXPECT_FALSE(what.empty());
    EXPECT_FALSE(why.empty());
  }
}

// Every class is a class of its own in the calls, not in the table alone.
TEST(Crossing, CasesHoldWhatTheirClassesSay) {
  const Kernel& kernel = kernels()[0];
  const Model model(kernel, Effort::standard);
  CaseMaker maker(kernel, Effort::standard);
  std::set<std::string> layouts;
  std::set<std::size_t> rows, cols;
  std::set<int> threads, calls;
  bool nan_past_1000_in_eight_rows = false, masked_past_130 = false, in_place_on_two = false;
  for (const Assignment& a : covering_array(model, 3)) {
    const Case c = maker.make(a);
    ASSERT_EQ(c.x.size(), c.rows * c.cols);
    ASSERT_LE(c.rows * c.cols, std::size_t{1} << 19);
    const auto& allowed_rows = numbers(kRows, a[kRows]);
    EXPECT_TRUE(std::count(allowed_rows.begin(), allowed_rows.end(), c.rows)) << c.rows;
    rows.insert(c.rows), cols.insert(c.cols);
    threads.insert(c.layout.threads), calls.insert(c.layout.calls);
    layouts.insert(layout_to_json(c.layout).dump());
    for (std::size_t i = 0; i < c.x.size(); ++i)
      nan_past_1000_in_eight_rows |= c.rows >= 8 && i % c.cols > 1000 && std::isnan(c.x[i]);
    masked_past_130 |= c.cols > 130 && as<Special>(a[kSpecial]) == Special::all_masked;
    in_place_on_two |= c.layout.alias == Alias::y_is_x && c.layout.threads == 2;
  }
  EXPECT_TRUE(nan_past_1000_in_eight_rows);
  EXPECT_TRUE(masked_past_130);
  EXPECT_TRUE(in_place_on_two);
  EXPECT_EQ(threads, (std::set<int>{1, 2, 3, 7, 96, 256}));
  EXPECT_TRUE(calls.count(66000));
  EXPECT_GE(rows.size(), 15u);
  EXPECT_GE(cols.size(), 40u);
  EXPECT_GE(layouts.size(), 200u);
}

}  // namespace
}  // namespace softmark::crossing
