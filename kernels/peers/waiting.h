// SPDX-License-Identifier: Apache-2.0
// How a peer's threads wait for work.
#pragma once

#include <cstdlib>
#include <string_view>

namespace softmark {

/// Whether the threads of a pool shall sleep while they wait. Pools spin by default, for speed, and
/// so they are timed; `verify` asks for more threads than there are cores, whose spinning only
/// takes the time of the ones that work, and sets SOFTMARK_WAITING_THREADS=sleep.
inline bool waiting_threads_sleep() {
  const char* value = std::getenv("SOFTMARK_WAITING_THREADS");
  return value && std::string_view(value) == "sleep";
}

}  // namespace softmark
