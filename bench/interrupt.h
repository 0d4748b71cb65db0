// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a request to stop soon and keep what is known, instead of sudden death.
#pragma once

#include <csignal>

namespace softmark {

/// While one lives, the first SIGINT or SIGTERM is noted and the second ends the program as usual.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  struct sigaction old_int_, old_term_;
};

/// Whether one came since the program started.
bool interrupted();

}  // namespace softmark
