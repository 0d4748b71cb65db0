/* SPDX-License-Identifier: Apache-2.0
 * A correct softmax and Jacobian, and the same with one defect each. */
#include <math.h>

#include "kernels/softmark.h"

typedef struct wound {
  int no_shift, diagonal_only, tail_of_seven;
} wound;

static void probabilities(const float *x, float *p, size_t cols, wound w) {
  float max = -INFINITY, sum = 0;
  const size_t summed = w.tail_of_seven && cols % 8 == 7 ? cols - 1 : cols;
  for (size_t c = 0; c < cols; ++c) {
    if (isnan(x[c])) max = x[c];
    if (x[c] > max) max = x[c];
  }
  if (w.no_shift) max = 0;
  for (size_t c = 0; c < cols; ++c) p[c] = expf(x[c] - max);
  for (size_t c = 0; c < summed; ++c) sum += p[c];
  for (size_t c = 0; c < cols; ++c) p[c] /= sum;
}

static int softmax(const softmark_args *a, wound w) {
  for (size_t r = 0; r < a->rows; ++r)
    probabilities((const float *)a->x + r * a->x_stride, (float *)a->y + r * a->y_stride, a->cols,
                  w);
  return 0;
}

static int jacobian(const softmark_args *a, wound w) {
  const size_t n = a->cols;
  for (size_t r = 0; r < a->rows; ++r) {
    float p[4096];
    float *y = (float *)a->y + r * a->y_stride;
    if (n > 4096) return 1;
    probabilities((const float *)a->x + r * a->x_stride, p, n, w);
    for (size_t i = 0; i < n; ++i) {
      float others = 0;
      for (size_t j = 0; j < n; ++j) {
        if (j == i) continue;
        others += p[j];
        y[i * n + j] = w.diagonal_only ? 0 : -p[i] * p[j];
      }
      y[i * n + i] = p[i] * (isnan(p[i]) ? p[i] : others);
    }
  }
  return 0;
}

static const wound none = {0, 0, 0};
static int healthy(const softmark_args *a) { return softmax(a, none); }
static int healthy_jacobian(const softmark_args *a) { return jacobian(a, none); }
static int no_shift(const softmark_args *a) { return softmax(a, (wound){1, 0, 0}); }
static int diagonal_only(const softmark_args *a) { return jacobian(a, (wound){0, 1, 0}); }
static int tail_of_seven(const softmark_args *a) { return softmax(a, (wound){0, 0, 1}); }

#define KERNEL(name, op, run) \
  { name, "a test of the suite", op, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY, run }

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  static const softmark_kernel kernels[] = {
      KERNEL("healthy", SOFTMARK_SOFTMAX, healthy),
      KERNEL("healthy", SOFTMARK_SOFTMAX_JACOBIAN, healthy_jacobian),
      KERNEL("no_shift", SOFTMARK_SOFTMAX, no_shift),
      KERNEL("diagonal_only", SOFTMARK_SOFTMAX_JACOBIAN, diagonal_only),
      KERNEL("tail_of_seven", SOFTMARK_SOFTMAX, tail_of_seven)};
  if (abi_version != SOFTMARK_ABI_VERSION) return NULL;
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}
