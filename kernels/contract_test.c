/* SPDX-License-Identifier: Apache-2.0
 * The contract compiles as C99; its values are those that existing plugins were compiled with. */
#include "kernels/softmark.h"

#define HOLDS(name, condition) typedef char name[(condition) ? 1 : -1]

HOLDS(abi, SOFTMARK_ABI_VERSION == 1u);
HOLDS(f16, SOFTMARK_F16 == 0);
HOLDS(bf16, SOFTMARK_BF16 == 1);
HOLDS(f32, SOFTMARK_F32 == 2);
HOLDS(f64, SOFTMARK_F64 == 3);
HOLDS(softmax, SOFTMARK_SOFTMAX == 0);
HOLDS(log_softmax, SOFTMARK_LOG_SOFTMAX == 1);
HOLDS(logsumexp, SOFTMARK_LOGSUMEXP == 2);
HOLDS(softmax_vjp, SOFTMARK_SOFTMAX_VJP == 3);
HOLDS(log_softmax_vjp, SOFTMARK_LOG_SOFTMAX_VJP == 4);
HOLDS(softmax_jacobian, SOFTMARK_SOFTMAX_JACOBIAN == 5);
HOLDS(sigmoid, SOFTMARK_SIGMOID == 6);
HOLDS(sigmoid_vjp, SOFTMARK_SIGMOID_VJP == 7);
HOLDS(cross_entropy, SOFTMARK_CROSS_ENTROPY == 8);
HOLDS(cross_entropy_vjp, SOFTMARK_CROSS_ENTROPY_VJP == 9);
HOLDS(hardmax, SOFTMARK_HARDMAX == 10);
HOLDS(in_place, SOFTMARK_IN_PLACE == 1);
HOLDS(threaded, SOFTMARK_THREADED == 2);
HOLDS(reproducible, SOFTMARK_REPRODUCIBLE == 4);
HOLDS(correctly_rounded, SOFTMARK_CORRECTLY_ROUNDED == 8);
HOLDS(masked_nan, SOFTMARK_MASKED_NAN == 0);
HOLDS(masked_zero, SOFTMARK_MASKED_ZERO == 1);
HOLDS(masked_uniform, SOFTMARK_MASKED_UNIFORM == 2);

size_t softmark_c99_sizes(size_t *args_size);
size_t softmark_c99_sizes(size_t *args_size) {
  *args_size = sizeof(softmark_args);
  return sizeof(softmark_kernel);
}
