// SPDX-License-Identifier: Apache-2.0
// Highway's library measures the resolution of the benchmark timer in it whenever a process starts,
// which takes 8 ms: longer than all else of the start. Nothing here uses that timer, and a
// program's own definition comes before a library's.
#include <cstdint>

namespace hwy::platform {

std::uint64_t TimerResolution();
std::uint64_t TimerResolution() { return 1; }

}  // namespace hwy::platform
