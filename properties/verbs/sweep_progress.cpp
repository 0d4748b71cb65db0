// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "properties/verbs/sweep_verb.h"
#include "support/interrupts.h"

namespace softmark::sweep_verb {

// Rewritten in place twice a second on a terminal, silent in a pipe.
SweepProgress progress_line() {
  const auto start = std::chrono::steady_clock::now();
  auto last = std::make_shared<std::chrono::steady_clock::time_point>();
  return [=](std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> spent = now - start;
    if (isatty(STDERR_FILENO) && (done == total || now - *last > std::chrono::milliseconds(500))) {
      *last = now;
      const double left = spent.count() * static_cast<double>(total - done) /
                          static_cast<double>(std::max<std::uint64_t>(done, 1));
      std::fprintf(stderr, "\rsweep %5.1f %%  %.0f s left %s",
                   100.0 * static_cast<double>(done) / static_cast<double>(total), left,
                   done == total ? "\n" : "");
    }
    return !interrupted();
  };
}

}  // namespace softmark::sweep_verb
