// SPDX-License-Identifier: Apache-2.0
// In the measuring child: samples of a kernel's time, by Google Benchmark or call by call.
#pragma once

#include <string>
#include <vector>

#include "bench/buffers.h"
#include "bench/counters.h"
#include "bench/disturbance.h"
#include "kernels/registry.h"

namespace softmark::bench {

/// What is timed, and what watches it.
struct Timed {
  const Replicate& replicate;
  softmark_fn run;
  Buffers& buffers;
  const std::byte* inputs;  // restored before each call of a kernel that runs in place
  const Meter& meter;
  Counters& counters;
  InsideClock inside = nullptr;  // of a kernel that runs in another process
};

struct Samples {
  std::vector<Sample> samples;
  std::string error;   // of Google Benchmark or the kernel; empty: none
  double outside = 0;  // nanoseconds a call that reaching another process took besides; 0: none
};

/// Samples of at least `min_time` each, `wanted` of them unless the flags say otherwise; where
/// other work disturbed them, up to `tries` times as many are taken and the quietest kept.
Samples take_samples(const Timed& timed, int wanted);

/// p50 and p99 of single calls in nanoseconds, `calls` of them, with the clock's own cost taken
/// off; empty for no calls.
std::vector<double> call_percentiles(const Timed& timed, int calls);

}  // namespace softmark::bench
