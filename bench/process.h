// SPDX-License-Identifier: Apache-2.0
// One replicate: a kernel (or a ceiling) timed on one workload in one fresh process.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/ceilings.h"
#include "kernels/softmark.h"
#include "support/channel.h"
#include "support/child.h"
#include "support/json.h"

/// An optional value in JSON: null where it is empty.
template <class T>
struct nlohmann::adl_serializer<std::optional<T>> {
  static void to_json(json& json, const std::optional<T>& value) {
    json = value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  }
  static void from_json(const json& json, std::optional<T>& value) {
    value = json.is_null() ? std::nullopt : std::optional(json.get<T>());
  }
};

namespace softmark::bench {

/// The pages of the buffers: 4 KiB, or 2 MiB where the system gives them.
enum class Pages { k4k, k2m };

/// The request to the child process. It is complete: the child looks nothing up.
struct Replicate {
  std::string library;             // "" for a built-in
  std::size_t index = 0;           // in that library
  std::optional<Ceiling> ceiling;  // timed instead of a kernel, on as many bytes
  softmark_op op = SOFTMARK_SOFTMAX;
  softmark_dtype dtype = SOFTMARK_F32;
  std::size_t rows = 0, cols = 0;
  int threads = 1;
  int cpu = -1;               // pin to it; -1: not pinned
  std::vector<int> siblings;  // CPUs that share its core
  // 0: hot, the same buffers each time; else rotates over this many bytes.
  std::size_t pool_bytes = 0;
  bool in_place = false;   // y is x, restored before each call, outside the timed region
  double min_time = 0.02;  // seconds per sample
  int samples = 3;
  double most_seconds = 0;         // limit for all samples, as long as 5 remain; 0: none
  std::vector<std::string> flags;  // for Google Benchmark, after ours
  Pages pages = Pages::k2m;
  int tries = 1;             // how often samples are taken where other work disturbed them
  int calls = 0;             // timed one by one besides, for their percentiles; 0: none
  bool samples_isa = false;  // looks which vector instructions the kernel executes
};

/// Its result. `status`: "ok", "unsupported" (the kernel declined), "crash", "timeout", "error".
struct ReplicateResult {
  std::string status = "error";
  std::string message;              // the reason, where not ok
  std::vector<double> nanoseconds;  // per call, one number per sample
  bool pinned = false;
  int cpu = -1;            // the core it was pinned to
  std::string pages;       // of its buffers: "4k", "2m" or "mixed"
  bool disturbed = false;  // at least half of the samples lost time to other work
  double lost = 0;         // the largest share that a sample lost
  // While it ran; 0 where unknown. `drift`: how far the core's clock moved meanwhile, a share of
  // it.
  double cycles_per_nanosecond = 0, ticks_per_nanosecond = 0, drift = 0;
  std::string clock;                     // what counted cycles: "cpu", "estimated" or ""
  std::map<std::string, double> events;  // a call, where the system counts them
  std::string isa;                // the vector instructions seen; empty: not looked for, or unknown
  std::vector<double> additions;  // a cycle, before and after (neighbours.h)
  std::vector<double> percentiles;  // of single calls, nanoseconds: p50, p99; empty: not taken
};

// How both travel: as JSON between two processes of one program, so enums are numbers.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Replicate, library, index, ceiling, most_seconds, op, dtype,
                                   rows, cols, threads, cpu, siblings, pool_bytes, in_place,
                                   min_time, samples, flags, pages, tries, calls, samples_isa)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReplicateResult, status, message, nanoseconds, pinned, cpu,
                                   pages, disturbed, lost, cycles_per_nanosecond,
                                   ticks_per_nanosecond, drift, clock, events, isa, additions,
                                   percentiles)

/// Processes that have loaded a library and wait, because loading one may take a second. Replicate
/// `which` of each series is timed in a copy of process `which`, so that the replicates of a series
/// differ in where the library lies, as fresh processes do.
class LoadedLibraries {
 public:
  /// For this many replicates of a series; further ones, or none, load for themselves.
  explicit LoadedLibraries(int replicates);
  /// Not started() where a process must load the library itself: a built-in, and a library that
  /// starts threads or processes.
  ChildProcess copy(const Replicate& replicate, std::size_t which, int inputs_fd);

 private:
  std::size_t replicates_;
  std::map<std::string, std::vector<std::optional<ChildProcess>>> loaded_;
};

/// Runs a child and waits for its end. A crash or a hang is a result, never an exception; an
/// interrupt (support/interrupts.h) ends the wait with status "interrupted". `child`: a copy that
/// LoadedLibraries made.
ReplicateResult run_replicate(const Replicate& replicate, int inputs_fd, double timeout_seconds,
                              ChildProcess child = {});

/// The measuring child (role "child-replicate"): the request is a Replicate as JSON, the reply a
/// ReplicateResult; the inputs lie in descriptor 4.
int replicate_main(Channel& parent);

/// A child that loads the library of a Replicate, answers whether it can be copied, and whose
/// copies are measuring children (role "child-library").
int library_main(Channel& parent);

}  // namespace softmark::bench
