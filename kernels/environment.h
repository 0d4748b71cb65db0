// SPDX-License-Identifier: Apache-2.0
// The state that a kernel must leave as it found it, and that costs little to look at: each call
// is compared. The floating-point state is that of the calling thread.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

#include "kernels/layout.h"

namespace softmark {

struct Environment {
  int rounding;
  std::uint64_t control;  // the bits that flush subnormals and those that trap, as the CPU has them
  unsigned short x87, x87_tags;  // control word; which registers are in use
  bool backwards;                // the direction flag of string instructions
  sigset_t signals;
  std::string folder, locale;
  void* thread_locale;
  std::int64_t printed;  // bytes

  /// `last`: of this thread, if nothing but kernels' threads has run since; what takes system calls
  /// to look at is taken from it.
  static Environment now(const Environment* last = nullptr);
  /// wire::Change bits.
  std::uint32_t changes_to(const Environment& after) const;
  /// What these bits say was changed, and the floating-point state.
  void restore(std::uint32_t changes) const;
};

/// Whether this CPU can flush subnormal numbers to zero, as a caller's choice.
bool can_flush();

/// Puts the calling thread into the state, from the plain one. Flushing leaves a CPU that cannot as
/// it is.
void enter(State state);

}  // namespace softmark
