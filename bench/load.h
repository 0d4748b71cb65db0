// SPDX-License-Identifier: Apache-2.0
// How much of the CPUs other work uses.
#pragma once

#include <string>

namespace softmark::bench {

/// Seconds that CPUs spent on work of any kind, and seconds that the hypervisor gave to others, by
/// a line of /proc/stat: "cpu" is all CPUs, "cpu3" one; in steps of a clock tick.
struct CpuSeconds {
  double busy = 0, stolen = 0;
};
CpuSeconds cpu_seconds(const std::string& line = "cpu");

/// CPUs that are busy while this process sleeps for that long: 0.5 is half of one.
double busy_cpus(double seconds);

/// CPUs that work other than this process's and its ended children's kept busy since construction.
class OtherWork {
 public:
  OtherWork();
  double cpus() const;

 private:
  double busy_, own_, start_;
};

}  // namespace softmark::bench
