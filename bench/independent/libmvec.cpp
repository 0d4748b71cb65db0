// SPDX-License-Identifier: Apache-2.0
// A plain loop that GCC vectorises with glibc's vector exp (-fopenmp-simd -fno-math-errno).
#include <cmath>

#include "bench/independent/harness.h"

extern "C" __attribute__((simd("notinbranch"))) float expf(float) noexcept;

static void softmax_row(const float* x, float* y, std::size_t cols) {
  float max = -INFINITY, sum = 0;
#pragma omp simd reduction(max : max)
  for (std::size_t i = 0; i < cols; ++i) max = max > x[i] ? max : x[i];
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < cols; ++i) sum += y[i] = expf(x[i] - max);
  const float factor = 1 / sum;
#pragma omp simd
  for (std::size_t i = 0; i < cols; ++i) y[i] *= factor;
}

std::function<void()> prepare(const Problem& p) {
  return [p] {
    for (std::size_t r = 0; r < p.rows; ++r)
      softmax_row(p.x + r * p.cols, p.y + r * p.cols, p.cols);
  };
}
