/* SPDX-License-Identifier: Apache-2.0
 * Kernels that end or stop their process on a row that holds a NaN, and are right on every other row. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernels/softmark.h"

static int has_nan(const softmark_args *a) {
  for (size_t r = 0; r < a->rows; ++r)
    for (size_t c = 0; c < a->cols; ++c)
      if (isnan(((const float *)a->x)[r * a->x_stride + c])) return 1;
  return 0;
}

static int softmax(const softmark_args *a) {
  for (size_t r = 0; r < a->rows; ++r) {
    const float *x = (const float *)a->x + r * a->x_stride;
    float *y = (float *)a->y + r * a->y_stride;
    float max = -INFINITY;
    double sum = 0;
    for (size_t c = 0; c < a->cols; ++c) max = x[c] > max ? x[c] : max;
    for (size_t c = 0; c < a->cols; ++c) sum += exp((double)x[c] - max);
    for (size_t c = 0; c < a->cols; ++c) y[c] = (float)(exp((double)x[c] - max) / sum);
  }
  return 0;
}

static int segfault(const softmark_args *a) {
  volatile int *volatile nowhere = NULL; /* both volatile, or the compiler leaves out what cannot be right */
  if (has_nan(a)) *nowhere = 1;
  return softmax(a);
}
static int aborts(const softmark_args *a) {
  if (has_nan(a)) abort();
  return softmax(a);
}
static int exits(const softmark_args *a) {
  if (has_nan(a)) exit(0);
  return softmax(a);
}
static int hangs(const softmark_args *a) {
  while (has_nan(a)) pause();
  return softmax(a);
}

#define KERNEL(name, run) {name, "faulty on purpose", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY, run}

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  static const softmark_kernel kernels[] = {KERNEL("segfault", segfault), KERNEL("abort", aborts), KERNEL("exit", exits), KERNEL("hang", hangs)};
  if (abi_version != SOFTMARK_ABI_VERSION) return NULL;
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}
