// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/pattern.h"

#include <gtest/gtest.h>

#include <bit>

namespace softmark {
namespace {

template <class Fails>
std::string pattern_where(Fails fails, std::size_t longest = 130) {
  std::vector<TriedShape> shapes;
  for (std::size_t cols = 1; cols <= longest; ++cols)
    shapes.push_back({1 + cols % 3, cols, fails(1 + cols % 3, cols)});
  return pattern_of(shapes);
}

TEST(Pattern, NamesRangesRemaindersAndPowers) {
  EXPECT_EQ(pattern_where([](auto, auto n) { return n > 64; }),
            "fails where cols >= 65; 66 of 130 lengths tried fail, 65 to 130");
  EXPECT_EQ(pattern_where([](auto, auto n) { return n <= 3; }),
            "fails where cols <= 3; 3 of 130 lengths tried fail, 1 to 3");
  EXPECT_EQ(pattern_where([](auto, auto n) { return n % 8 == 7; }),
            "fails where cols % 8 == 7 from 7 on; 16 of 130 lengths tried fail, 7 to 127");
  EXPECT_EQ(pattern_where([](auto, auto n) { return n > 8 && n % 8 != 0; }),
            "fails where cols % 8 != 0 from 9 on; 107 of 130 lengths tried fail, 9 to 130");
  EXPECT_EQ(pattern_where([](auto, auto n) { return n > 2 && std::has_single_bit(n - 1); }),
            "fails where cols is 2^k + 1 from 3 on; 7 of 130 lengths tried fail, 3 to 129");
}

TEST(Pattern, NamesTheLeastRows) {
  const std::string text = pattern_where([](auto rows, auto n) { return rows >= 3 && n > 1; });
  EXPECT_EQ(text, "fails where 3 rows and more; 43 of 130 lengths tried fail, 2 to 128");
}

TEST(Pattern, ClaimsNoneThatAPassingShapeContradicts) {
  EXPECT_EQ(pattern_where([](auto, auto n) { return n % 8 == 7 && n != 39; }),
            "15 of 130 lengths tried fail, 7 to 127");
  // Neither one failure nor one success supports a pattern.
  const TriedShape few[] = {{1, 18, true}, {1, 100, false}, {1, 200, false}, {1, 300, false}};
  EXPECT_EQ(pattern_of(few), "1 of 4 lengths tried fails: 18");
  EXPECT_EQ(pattern_of(std::span(few).first(2)), "");
  const TriedShape most[] = {{1, 18, true}, {1, 19, true}, {1, 20, true}, {1, 4, false}};
  EXPECT_EQ(pattern_of(most), "3 of 4 lengths tried fail, 18 to 20");
  EXPECT_EQ(pattern_where([](auto, auto n) { return n == 17 || n == 33; }),
            "2 of 130 lengths tried fail, 17 to 33");
  EXPECT_EQ(pattern_where([](auto, auto) { return false; }), "");
  EXPECT_EQ(pattern_where([](auto, auto) { return true; }),
            "130 of 130 lengths tried fail, 1 to 130");
}

}  // namespace
}  // namespace softmark
