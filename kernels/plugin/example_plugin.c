/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin in C99: max-shifted softmax in float32. Copy it, put your own function in softmax_row,
 * then verify and time it:
 *
 *   cc -O2 -std=c99 -fPIC -shared -I. kernels/plugin/example_plugin.c -o example_plugin.so -lm
 *   build/softmark verify --plugin ./example_plugin.so --kernel example
 *   build/softmark bench --plugin ./example_plugin.so --kernel example
 *
 * The contract is kernels/softmark.h; kernels/README.md has what declarations cannot say.
 */
#include <math.h>

#include "kernels/softmark.h"

/* One row. `x` and `y` may be the same array: each x[c] is read before y[c] is written, in both
 * loops that write. */
static void softmax_row(const float *x, float *y, size_t cols) {
  float max = -INFINITY;
  double sum = 0;
  size_t c;
  for (c = 0; c < cols; ++c)
    if (x[c] > max) max = x[c]; /* skips a NaN, which propagates through the sum */
  for (c = 0; c < cols; ++c) {
    /* +inf and rows of nothing but -inf: inf - inf is NaN, as the contract demands */
    y[c] = expf(x[c] - max);
    sum += y[c];
  }
  for (c = 0; c < cols; ++c) y[c] = (float)(y[c] / sum);
}

/* 0: done. Any other value says that these args (a stride, a length) are not supported: the kernel
 * is then reported as unsupported there, not as wrong. */
static int example_softmax(const softmark_args *args) {
  size_t r;
  for (r = 0; r < args->rows; ++r)
    softmax_row((const float *)args->x + r * args->x_stride, (float *)args->y + r * args->y_stride,
                args->cols);
  return 0;
}

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  /* Claims are promises: verification holds the kernel to each. INFINITY promises no largest error.
   */
  static const softmark_kernel kernels[] = {
      {"example", "max-shifted softmax, summed in double (example plugin)", SOFTMARK_SOFTMAX,
       SOFTMARK_F32, SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE, SOFTMARK_MASKED_NAN, INFINITY,
       example_softmax}};
  if (abi_version != SOFTMARK_ABI_VERSION) return NULL;
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}
