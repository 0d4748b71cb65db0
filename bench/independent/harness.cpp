// SPDX-License-Identifier: Apache-2.0
// independent_LIBRARY ROWS COLS THREADS CPU: prints nanoseconds an element, the median of nine
// samples of ten milliseconds; CPU -1: not pinned.
#include "bench/independent/harness.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& call, long calls) {
  const auto start = Clock::now();
  for (long i = 0; i < calls; ++i) call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// At a multiple of 2 MiB, in pages of that size where the system gives them.
float* allocate(std::size_t count) {
  constexpr std::size_t kLarge = std::size_t{2} << 20;
  const std::size_t bytes = (count * sizeof(float) + kLarge - 1) / kLarge * kLarge;
  void* memory = std::aligned_alloc(kLarge, bytes);
  if (!memory) std::abort();
  madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<float*>(memory);
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) std::perror("not pinned");
}

/// Whether every row sums to 1: a library that did nothing is not timed.
bool is_softmax(const Problem& problem) {
  for (std::size_t r = 0; r < problem.rows; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < problem.cols; ++c) sum += problem.y[r * problem.cols + c];
    if (!(std::abs(sum - 1) < 1e-4)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return std::fprintf(stderr, "usage: %s ROWS COLS THREADS CPU\n", argv[0]), 2;
  const std::size_t rows = std::stoul(argv[1]), cols = std::stoul(argv[2]), count = rows * cols;
  const int threads = std::atoi(argv[3]), cpu = std::atoi(argv[4]);
  if (cpu >= 0) pin(cpu);
  float *x = allocate(count), *y = allocate(count + 512);
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal(0, 3);
  for (std::size_t i = 0; i < count; ++i) x[i] = normal(random), y[i + 512] = 0;
  const Problem problem{x, y + 512, rows, cols, threads};  // loads never wait for stores 4 KiB away
  const std::function<void()> call = prepare(problem);
  call();
  if (!is_softmax(problem)) return std::fprintf(stderr, "%s: wrong\n", argv[0]), 1;
  long calls = 1;
  while (seconds_of(call, calls) < 0.005) calls *= 2;
  std::vector<double> samples;
  for (int i = 0; i < 9; ++i)
    samples.push_back(seconds_of(call, 2 * calls) / static_cast<double>(2 * calls));
  std::sort(samples.begin(), samples.end());
  std::printf("%.9g\n", 1e9 * samples[4] / static_cast<double>(count));
  std::fflush(stdout);
  std::quick_exit(0);  // threads of the library may still run
}
