// SPDX-License-Identifier: Apache-2.0
#include "bench/cycles.h"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace softmark::bench {
namespace {

/// A counter of this thread's cycles in user mode, or -1.
int open_counter() {
  perf_event_attr wanted{};
  wanted.size = sizeof wanted;
  wanted.type = PERF_TYPE_HARDWARE;
  wanted.config = PERF_COUNT_HW_CPU_CYCLES;
  wanted.exclude_kernel = wanted.exclude_hv = 1;
  wanted.read_format = PERF_FORMAT_TOTAL_TIME_RUNNING;
  return static_cast<int>(syscall(SYS_perf_event_open, &wanted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

std::uint64_t ticks_now() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

std::uint64_t nanoseconds_now() {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

}  // namespace

CycleClock cycle_clock() {
  const int counter = open_counter();
  const int problem = errno;
  if (counter >= 0) {
    close(counter);
    return {"cpu", ""};
  }
#if defined(__x86_64__)
  (void)problem;
  return {"tsc", ""};
#else
  return {"", fmt::format("no perf_event counter of cycles: {}", std::strerror(problem))};
#endif
}

Cycles::Cycles() : counter_(open_counter()), ticks_(ticks_now()), nanoseconds_(nanoseconds_now()) {}

Cycles::~Cycles() {
  if (counter_ >= 0) close(counter_);
}

double Cycles::per_nanosecond() const {
  std::uint64_t cycles_and_time[2] = {};
  if (counter_ >= 0)
    return read(counter_, cycles_and_time, sizeof cycles_and_time) == sizeof cycles_and_time &&
                   cycles_and_time[1]
               ? static_cast<double>(cycles_and_time[0]) / static_cast<double>(cycles_and_time[1])
               : 0;
  return static_cast<double>(ticks_now() - ticks_) /
         static_cast<double>(nanoseconds_now() - nanoseconds_);
}

const char* Cycles::kind() const {
#if defined(__x86_64__)
  return counter_ >= 0 ? "cpu" : "tsc";
#else
  return counter_ >= 0 ? "cpu" : "";
#endif
}

}  // namespace softmark::bench
