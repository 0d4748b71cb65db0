/* SPDX-License-Identifier: Apache-2.0
 * One softmax: unchanged, with a seventh, a tenth and a twentieth of its work done twice, and with
 * a third of it done twice in half of its processes, to test what `compare` detects. `nothing`
 * shows what measuring a call costs. */
#include <math.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "kernels/softmark.h"

static void row(const float *x, float *y, size_t cols) {
  float max = -INFINITY, sum = 0;
  for (size_t c = 0; c < cols; ++c) max = x[c] > max ? x[c] : max;
  for (size_t c = 0; c < cols; ++c) sum += y[c] = expf(x[c] - max);
  for (size_t c = 0; c < cols; ++c) y[c] /= sum;
}

/* Does every `again`th row twice, or, where there are fewer rows, the same share of each row. */
static int rows(const softmark_args *a, size_t again) {
  const float *x = a->x;
  float *y = a->y;
  size_t left = again;
  for (size_t r = 0; r < a->rows; ++r, x += a->x_stride, y += a->y_stride) {
    if (a->rows < again && a->cols >= again) row(x, y, a->cols / again);
    row(x, y, a->cols);
    if (--left == 0) row(x, y, a->cols), left = again;
  }
  return 0;
}

static int paced(const softmark_args *a) { return rows(a, SIZE_MAX); }
static int slower_15(const softmark_args *a) { return rows(a, 7); }
static int slower_10(const softmark_args *a) { return rows(a, 10); }
static int slower_5(const softmark_args *a) { return rows(a, 20); }
static int two_speeds(const softmark_args *a) {
  static int slow = -1;
  if (slow < 0) { /* once a process, by chance */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t number = (uint64_t)now.tv_nsec ^ (uint64_t)getpid();
    slow = (int)((number * 0x9e3779b97f4a7c15u) >> 63);
  }
  return rows(a, slow ? 3 : SIZE_MAX);
}
static int nothing(const softmark_args *a) {
  (void)a;
  return 0;
}

static const softmark_kernel kernels[] = {
    {"paced", "max-shifted, by the C library", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
     SOFTMARK_MASKED_NAN, INFINITY, paced},
    {"slower_10", "paced, a tenth of it twice", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
     SOFTMARK_MASKED_NAN, INFINITY, slower_10},
    {"slower_15", "paced, a seventh of it twice", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
     SOFTMARK_MASKED_NAN, INFINITY, slower_15},
    {"slower_5", "paced, a twentieth of it twice", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
     SOFTMARK_MASKED_NAN, INFINITY, slower_5},
    {"two_speeds", "paced, a third of it twice in half of its processes", SOFTMARK_SOFTMAX,
     SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY, two_speeds},
    {"nothing", "returns at once", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY,
     nothing},
};

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  *count = sizeof kernels / sizeof *kernels;
  return abi_version == SOFTMARK_ABI_VERSION ? kernels : 0;
}
