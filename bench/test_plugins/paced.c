/* SPDX-License-Identifier: Apache-2.0
 * One softmax three times: unchanged, with a tenth and with a twentieth of its work done twice, to
 * test what `compare` detects. `nothing` shows what measuring a call costs. */
#include <math.h>
#include <stdint.h>

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
static int slower_10(const softmark_args *a) { return rows(a, 10); }
static int slower_5(const softmark_args *a) { return rows(a, 20); }
static int nothing(const softmark_args *a) {
  (void)a;
  return 0;
}

static const softmark_kernel kernels[] = {
    {"paced", "max-shifted, by the C library", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
     SOFTMARK_MASKED_NAN, INFINITY, paced},
    {"slower_10", "paced, a tenth of it twice", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
     SOFTMARK_MASKED_NAN, INFINITY, slower_10},
    {"slower_5", "paced, a twentieth of it twice", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
     SOFTMARK_MASKED_NAN, INFINITY, slower_5},
    {"nothing", "returns at once", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY,
     nothing},
};

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  *count = sizeof kernels / sizeof *kernels;
  return abi_version == SOFTMARK_ABI_VERSION ? kernels : 0;
}
