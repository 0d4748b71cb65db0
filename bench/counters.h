// SPDX-License-Identifier: Apache-2.0
// What the CPU counts of a call, where perf_event lets a process read it: instructions, misses.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace softmark::bench {

/// A perf_event counter of the calling thread in user mode, counting from now on; -1 with errno
/// where there is none.
int open_counter(std::uint32_t type, std::uint64_t config);

/// The events counted, and the nanoseconds in which they were. The kernel shares the CPU's few
/// counters among the events that are open: `value` holds for `running` of the `enabled` time.
struct Count {
  double value = 0, enabled = 0, running = 0;
};
Count read_counter(int counter);

/// Instructions, cache misses (of the last level) and misses of the data TLB in timed loops.
class Counters {
 public:
  Counters();
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  void start();
  void stop(double calls);
  /// Events a call by name ("instructions", "cache_misses", "tlb_misses"); what cannot be counted
  /// here is missing.
  std::map<std::string, double> per_call() const;

 private:
  struct Event {
    std::string name;
    int counter;
    Count before;
    double total = 0;
  };
  std::vector<Event> events_;
  double calls_ = 0;
};

}  // namespace softmark::bench
