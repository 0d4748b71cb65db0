// SPDX-License-Identifier: Apache-2.0
#include "bench/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/cycles.h"
#include "bench/statistics.h"

namespace softmark::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFewest = 50;
constexpr double kAlone = 0.98;   // this quantile of the looks is taken for a core alone
constexpr double kShared = 0.85;  // of that
constexpr double kWorthSaying = 0.1;

#if defined(__x86_64__)
/// Nanoseconds for `steps` times sixteen additions in eight registers.
double time_additions(int steps) {
  std::uint64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
  const auto start = Clock::now();
  for (int step = 0; step < steps; ++step)
    asm volatile(
        "add $1, %0\n\tadd $1, %1\n\tadd $1, %2\n\tadd $1, %3\n\t"
        "add $1, %4\n\tadd $1, %5\n\tadd $1, %6\n\tadd $1, %7\n\t"
        "add $1, %0\n\tadd $1, %1\n\tadd $1, %2\n\tadd $1, %3\n\t"
        "add $1, %4\n\tadd $1, %5\n\tadd $1, %6\n\tadd $1, %7"
        : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h));
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}
#endif

}  // namespace

double additions_per_cycle() {
#if defined(__x86_64__)
  constexpr int kRuns = 3, kSteps = 1000;
  double least = time_additions(kSteps);
  for (int run = 1; run < kRuns; ++run) least = std::min(least, time_additions(kSteps));
  const double cycles = least * core_rate();
  return cycles > 0 ? 16 * kSteps / cycles : 0;
#else
  return 0;
#endif
}

Sharing sharing_of(std::vector<double> looks) {
  std::erase_if(looks, [](double look) { return !(look > 0); });
  if (looks.size() < kFewest) return {};
  std::sort(looks.begin(), looks.end());
  const double best =
      looks[static_cast<std::size_t>(kAlone * static_cast<double>(looks.size() - 1))];
  const auto end = std::lower_bound(looks.begin(), looks.end(), kShared * best);
  if (end == looks.begin()) return {};
  const std::vector<double> shared(looks.begin(), end);
  return {static_cast<double>(shared.size()) / static_cast<double>(looks.size()),
          best / median(shared)};
}

std::vector<double> look_at_cores() {
  constexpr int kLooks = 200;
  constexpr std::chrono::milliseconds kPause{2};
  std::vector<double> looks;
  for (int look = 0; look < kLooks; ++look) {
    looks.push_back(additions_per_cycle());
    std::this_thread::sleep_for(kPause);
  }
  return looks;
}

std::string sentence_of(const Sharing& sharing) {
  if (sharing.share < kWorthSaying) return "";
  return fmt::format(
      "other work shared the core in {:.0f} % of the looks (on its second hardware thread; a "
      "virtual "
      "machine's system does not show its neighbour's) and made simple code {:.1f} times as slow",
      100 * sharing.share, sharing.slower);
}

}  // namespace softmark::bench
