// SPDX-License-Identifier: Apache-2.0
// Cycles besides seconds: by the core's own counter where the system lets a process read it, else
// by its clock rate as estimated just before and after.
#pragma once

#include <cstdint>
#include <string>

namespace softmark::bench {

/// How cycles are counted here: "cpu", the core's own counter through perf_event; "estimated", time
/// multiplied by the clock rate of the core (core_rate); "" with the reason where there is neither.
struct CycleClock {
  std::string kind, reason;
};
CycleClock cycle_clock();

/// Cycles per nanosecond of the core that runs this, by the fastest of several short runs of a
/// chain of dependent multiplications, each of which takes three cycles on every x86-64 core since
/// 2008; 0 on other processors.
double core_rate();

/// Ticks of the reference clock (TSC) per nanosecond since construction: a constant rate, whatever
/// the core's is; 0 where there is none.
class Ticks {
 public:
  Ticks();
  double per_nanosecond() const;

 private:
  std::uint64_t ticks_, nanoseconds_;
};

/// Counts from construction on, in the calling thread.
class Cycles {
 public:
  Cycles();
  ~Cycles();
  Cycles(const Cycles&) = delete;
  Cycles& operator=(const Cycles&) = delete;

  /// Ends the counting and says its result.
  void stop();
  /// Cycles per nanosecond on a core; 0 where they cannot be counted.
  double per_nanosecond() const { return rate_; }
  /// How far the estimated rate moved between start and end, relative to it; 0 for a counter.
  double drift() const { return drift_; }
  /// "cpu", "estimated" or "".
  const char* kind() const;

 private:
  int counter_;
  double rate_ = 0, drift_ = 0;
};

}  // namespace softmark::bench
