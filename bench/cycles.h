// SPDX-License-Identifier: Apache-2.0
// Cycles beside seconds, where something counts them.
#pragma once

#include <cstdint>
#include <string>

namespace softmark::bench {

/// Which clock counts cycles here: "cpu", the core's own through perf_event; "tsc", reference
/// cycles at a constant rate, whatever the core runs at; "" with the reason where neither can be
/// had.
struct CycleClock {
  std::string kind, reason;
};
CycleClock cycle_clock();

/// Counts from its making on, in the calling thread.
class Cycles {
 public:
  Cycles();
  ~Cycles();
  Cycles(const Cycles&) = delete;
  Cycles& operator=(const Cycles&) = delete;

  /// Cycles a nanosecond so far: of the time on a core ("cpu") or of all time ("tsc"); 0 where
  /// nothing counts.
  double per_nanosecond() const;
  const char* kind() const;

 private:
  int counter_;
  std::uint64_t ticks_, nanoseconds_;
};

}  // namespace softmark::bench
