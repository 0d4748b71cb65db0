// SPDX-License-Identifier: Apache-2.0
// Exhaustive checks: every input of a set through one kernel, every output compared with the exact
// value. Results of shards merge.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "properties/sweeps/sweep_set.h"
#include "reference/error_statistics.h"
#include "support/json.h"

namespace softmark {

/// Inputs begin .. end - 1 of a set.
struct SweepRange {
  std::uint64_t begin = 0, end = 0;
};

/// What of a range decides whether the first output goes down where the range before it ends.
struct SweepEdges {
  double first = std::numeric_limits<double>::infinity(),
         last = -std::numeric_limits<double>::infinity();
  std::vector<double> first_x;  // the input of `first`
  bool is_open = true;          // neither an output that is a number nor a start of the order yet
};

struct SweepResult {
  std::string set, kernel;
  std::uint64_t shard = 0, shards = 1;
  std::uint64_t inputs = 0,
                total = 0;  // done, and in the shard (after a merge: in all merged shards)
  ErrorStatistics errors;
  std::vector<double> worst_x;  // the row (or the argument) with the largest error
  double worst_got = 0, worst_want = 0;
  std::uint64_t non_monotone =
      0;  // steps down in the first output from one input to the next; shards hide shards - 1 steps
  std::vector<double> first_step_down;  // an input at which it goes down
  std::string failure;  // why the sweep ended early, e.g. the kernel refused; empty otherwise
  SweepRange range;     // as far as it was gone through
  SweepEdges edges;
  bool complete() const { return inputs == total && failure.empty(); }
  /// Adds the inputs, errors, worst row and steps down of what comes after this.
  void add(const SweepResult& later);
};

struct Shard {
  std::uint64_t index = 0, count = 1;
};

/// Runs the kernel on some args; anything but 0, or an exception, ends the sweep with what is known
/// by then.
using RunKernel = std::function<int(const softmark_args&)>;
/// Called after every chunk; false ends the sweep (Ctrl-C), with what is known by then.
using SweepProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// One kernel on one shard of a set.
struct Sweep {
  const SweepSet& set;
  std::string kernel;  // its id
  RunKernel run;
  Shard shard = {};
  softmark_masked_row masked_row = SOFTMARK_MASKED_NAN;  // as its entry declares
  bool saturates = false;

  SweepRange range() const;  // of the shard
};

/// Gone through whole, or a range of it, which SweptRanges joins with the others.
SweepResult sweep(const Sweep& sweep, const SweepProgress& progress = {});
SweepResult sweep_range(const Sweep& sweep, SweepRange range, const SweepProgress& progress = {});

/// Inputs that a kernel sees at once: ranges that are joined begin a multiple of it after their
/// shard's begin, so that the rounded sums of chunks are the same.
inline constexpr std::uint64_t kSweepChunk = 1 << 15;

/// "2/8": the second of eight shards, {1, 8}. Throws Error(kUsage).
Shard parse_shard(const std::string& text);

/// Joins the results of shards of one set and kernel; throws std::invalid_argument for others, or
/// the same shard twice.
SweepResult merge_sweeps(std::span<const SweepResult> parts);

/// As text for people, and as JSON ("softmark.sweep") for --shard and merging.
Json to_json(const SweepResult& result);
SweepResult sweep_from_json(const Json& json);  // throws Json::exception
std::string sweep_text(const SweepResult& result);
std::string sweep_json(const SweepResult& result);
/// Throws Error(kUnreadable), naming `where`.
SweepResult read_sweep(const std::string& json, const std::string& where);

}  // namespace softmark
