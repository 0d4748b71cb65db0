/* SPDX-License-Identifier: Apache-2.0
 * A wrong kernel with the name of a correct one: of a built-in, or of a peer. */
#include <math.h>

#include "kernels/softmark.h"

#ifndef NAME
#define NAME "online"
#endif

static int forty_two(const softmark_args *a) {
  for (size_t r = 0; r < a->rows; ++r)
    for (size_t c = 0; c < a->cols; ++c) ((float *)a->y)[r * a->y_stride + c] = 42;
  return 0;
}

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  static const softmark_kernel kernel = {
      NAME, "a test of the suite", SOFTMARK_SOFTMAX, SOFTMARK_F32,
      0,    SOFTMARK_MASKED_NAN,   INFINITY,         forty_two};
  if (abi_version != SOFTMARK_ABI_VERSION) return NULL;
  *count = 1;
  return &kernel;
}
