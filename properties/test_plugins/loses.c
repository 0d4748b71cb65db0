/* SPDX-License-Identifier: Apache-2.0
   Softmax kernels whose defect shows in rows of 2^18 columns and more alone, and a correct one
   whose single float32 sum loses more than those defects do. */
#include <math.h>

#include "kernels/softmark.h"

#define LONG (1u << 18)

static float largest(const float *x, size_t n) {
  float most = -INFINITY;
  for (size_t i = 0; i < n; ++i)
    if (isnan(x[i]) || x[i] > most) most = x[i];
  return isfinite(most) ? most : NAN;
}

static float in_order(const float *e, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += e[i];
  return sum;
}

static float by_blocks(const float *e, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; i += 512) sum += in_order(e + i, n - i < 512 ? n - i : 512);
  return sum;
}

/* Column `lost` of a row is left out of its sum; then results are multiplied by `factor`. */
static int run(const softmark_args *a, float (*sum_of)(const float *, size_t), size_t lost,
               float factor) {
  for (size_t r = 0; r < a->rows; ++r) {
    const float *x = (const float *)a->x + r * a->x_stride;
    float *y = (float *)a->y + r * a->y_stride;
    const float max = largest(x, a->cols);
    for (size_t i = 0; i < a->cols; ++i) y[i] = expf(x[i] - max);
    float kept = 0;
    if (lost < a->cols) kept = y[lost], y[lost] = 0;
    const float sum = sum_of(y, a->cols);
    if (lost < a->cols) y[lost] = kept;
    for (size_t i = 0; i < a->cols; ++i) y[i] = y[i] / sum * factor;
  }
  return 0;
}

static int correct(const softmark_args *a) { return run(a, in_order, SIZE_MAX, 1); }
static int inside(const softmark_args *a) {
  return run(a, by_blocks, a->cols == 4 * LONG ? 777777 : SIZE_MAX, 1);
}
static int last(const softmark_args *a) {
  return run(a, in_order, a->cols > LONG ? a->cols - 1 : SIZE_MAX, 1);
}
static int off(const softmark_args *a) {
  return run(a, in_order, SIZE_MAX, a->cols > LONG ? 1 + 1e-5f : 1);
}

const softmark_kernel *softmark_plugin(uint32_t version, size_t *count) {
  static const softmark_kernel kernels[] = {
      {"correct", "one float32 sum", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN,
       INFINITY, correct},
      {"inside", "blocks of 512, without column 777777 of 2^20", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
       SOFTMARK_MASKED_NAN, INFINITY, inside},
      {"last", "one float32 sum, without the last of more than 2^18 columns", SOFTMARK_SOFTMAX,
       SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY, last},
      {"off", "off by 1e-5 in rows of more than 2^18 columns", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0,
       SOFTMARK_MASKED_NAN, INFINITY, off}};
  *count = version == SOFTMARK_ABI_VERSION ? sizeof kernels / sizeof *kernels : 0;
  return *count ? kernels : NULL;
}
