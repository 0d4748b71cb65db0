// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/swept_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "support/random.h"

namespace softmark {
namespace {

/// Off by up to some ulps, with a NaN, an infinity and steps down here and there: a function of the
/// argument's bits alone, so that every way to divide the set sees the same.
int run_roughly(const softmark_args& args) {
  const auto* x = static_cast<const float*>(args.x);
  auto* y = static_cast<float*>(args.y);
  for (std::size_t i = 0; i < args.rows * args.cols; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, &x[i], sizeof bits);
    const float value = 1 / (1 + std::exp(-x[i]));
    y[i] = bits % 40007 == 1 ? std::numeric_limits<float>::quiet_NaN()
           : bits % 3 == 1   ? std::nextafter(value, 2.0f)
                             : value;
  }
  return 0;
}

const SweepSet& sigmoids() { return *find_sweep_set("sigmoid/f32"); }

/// 1.2 million arguments around 0: the order starts, and ties of the largest error.
Sweep rough_sweep() { return {sigmoids(), "rough", run_roughly, {150, 400}}; }

std::string joined_in(const Sweep& sweep, std::uint64_t most, std::uint64_t seed) {
  SweptRanges swept(sweep);
  std::vector<SweepRange> ranges = swept.missing(most);
  Rng rng(seed);
  std::shuffle(ranges.begin(), ranges.end(), rng);
  for (const SweepRange range : ranges) {
    const SweepResult part = sweep_range(sweep, range);
    swept.add(range_of_message(range_message(part)));
  }
  const SweepResult joined = swept.joined();
  EXPECT_EQ(swept.missing(most).empty(), joined.failure.empty());
  return sweep_json(joined);
}

TEST(SweptRanges, JoinToTheWholeInAnyOrder) {
  const Sweep sweep = rough_sweep();
  const SweepResult whole = softmark::sweep(sweep);
  EXPECT_GT(whole.non_monotone, 100u);
  EXPECT_GT(whole.errors.not_finite, 10u);
  for (const std::uint64_t most : {kSweepChunk, 3 * kSweepChunk, 100 * kSweepChunk})
    EXPECT_EQ(joined_in(sweep, most, most), sweep_json(whole)) << most;
}

// Steps down at the borders of ranges, in sets with many starts of the order.
TEST(SweptRanges, PairsJoinToo) {
  const SweepSet& set = *find_sweep_set("softmax/f8_e5m2/pairs");
  int calls = 0;
  const auto falling = [&](const softmark_args& args) {
    ++calls;
    auto* y = static_cast<unsigned char*>(args.y);
    const auto* x = static_cast<const unsigned char*>(args.x);
    for (std::size_t i = 0; i < 2 * args.rows; ++i) y[i] = x[i] % 64;
    return 0;
  };
  const Sweep sweep{set, "falling", falling};
  const SweepResult whole = softmark::sweep(sweep);
  EXPECT_GT(whole.non_monotone, 1000u);
  EXPECT_EQ(joined_in(sweep, kSweepChunk, 1), sweep_json(whole));
  EXPECT_GE(calls, 4);
}

TEST(SweptRanges, AFailureEndsWhereTheWholeSweepEnds) {
  Sweep sweep = rough_sweep();
  const std::uint64_t bad = sweep.range().begin + 7 * kSweepChunk;
  float x;
  sigmoids().write(bad, &x);
  sweep.run = [&](const softmark_args& args) {
    if (*static_cast<const float*>(args.x) >= x) throw std::runtime_error("killed by SIGSEGV");
    return run_roughly(args);
  };
  const SweepResult whole = softmark::sweep(sweep);
  EXPECT_EQ(whole.inputs, 7 * kSweepChunk);
  EXPECT_EQ(whole.failure, "killed by SIGSEGV");
  EXPECT_EQ(joined_in(sweep, 2 * kSweepChunk, 3), sweep_json(whole));
}

TEST(SweptRanges, WhatIsMissingIsWhatWasNotAdded) {
  const Sweep sweep = rough_sweep();
  const SweepRange all = sweep.range();
  SweptRanges swept(sweep);
  const auto ranges = swept.missing(2 * kSweepChunk);
  swept.add(sweep_range(sweep, ranges[1]));
  swept.add(sweep_range(sweep, ranges[4]));
  const auto missing = swept.missing(1000 * kSweepChunk);
  ASSERT_EQ(missing.size(), 3u);
  EXPECT_EQ(missing[0].begin, all.begin);
  EXPECT_EQ(missing[0].end, ranges[1].begin);
  EXPECT_EQ(missing[1].begin, ranges[1].end);
  EXPECT_EQ(missing[1].end, ranges[4].begin);
  EXPECT_EQ(missing[2].end, all.end);
  EXPECT_EQ(swept.inputs(), 4 * kSweepChunk);
  EXPECT_FALSE(swept.joined().complete());
}

TEST(SweptRanges, PiecesAreWholeChunksAndEnoughForAll) {
  EXPECT_EQ(inputs_of_piece(100, 4), kSweepChunk);
  EXPECT_EQ(inputs_of_piece(std::uint64_t{1} << 40, 4), 64 * kSweepChunk);
  EXPECT_EQ(inputs_of_piece(std::uint64_t{1} << 29, 512), std::uint64_t{1} << 16);
}

}  // namespace
}  // namespace softmark
