// SPDX-License-Identifier: Apache-2.0
// What other work on the cores took from a sample: the share of its time in which this process was
// ready to run and did not.
#pragma once

#include <string>
#include <vector>

#include "kernels/registry.h"

namespace softmark::bench {

/// A sample that lost more of its time to other work is disturbed.
inline constexpr double kDisturbed = 0.05;

/// Clocks around a sample, in nanoseconds.
struct Reading {
  double real = 0;
  double cpu = 0;     // of the calling thread
  double waited = 0;  // ready but not running: all threads of the process and of its children
  double stolen = 0;  // taken by the hypervisor from the cores in use, in steps of a clock tick
  double inside = 0;  // of real, in a kernel that runs in another process
  double beside = 0;  // in which CPUs that share the core were busy, likewise
};

/// Reads them. Made after a first call of the kernel, when its threads and processes are there.
class Meter {
 public:
  /// `cpu`: the CPU that a single thread is pinned to; -1: all may be used. `siblings`: those that
  /// share its core. `inside`: of a kernel that runs in another process, which is then all that
  /// counts as waiting: the processes wait for each other besides.
  Meter(int threads, int cpu, const std::vector<int>& siblings = {}, InsideClock inside = nullptr);
  Reading now() const;
  /// The share of the time between two readings that other work took, 0 .. 1: what the hypervisor
  /// took, and what threads waited for a core by the system's count. A thread that times alone and
  /// waits for no other must also have been on its core all the time, and of the time in which its
  /// core was shared a third is lost.
  double lost(const Reading& before, const Reading& after) const;
  /// Whether it times one thread that waits for no other thread or process.
  bool alone() const { return alone_; }
  /// Whether the system counts the time that threads wait for a core.
  bool counts_waiting() const { return !schedstats_.empty(); }

 private:
  std::string cpu_;                    // its line in /proc/stat
  std::vector<std::string> siblings_;  // likewise
  bool alone_;                         // one thread and no child: it never waits for another's work
  InsideClock inside_;
  std::vector<std::string> schedstats_;
};

/// A sample with its share of lost time.
struct Sample {
  double nanoseconds = 0, lost = 0;
};
/// The `wanted` samples that lost least, in the order in which they were taken.
std::vector<Sample> quietest(std::vector<Sample> samples, std::size_t wanted);
/// Whether disturbed samples can move the median of these: at least half of them are disturbed.
bool is_disturbed(const std::vector<Sample>& samples);

}  // namespace softmark::bench
