// SPDX-License-Identifier: Apache-2.0
// Cycles besides seconds, where a counter is available.
#pragma once

#include <cstdint>
#include <string>

namespace softmark::bench {

/// The clock that counts cycles here: "cpu", the core's own through perf_event; "tsc", reference
/// cycles at a constant rate, independent of the core's frequency; "" with the reason where neither
/// is available.
struct CycleClock {
  std::string kind, reason;
};
CycleClock cycle_clock();

/// Counts from construction on, in the calling thread.
class Cycles {
 public:
  Cycles();
  ~Cycles();
  Cycles(const Cycles&) = delete;
  Cycles& operator=(const Cycles&) = delete;

  /// Cycles per nanosecond so far: of the time on a core ("cpu") or of all time ("tsc"); 0 without
  /// a counter.
  double per_nanosecond() const;
  const char* kind() const;

 private:
  int counter_;
  std::uint64_t ticks_, nanoseconds_;
};

}  // namespace softmark::bench
