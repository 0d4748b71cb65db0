// SPDX-License-Identifier: Apache-2.0
#include "bench/disturbance.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "bench/load.h"
#include "support/strays.h"

namespace softmark::bench {
namespace {

namespace fs = std::filesystem;

/// What work on the same core's other thread takes from this one, roughly: between nothing and
/// half.
constexpr double kLostBeside = 1.0 / 3;

double read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

/// The second number of a thread's schedstat: nanoseconds in which it was ready and did not run.
/// Negative where it cannot be read.
double waited_of(const std::string& schedstat) {
  std::ifstream file(schedstat);
  double ran = 0, waited = -1;
  file >> ran >> waited;
  return file ? waited : -1;
}

std::vector<std::string> schedstats_of(int process) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", process), ignored))
    if (const std::string file = (task.path() / "schedstat").string(); waited_of(file) >= 0)
      files.push_back(file);
  return files;
}

}  // namespace

Meter::Meter(int threads, int cpu, const std::vector<int>& siblings, InsideClock inside)
    : cpu_(cpu < 0 ? "cpu" : fmt::format("cpu{}", cpu)), inside_(inside) {
  for (int sibling : siblings) siblings_.push_back(fmt::format("cpu{}", sibling));
  const std::vector<pid_t> children = own_children();
  alone_ = threads == 1 && !inside && children.empty();
  schedstats_ = schedstats_of(getpid());
  for (pid_t child : children)
    for (std::string& file : schedstats_of(child)) schedstats_.push_back(std::move(file));
}

Reading Meter::now() const {
  Reading reading;
  if (inside_) {
    const InsideTime time = inside_();
    reading.inside = time.spent, reading.waited = time.waited;
  } else {
    for (const std::string& file : schedstats_) reading.waited += std::max(0.0, waited_of(file));
  }
  reading.stolen = 1e9 * cpu_seconds(cpu_).stolen;
  for (const std::string& sibling : siblings_) reading.beside += 1e9 * cpu_seconds(sibling).busy;
  reading.real = read_clock(CLOCK_MONOTONIC);
  reading.cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
  return reading;
}

double Meter::lost(const Reading& before, const Reading& after) const {
  const double real = after.real - before.real;
  if (!(real > 0)) return 0;
  const double timed = inside_ ? std::max(after.inside - before.inside, 1.0) : real;
  double lost = (after.waited - before.waited) / timed + (after.stolen - before.stolen) / real;
  if (alone_) lost = std::max(lost, 1 - (after.cpu - before.cpu) / real);
  lost = std::max(lost, (after.beside - before.beside) / real * kLostBeside);
  return std::clamp(lost, 0.0, 1.0);
}

std::vector<Sample> quietest(std::vector<Sample> samples, std::size_t wanted) {
  if (samples.size() <= wanted) return samples;
  std::vector<double> lost;
  for (const Sample& sample : samples) lost.push_back(sample.lost);
  std::nth_element(lost.begin(), lost.begin() + static_cast<std::ptrdiff_t>(wanted - 1),
                   lost.end());
  const double most = lost[wanted - 1];
  std::vector<Sample> chosen;
  for (const Sample& sample : samples)
    if (sample.lost < most) chosen.push_back(sample);
  for (const Sample& sample : samples)  // of equals the first
    if (sample.lost == most && chosen.size() < wanted) chosen.push_back(sample);
  return chosen;
}

bool is_disturbed(const std::vector<Sample>& samples) {
  const auto disturbed = std::count_if(samples.begin(), samples.end(), [](const Sample& sample) {
    return sample.lost > kDisturbed;
  });
  return 2 * static_cast<std::size_t>(disturbed) >= std::max<std::size_t>(samples.size(), 1);
}

}  // namespace softmark::bench
