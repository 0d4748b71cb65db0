// SPDX-License-Identifier: Apache-2.0
#include "bench/counters.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace softmark::bench {
namespace {

struct KnownEvent {
  const char* name;
  std::uint32_t type;
  std::uint64_t config;
};
constexpr KnownEvent kEvents[] = {
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {"cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {"tlb_misses", PERF_TYPE_HW_CACHE,
     PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |
         PERF_COUNT_HW_CACHE_RESULT_MISS << 16},
};

}  // namespace

int open_counter(std::uint32_t type, std::uint64_t config) {
  perf_event_attr wanted{};
  wanted.size = sizeof wanted;
  wanted.type = type;
  wanted.config = config;
  wanted.exclude_kernel = wanted.exclude_hv = 1;
  wanted.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  return static_cast<int>(syscall(SYS_perf_event_open, &wanted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

Count read_counter(int counter) {
  std::uint64_t values[3] = {};  // events, enabled, running
  if (read(counter, values, sizeof values) != static_cast<ssize_t>(sizeof values)) return {};
  return {static_cast<double>(values[0]), static_cast<double>(values[1]),
          static_cast<double>(values[2])};
}

Counters::Counters() {
  for (const KnownEvent& known : kEvents)
    if (const int counter = open_counter(known.type, known.config); counter >= 0)
      events_.push_back({known.name, counter, {}});
}

Counters::~Counters() {
  for (const Event& event : events_) close(event.counter);
}

void Counters::start() {
  for (Event& event : events_) event.before = read_counter(event.counter);
}

void Counters::stop(double calls) {
  for (Event& event : events_) {
    const Count now = read_counter(event.counter);
    const double running = now.running - event.before.running;
    if (running > 0)
      event.total +=
          (now.value - event.before.value) * (now.enabled - event.before.enabled) / running;
  }
  calls_ += calls;
}

std::map<std::string, double> Counters::per_call() const {
  std::map<std::string, double> events;
  for (const Event& event : events_)
    if (calls_ > 0) events[event.name] = event.total / calls_;
  return events;
}

}  // namespace softmark::bench
