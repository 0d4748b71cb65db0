// SPDX-License-Identifier: Apache-2.0
// One replicate: one kernel (or a ceiling) timed on one workload in one fresh process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/ceilings.h"
#include "kernels/softmark.h"
#include "support/channel.h"
#include "support/json.h"

namespace softmark::bench {

/// What a child is asked. Everything that it needs, so that it looks nothing up.
struct Replicate {
  std::string library;             // "" for a built-in
  std::size_t index = 0;           // in that library
  std::optional<Ceiling> ceiling;  // that instead of a kernel, on as many bytes
  softmark_op op = SOFTMARK_SOFTMAX;
  softmark_dtype dtype = SOFTMARK_F32;
  std::size_t rows = 0, cols = 0;
  int threads = 1;
  int cpu = -1;                // pin to it; -1: as the system likes
  std::size_t pool_bytes = 0;  // 0: hot, the same buffers each time; else rotate over this much
  bool in_place = false;       // y is x, restored outside the clock before each call
  double min_time = 0.02;      // seconds a sample
  int samples = 3;
  double most_seconds = 0;  // samples are fewer, down to 5, where they would take longer; 0: never
  std::vector<std::string> flags;  // of Google Benchmark, after ours
};

/// What came of it. `status`: "ok", "unsupported" (the kernel said so), "crash", "timeout",
/// "error".
struct ReplicateResult {
  std::string status = "error";
  std::string message;              // why, where not ok
  std::vector<double> nanoseconds;  // a call, one number a sample
  bool pinned = false;
  double cycles_per_nanosecond = 0;  // while it ran; 0 where nothing counts them
  std::string clock;                 // what counted: "cpu", "tsc", or ""
};

Json to_json(const Replicate& replicate);
Replicate replicate_from_json(const Json& json);
Json to_json(const ReplicateResult& result);
ReplicateResult result_from_json(const Json& json);

/// Runs a child and waits for its end. A crash or a hang is a result, never an exception; an
/// interrupt (support/interrupts.h) ends the wait with status "interrupted".
ReplicateResult run_replicate(const Replicate& replicate, int inputs_fd, double timeout_seconds);

/// The measuring child (role "child-replicate"): the request is a Replicate as JSON, the reply a
/// ReplicateResult; the inputs lie in descriptor 4.
int replicate_main(Channel& parent);

}  // namespace softmark::bench
