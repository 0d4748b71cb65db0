// SPDX-License-Identifier: Apache-2.0
#include "bench/cycles.h"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

#include "bench/counters.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace softmark::bench {
namespace {

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

int open_cycles() { return open_counter(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES); }

}  // namespace

CycleClock cycle_clock() {
  const int counter = open_cycles();
  const int problem = errno;
  if (counter >= 0) {
    close(counter);
    return {"cpu", ""};
  }
#if defined(__x86_64__)
  (void)problem;
  return {"estimated", ""};
#else
  return {"", fmt::format("no perf_event counter of cycles: {}", std::strerror(problem))};
#endif
}

double core_rate() {
#if defined(__x86_64__)
  constexpr int kRuns = 7, kSteps = 1000, kMultiplications = 16, kLatency = 3;
  std::uint64_t least = ~std::uint64_t{0};
  for (int run = 0; run < kRuns; ++run) {
    std::uint64_t value = 3;
    const std::uint64_t start = nanoseconds_now();
    for (int step = 0; step < kSteps; ++step)
      asm volatile(
          "imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0\n\t"
          "imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0\n\t"
          "imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0\n\t"
          "imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0"
          : "+r"(value));
    least = std::min(least, nanoseconds_now() - start);
  }
  return static_cast<double>(kSteps * kMultiplications * kLatency) / static_cast<double>(least);
#else
  return 0;
#endif
}

Ticks::Ticks() : ticks_(ticks_now()), nanoseconds_(nanoseconds_now()) {}

double Ticks::per_nanosecond() const {
  return static_cast<double>(ticks_now() - ticks_) /
         static_cast<double>(std::max<std::uint64_t>(nanoseconds_now() - nanoseconds_, 1));
}

Cycles::Cycles() : counter_(open_cycles()), rate_(counter_ < 0 ? core_rate() : 0) {}

Cycles::~Cycles() {
  if (counter_ >= 0) close(counter_);
}

void Cycles::stop() {
  if (counter_ < 0) {
    const double before = rate_, after = core_rate();
    rate_ = (before + after) / 2;
    drift_ = rate_ > 0 ? std::abs(after - before) / rate_ : 0;
    return;
  }
  const Count count = read_counter(counter_);
  rate_ = count.running > 0 ? count.value / count.running : 0;
}

const char* Cycles::kind() const {
#if defined(__x86_64__)
  return counter_ >= 0 ? "cpu" : "estimated";
#else
  return counter_ >= 0 ? "cpu" : "";
#endif
}

}  // namespace softmark::bench
