// SPDX-License-Identifier: Apache-2.0
// Exhaustive checks: every input of a set through one kernel, every output judged exactly. Results
// of shards merge.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/judge.h"

namespace softmark {

/// A set of inputs that can be gone through whole, in an order in which the first output of each
/// row must not decrease.
struct SweepSet {
  enum Kind {
    kUnary,  // float32 arguments one by one, where sigmoid is neither 0, 1/2 nor 1: [-104, -2^-24]
             // and [2^-24, 17.33]
    kWithZero,     // the same t as rows [t, 0]
    kPatterns,     // all bit patterns of a type of one or two bytes one by one
    kPairs,        // all finite bfloat16 pairs as rows [a, b]
    kPatternPairs  // all pairs of bit patterns of a type of one byte as rows [a, b]
  };
  std::string_view name, what;
  softmark_op op;
  softmark_dtype dtype;
  Kind kind;
  std::uint64_t inputs() const;  // rows; for kUnary and kPatterns elements
};
std::span<const SweepSet> sweep_sets();
const SweepSet* find_sweep_set(std::string_view name);

struct SweepResult {
  std::string set, kernel;
  std::uint64_t shard = 0, shards = 1;
  std::uint64_t inputs = 0,
                total = 0;  // done, and in the shard (after a merge: in all merged shards)
  Judgement judgement;
  std::vector<double> worst_x;  // the row (or the argument) with the largest error
  double worst_got = 0, worst_want = 0;
  std::uint64_t non_monotone =
      0;  // steps down in the first output from one input to the next; shards hide shards - 1 steps
  std::vector<double> first_step_down;  // an input at which it goes down
  std::string failure;  // why the sweep ended early, e.g. the kernel refused; empty otherwise
  bool complete() const { return inputs == total && failure.empty(); }
};

/// Runs the kernel on some args; anything but 0, or an exception, ends the sweep with what is known
/// by then.
using RunKernel = std::function<int(const softmark_args&)>;
/// Told after every chunk; false ends the sweep (Ctrl-C), with what is known by then.
using SweepProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

SweepResult sweep(const SweepSet& set, const std::string& kernel, const RunKernel& run,
                  std::uint64_t shard = 0, std::uint64_t shards = 1,
                  const SweepProgress& progress = {},
                  softmark_masked_row masked_row = SOFTMARK_MASKED_NAN, bool saturates = false);

/// "2/8": the second of eight shards, {1, 8}. Throws Error(kUsage).
struct Shard {
  std::uint64_t index, count;
};
Shard parse_shard(const std::string& text);

/// Joins the results of shards of one set and kernel; throws std::invalid_argument for others, or
/// the same shard twice.
SweepResult merge_sweeps(std::span<const SweepResult> parts);

/// As text for people, and as JSON ("softmark.sweep") for --shard and merging.
std::string sweep_text(const SweepResult& result);
std::string sweep_json(const SweepResult& result);
/// Throws Error(kUnreadable), naming `where`.
SweepResult read_sweep(const std::string& json, const std::string& where);

}  // namespace softmark
