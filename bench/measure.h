// SPDX-License-Identifier: Apache-2.0
// Replication: every kernel on a workload in many fresh processes, interleaved, with the ceilings
// among them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/process.h"
#include "bench/workload.h"
#include "kernels/registry.h"
#include "support/progress.h"

namespace softmark::bench {

class InputsCache;

enum class Cache { kHot, kCold };

struct BenchOptions {
  std::vector<std::string> kernels, ops, dtypes;  // filters; no op: softmax, no dtype: f32
  Effort effort = Effort::standard;
  std::uint64_t seed = 0x5eed;
  std::vector<int> threads;            // empty: 1, and all for those that claim THREADED
  std::vector<std::string> workloads;  // globs; empty: the effort's
  std::string logits;                  // an .npy file, instead of named workloads
  std::size_t rows = 0, cols = 0;      // both: one's own shape, instead of named workloads
  Distribution distribution = Distribution::kNormal;  // of one's own shape
  int processes = 0;                                  // 0: as the effort says
  double min_time = 0;                                // seconds a sample; 0: as the effort says
  bool hot = true, cold = false;
  bool in_place = false;  // kernels that claim it only
  std::vector<std::string> benchmark_flags;
  std::string resume;  // name of a document whose whole workloads are kept; empty: none
  Json resumed;        // that document
};

struct Replication {
  int processes, samples;
  double min_time;
  double timeout;  // seconds for one process
  double most_seconds =
      0;  // of samples in one process, where that still leaves 5 of them; 0: no limit
};
Replication replication_of(const BenchOptions& options);

/// One line of `measurements` or `ceilings`: what was run, and every sample in nanoseconds a call,
/// process by process.
struct Series {
  std::optional<Kernel> kernel;  // none: a ceiling
  Ceiling ceiling = Ceiling::kMemcpy;
  Workload workload;
  softmark_op op = SOFTMARK_SOFTMAX;
  softmark_dtype dtype = SOFTMARK_F32;
  int threads = 1;
  Cache cache = Cache::kHot;
  bool in_place = false;
  std::size_t bytes = 0;       // moved at least: inputs read once, output written once
  std::size_t pool_bytes = 0;  // rotated over; 0 when hot
  std::string status = "ok", message;
  std::vector<std::vector<double>> samples;
  bool pinned = true;
  bool kept = false;                          // from an earlier run: not to be run again
  std::vector<double> cycles_per_nanosecond;  // a process an entry
  std::string clock;                          // what counted those cycles: "cpu", "tsc" or ""

  /// What times are told by: logits, whatever the op gives back; multiply-adds of fma; calls of
  /// nothing.
  double elements() const;
};

/// What a run of series gave. Series that an interruption left without a sample are not in it.
struct Measured {
  std::vector<Series> series;
  std::vector<std::string> warnings;
  bool complete = true;
};

/// What the options ask to time on: named workloads, an .npy file, or one's own shape. Throws
/// Error(kUsage, kUnreadable).
std::vector<Workload> workloads_of(const BenchOptions& options);
/// A series that is still to run; "unsupported" already where its buffers would not fit the memory.
Series plan_series(const Kernel& kernel, const Workload& workload, int threads, Cache cache,
                   bool in_place);

/// Times `kernels` as the options say. Throws Error(kUsage) for options that contradict each other
/// or name nothing.
Measured measure(const BenchOptions& options, const std::vector<Kernel>& kernels);

/// A ceiling that is still to run, for the bytes, threads and cache of a kernel's series.
Series plan_ceiling(Ceiling ceiling, const Series& of);

/// Runs the series of one workload, a process of each a round, and appends their samples. Round r
/// goes by orders[r % size]; without orders, forward and backward in turn (ABBA). `done` rounds
/// went before, which says whose core's turn it is. A series that crashes, hangs or refuses keeps
/// that status and is not tried again. Returns false when interrupted.
bool interleave(std::vector<Series>& series, const BenchOptions& options,
                const Replication& replication, Progress& progress, InputsCache& inputs,
                std::vector<std::vector<std::size_t>> orders = {}, int done = 0);

}  // namespace softmark::bench
