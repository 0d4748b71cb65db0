// SPDX-License-Identifier: Apache-2.0
// Replication: every kernel on a workload in many fresh processes, interleaved, together with the
// ceilings.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/process.h"
#include "bench/workload.h"
#include "kernels/registry.h"

namespace softmark::bench {

enum class Cache { kHot, kCold };

struct BenchOptions {
  std::vector<std::string> kernels, ops, dtypes;  // filters; no op: softmax, no dtype: f32
  // No op and no dtype: at each workload what it is used for (workload.h), from standard effort on.
  bool uses = false;
  Effort effort = Effort::standard;
  std::uint64_t seed = 0x5eed;
  std::vector<int> threads;            // empty: 1, and all for those that claim THREADED
  std::vector<std::string> workloads;  // globs; empty: the effort's
  std::string logits;                  // an .npy file, instead of named workloads
  std::size_t rows = 0, cols = 0;      // both: a given shape, instead of named workloads
  Distribution distribution = Distribution::kNormal;  // of the given shape
  int processes = 0;                                  // 0: by the effort
  double min_time = 0;                                // seconds per sample; 0: by the effort
  bool hot = true, cold = false;
  bool in_place = false;       // kernels that claim it only
  std::optional<Pages> pages;  // none: 2 MiB where the system gives them
  bool pin = true;             // a single thread to a core
  std::vector<std::string> benchmark_flags;
  std::string resume;  // name of a document whose complete workloads are kept; empty: none
  Json resumed;        // that document
};

/// Whether the options name kernels by whole ids, which include op and type.
bool names_kernels(const BenchOptions& options);
/// Whether each workload is timed with what it is used for.
bool uses_decide(const BenchOptions& options);

struct Replication {
  int processes, samples;
  double min_time;
  double timeout;  // seconds for one process
  // Limit for the samples of one process, as long as 5 of them remain; 0: no limit.
  double most_seconds = 0;
  int tries = 1;  // how often samples are taken where other work disturbed them
};
Replication replication_of(const BenchOptions& options);

/// One entry of `measurements` or `ceilings`: what was run, and what its processes gave.
struct Series {
  std::optional<Kernel> kernel;  // none: a ceiling
  Ceiling ceiling = Ceiling::kMemcpy;
  Workload workload;
  softmark_op op = SOFTMARK_SOFTMAX;
  softmark_dtype dtype = SOFTMARK_F32;
  int threads = 1;
  Cache cache = Cache::kHot;
  bool in_place = false;
  std::size_t bytes = 0;       // at least moved: inputs read once, output written once
  std::size_t pool_bytes = 0;  // rotated over; 0 when hot
  std::string status = "ok", message;
  std::vector<ReplicateResult> processes;  // those that gave samples
  int repeated = 0;   // processes that were run again because other work disturbed them
  bool kept = false;  // from an earlier run, not to be run again

  /// The divisor for times: logits, for every op's output; multiply-adds for fma; calls for
  /// nothing.
  double elements() const;
  /// In nanoseconds per call, process by process.
  std::vector<std::vector<double>> samples() const;
  /// How many of the processes are disturbed.
  std::size_t disturbed() const;
  /// Whether every process was pinned to a core.
  bool pinned() const;
};

/// The result of running series. Series without a sample because of an interruption are not
/// included.
struct Measured {
  std::vector<Series> series;
  std::vector<std::string> warnings;
  bool complete = true;
};

/// The workloads that the options select: named ones, an .npy file, or a given shape. Throws
/// Error(kUsage, kUnreadable).
std::vector<Workload> workloads_of(const BenchOptions& options);
/// A series that has not run yet; already "unsupported" where its buffers would not fit into
/// memory.
Series plan_series(const Kernel& kernel, const Workload& workload, int threads, Cache cache,
                   bool in_place);

/// How long `measure` takes, apart from what other work disturbs.
double estimated_seconds(const BenchOptions& options, const std::vector<Kernel>& kernels);

/// Times `kernels` as the options say. Throws Error(kUsage) for options that contradict each other
/// or select nothing.
Measured measure(const BenchOptions& options, const std::vector<Kernel>& kernels);

/// What cold calls rotate over: four times the last-level cache, so that a buffer is evicted before
/// it is used again; less where memory is short.
std::size_t cold_pool_bytes();

/// A ceiling that has not run yet, for the bytes, threads and cache of a kernel's series.
Series plan_ceiling(Ceiling ceiling, const Series& of);

}  // namespace softmark::bench
