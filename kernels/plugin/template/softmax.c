/* SPDX-License-Identifier: Apache-2.0
 *
 * Softmax of float32 rows. Put your own function in softmax_row; `make verify` holds it to the
 * contract (kernels/softmark.h in softmark's sources).
 */
#include <math.h>

#include "kernels/softmark.h"

static void softmax_row(const float *x, float *y, size_t cols) {
  float max = -INFINITY;
  double sum = 0;
  for (size_t c = 0; c < cols; ++c)
    if (x[c] > max) max = x[c];
  for (size_t c = 0; c < cols; ++c) sum += y[c] = expf(x[c] - max);
  for (size_t c = 0; c < cols; ++c) y[c] = (float)(y[c] / sum);
}

static int run(const softmark_args *args) {
  for (size_t r = 0; r < args->rows; ++r)
    softmax_row((const float *)args->x + r * args->x_stride, (float *)args->y + r * args->y_stride,
                args->cols);
  return 0; /* anything else: these arguments are not supported */
}

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  static const softmark_kernel kernels[] = {
      {"ours", "max-shifted, summed in double", SOFTMARK_SOFTMAX, SOFTMARK_F32,
       SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE, SOFTMARK_MASKED_NAN, INFINITY, run}};
  if (abi_version != SOFTMARK_ABI_VERSION) return NULL;
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}
