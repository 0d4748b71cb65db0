// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/coverage.h"

#include <gtest/gtest.h>

namespace softmark {
namespace {

Case call_of(std::size_t rows, std::size_t cols, Layout layout = {}) {
  Case call;
  call.rows = rows;
  call.cols = cols;
  call.layout = layout;
  return call;
}

template <class Takes>
Coverage covered(Takes takes) {
  Coverage coverage;
  for (std::size_t cols = 0; cols <= 130; ++cols)
    for (std::size_t rows : {1, 2, 5}) coverage.add(call_of(rows, cols), takes(rows, cols));
  return coverage;
}

std::string refused_where(const Coverage& coverage) {
  return coverage.summary().value("refused_where", "");
}

TEST(Coverage, NamesWhatIsRefused) {
  EXPECT_EQ(refused_where(covered([](auto, auto n) { return n % 16 == 0; })), "cols % 16 != 0");
  EXPECT_EQ(refused_where(covered([](auto, auto n) { return n <= 64; })), "cols >= 65");
  EXPECT_EQ(refused_where(covered([](auto, auto n) { return n >= 8; })), "cols <= 7");
  EXPECT_EQ(refused_where(covered([](auto rows, auto) { return rows == 1; })), "2 rows and more");
}

TEST(Coverage, NamesNoPatternThatATakenCallContradicts) {
  EXPECT_EQ(refused_where(covered([](auto, auto) { return true; })), "");
  EXPECT_EQ(refused_where(covered([](auto, auto) { return false; })), "");
  EXPECT_EQ(refused_where(covered([](auto rows, auto n) { return rows == 1 || n % 16 == 0; })), "");
  EXPECT_EQ(refused_where(covered([](auto, auto n) { return n % 16 == 0 || n == 21; })), "");
}

TEST(Coverage, NamesTheLayoutThatIsRefused) {
  Layout padded, threaded;
  padded.y_padding = 3;
  threaded.threads = 4;
  Coverage coverage = covered([](auto, auto) { return true; });
  coverage.add(call_of(2, 7, padded), false);
  coverage.add(call_of(1, 7, padded), true);  // a single row has none
  EXPECT_EQ(refused_where(Coverage::from_json(coverage.to_json())),
            "rows with padding between them");
  EXPECT_EQ(coverage.summary()["by_layout"], true);
  coverage.add(call_of(1, 7, threaded), false);
  EXPECT_EQ(refused_where(coverage), "");
  Coverage single = covered([](auto, auto) { return true; });
  single.add(call_of(1, 7, threaded), false);
  EXPECT_EQ(refused_where(single), "more than one thread");
  single.add(call_of(1, 8, threaded), true);
  EXPECT_EQ(refused_where(single), "");
}

TEST(Coverage, CountsCallsAndLengthsAndNoEmptyRows) {
  const Json summary = covered([](auto, auto n) { return n % 16 == 0; }).summary();
  EXPECT_EQ(summary["calls"], 390);
  EXPECT_EQ(summary["refused"], 366);
  EXPECT_EQ(summary["lengths"], 130);
  EXPECT_EQ(summary["lengths_taken"], 8);
}

TEST(Coverage, ComesThroughJsonAndAddsUp) {
  const Coverage odd = covered([](auto, auto n) { return n % 2 == 1; });
  Coverage both = Coverage::from_json(odd.to_json());
  EXPECT_EQ(both.summary(), odd.summary());
  // A length that was taken once is no longer refused.
  both.add(covered([](auto, auto n) { return n % 2 == 0; }));
  EXPECT_EQ(both.summary()["lengths_taken"], 130);
  EXPECT_EQ(both.summary()["calls"], 780);
  EXPECT_EQ(refused_where(both), "");
}

}  // namespace
}  // namespace softmark
