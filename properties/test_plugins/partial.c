/* SPDX-License-Identifier: Apache-2.0
 * Kernels that refuse calls, all or most, and are correct on the others; and kernels that are wrong
 * everywhere, or where NaN is lost, under the name of one whose failures are known. */
#include <math.h>

#include "kernels/softmark.h"

static int softmax(const softmark_args *a) {
  for (size_t r = 0; r < a->rows; ++r) {
    const float *x = (const float *)a->x + r * a->x_stride;
    float *y = (float *)a->y + r * a->y_stride;
    float max = -INFINITY;
    double sum = 0;
    for (size_t c = 0; c < a->cols; ++c) {
      if (isnan(x[c])) max = x[c];
      if (x[c] > max) max = x[c];
    }
    for (size_t c = 0; c < a->cols; ++c) sum += exp((double)x[c] - max);
    for (size_t c = 0; c < a->cols; ++c) y[c] = (float)(exp((double)x[c] - max) / sum);
  }
  return 0;
}

static int refuses_all(const softmark_args *a) {
  (void)a;
  return 1;
}
static int only_empty(const softmark_args *a) { return a->rows > 0 && a->cols > 0; }
static int sixteens(const softmark_args *a) { return a->cols % 16 ? 2 : softmax(a); }
static int single_row(const softmark_args *a) { return a->rows > 1 ? 3 : softmax(a); }

static int forty_two(const softmark_args *a) {
  for (size_t r = 0; r < a->rows; ++r)
    for (size_t c = 0; c < a->cols; ++c) ((float *)a->y)[r * a->y_stride + c] = 42;
  return 0;
}

static int loses_nan(const softmark_args *a) {
  if (softmax(a)) return 1;
  for (size_t r = 0; r < a->rows; ++r)
    for (size_t c = 0; c < a->cols; ++c) {
      float *y = (float *)a->y + r * a->y_stride + c;
      if (isnan(*y)) *y = 0;
    }
  return 0;
}

#define KERNEL(name, claims, run)                                                             \
  {                                                                                           \
    name, "a test of the suite", SOFTMARK_SOFTMAX, SOFTMARK_F32, claims, SOFTMARK_MASKED_NAN, \
        INFINITY, run                                                                         \
  }
#define CLAIMS (SOFTMARK_THREADED | SOFTMARK_REPRODUCIBLE)

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  static const softmark_kernel kernels[] = {
      KERNEL("refuses_all", CLAIMS, refuses_all), KERNEL("only_empty", 0, only_empty),
      KERNEL("sixteens", CLAIMS, sixteens),       KERNEL("single_row", 0, single_row),
      KERNEL("forty_two", CLAIMS, forty_two),     KERNEL("loses_nan_fast_math", 0, loses_nan)};
  if (abi_version != SOFTMARK_ABI_VERSION) return NULL;
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}
