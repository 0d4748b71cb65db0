// SPDX-License-Identifier: Apache-2.0
// The search for a case that breaks a property: given cases, then random ones by RapidCheck; a
// failing case is shrunk.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "properties/engine/pattern.h"
#include "properties/engine/property.h"

namespace softmark {

/// Tries cases of one property on one kernel, for at most `seconds` of CPU time (four times as long
/// by the clock, where the machine is busy or the kernel waits), and remembers the last that
/// failed, which during shrinking is the smallest so far.
class Hunt {
 public:
  Hunt(KernelSession& session, const Property& property, double seconds);

  /// Tries a case; whether the property holds. Where it fails, the smallest that still does is
  /// searched for.
  bool try_case(const Case& c);
  /// Tries up to `count` random cases of the property's families, and shrinks the first that fails.
  void explore(std::uint64_t seed, int count);
  /// Tries the case that the property's own search finds, whatever time is left.
  void seek(std::uint64_t seed);

  bool out_of_time() const;

  std::optional<Case> worst;  // the smallest that failed
  Fault fault;                // of `worst`
  std::size_t cases = 0, refused = 0;
  std::size_t left_out = 0;  // cases that would take too long
  std::size_t sought = 0;    // rows that the property's own search tried
  // Of all cases that were not refused, the smaller ones of a failing case included.
  std::vector<TriedShape> shapes;
  // Columns of the shortest row that takes longer than the time limit.
  std::size_t too_slow = SIZE_MAX;

 private:
  using Clock = std::chrono::steady_clock;

  bool holds(const Case& c);
  bool fails(const Case& c, Fault found);
  void allow(double seconds);
  void allow_shrinking();

  KernelSession& session_;
  const Property& property_;
  double seconds_;
  Clock::time_point end_;
  mutable Clock::time_point look_again_;
  double cpu_end_ = 0;
  int hangs_ = 0;
};

}  // namespace softmark
