// SPDX-License-Identifier: Apache-2.0
// Exhaustive checks: every input of a set through one kernel, every output compared with the exact
// value. Results of shards merge.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "properties/sweeps/sweep_set.h"
#include "reference/error_statistics.h"

namespace softmark {

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
  bool complete() const { return inputs == total && failure.empty(); }
};

/// Runs the kernel on some args; anything but 0, or an exception, ends the sweep with what is known
/// by then.
using RunKernel = std::function<int(const softmark_args&)>;
/// Called after every chunk; false ends the sweep (Ctrl-C), with what is known by then.
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
