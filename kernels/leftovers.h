// SPDX-License-Identifier: Apache-2.0
// What a call may leave behind in its process besides the floating-point state: handlers,
// descriptors, children, threads, memory. The child looks before and after the calls that are
// watched closely; it costs about a hundred system calls.
#pragma once

#include <sched.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdint>

#include "kernels/wire.h"

namespace softmark {

struct Leftovers {
  static constexpr int kSignals = 65, kDescriptors = 64;
  struct sigaction handlers[kSignals];
  std::uint64_t descriptors;  // a bit for each that is open
  std::uint32_t children;     // alive or not waited for
  mode_t umask;
  cpu_set_t affinity;
  std::int64_t timers;      // microseconds left on those that send a signal
  std::uint64_t variables;  // a hash of the process's environment
  wire::Held held;

  /// `closely` as in wire::Call.
  static Leftovers now(int closely);
  /// Before the next call, where nothing but a thread of the library's own has run since: a file
  /// that it had open for a moment may be closed by now.
  Leftovers before_next() const;
  /// wire::Change bits of what must not change even once. Held things that only grow are reported
  /// by the counts.
  std::uint32_t changes_to(const Leftovers& after) const;
  /// Sets the handlers as they were, so that each later call is checked for itself.
  void restore() const;
};

}  // namespace softmark
