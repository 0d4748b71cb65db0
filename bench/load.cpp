// SPDX-License-Identifier: Apache-2.0
#include "bench/load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace softmark::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double own_seconds() {
  double total = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    getrusage(who, &used);
    total += seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  }
  return total;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

CpuSeconds cpu_seconds(const std::string& wanted) {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line) && line.starts_with("cpu");) {
    std::istringstream numbers(line);
    std::string name;
    double ticks[8] = {};  // user nice system idle iowait irq softirq steal
    numbers >> name;
    for (double& tick : ticks) numbers >> tick;
    if (name != wanted || !numbers) continue;
    const auto second = static_cast<double>(sysconf(_SC_CLK_TCK));
    return {(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / second, ticks[7] / second};
  }
  return {};
}

double busy_cpus(double seconds) {
  const double before = cpu_seconds().busy, start = now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  return (cpu_seconds().busy - before) / std::max(now() - start, seconds);
}

OtherWork::OtherWork() : busy_(cpu_seconds().busy), own_(own_seconds()), start_(now()) {}

double OtherWork::cpus() const {
  const double others = cpu_seconds().busy - busy_ - (own_seconds() - own_);
  const double time = now() - start_;
  return time > 0 ? std::max(0.0, others / time) : 0;
}

}  // namespace softmark::bench
