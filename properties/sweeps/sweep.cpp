// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/sweep.h"

#include <algorithm>
#include <stdexcept>

#include "properties/sweeps/sweep_chunk.h"
#include "properties/sweeps/sweep_errors.h"

namespace softmark {
namespace {

/// Why the call failed; empty where it did not.
std::string failure_of(const RunKernel& run, const softmark_args& args) {
  try {
    const int status = run(args);
    return status ? "the kernel refused with status " + std::to_string(status) : "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

SweepRange Sweep::range() const {
  const auto [index, count] = shard;
  if (count == 0 || index >= count)
    throw std::invalid_argument("shard " + std::to_string(index) + " of " + std::to_string(count));
  const std::uint64_t begin = set.inputs() / count * index + std::min(index, set.inputs() % count);
  return {begin, begin + set.inputs() / count + (index < set.inputs() % count)};
}

SweepResult sweep(const Sweep& sweep, const SweepProgress& progress) {
  return sweep_range(sweep, sweep.range(), progress);
}

SweepResult sweep_range(const Sweep& sweep, SweepRange part, const SweepProgress& progress) {
  SweepResult result;
  result.set = sweep.set.name;
  result.kernel = sweep.kernel;
  result.shard = sweep.shard.index;
  result.shards = sweep.shard.count;
  result.total = part.end - part.begin;
  result.range = {part.begin, part.begin};

  SweepChunk chunk(sweep.set);
  SweepErrors errors(result, sweep.masked_row, sweep.saturates);
  for (std::uint64_t& k = result.range.end; k < part.end;) {
    chunk.fill(k, static_cast<std::size_t>(std::min(kSweepChunk, part.end - k)));
    result.failure = failure_of(sweep.run, chunk.arguments());
    if (!result.failure.empty()) break;
    chunk.load_outputs();
    errors.add(chunk);
    k += chunk.count();
    if (progress && !progress(result.inputs, result.total)) break;
  }
  return result;
}

void SweepResult::add(const SweepResult& later) {
  if (worst_x.empty() || later.errors.max_ulp > errors.max_ulp) {
    worst_x = later.worst_x;
    worst_got = later.worst_got;
    worst_want = later.worst_want;
  }
  errors.merge(later.errors);
  inputs += later.inputs;
  non_monotone += later.non_monotone;
  if (first_step_down.empty()) first_step_down = later.first_step_down;
}

SweepResult merge_sweeps(std::span<const SweepResult> parts) {
  if (parts.empty()) throw std::invalid_argument("no sweeps to merge");
  SweepResult whole = parts[0];
  std::vector<bool> seen(static_cast<std::size_t>(whole.shards));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const SweepResult& part = parts[i];
    if (part.set != whole.set || part.kernel != whole.kernel || part.shards != whole.shards)
      throw std::invalid_argument("sweeps of different sets, kernels or shards cannot be merged");
    if (seen[static_cast<std::size_t>(part.shard)])
      throw std::invalid_argument("shard " + std::to_string(part.shard + 1) + "/" +
                                  std::to_string(part.shards) + " is given twice");
    seen[static_cast<std::size_t>(part.shard)] = true;
    if (i == 0) continue;
    whole.add(part);
    whole.total += part.total;
    if (whole.failure.empty()) whole.failure = part.failure;
  }
  return whole;
}

}  // namespace softmark
