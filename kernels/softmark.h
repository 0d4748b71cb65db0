/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract between softmark and a kernel under test: everything that a kernel may know.
 * Built-ins, peers and plugins speak this same header; it is C99 and C++ and depends on nothing
 * else. Names and values are fixed: other people's shared libraries are compiled against them. The
 * rules that no declaration can say (special values, strides, what must be left untouched) stand in
 * kernels/README.md.
 */
#ifndef SOFTMARK_H
#define SOFTMARK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOFTMARK_ABI_VERSION 1u

typedef enum softmark_dtype {
  SOFTMARK_F16 = 0,  /* IEEE binary16, stored as uint16_t bit patterns */
  SOFTMARK_BF16 = 1, /* bfloat16, stored as uint16_t bit patterns */
  SOFTMARK_F32 = 2,
  SOFTMARK_F64 = 3,
  SOFTMARK_F8_E4M3 = 4, /* OCP FP8 E4M3, uint8_t: no infinities, NaN 0x7f and 0xff, largest 448 */
  SOFTMARK_F8_E5M2 = 5  /* OCP FP8 E5M2, uint8_t: infinities and NaN as IEEE, largest 57344 */
} softmark_dtype;

typedef enum softmark_op {
  SOFTMARK_SOFTMAX = 0,     /* y[r,c] = exp(x[r,c]) / sum_k exp(x[r,k])                        */
  SOFTMARK_LOG_SOFTMAX = 1, /* y[r,c] = x[r,c] - logsumexp(x[r,:])                             */
  SOFTMARK_LOGSUMEXP = 2,   /* y[r]   = log sum_k exp(x[r,k]); y_stride is unused              */
  SOFTMARK_SOFTMAX_VJP = 3, /* x = p, the softmax output: y[r,c] = p (g[r,c] - sum_k g[r,k] p) */
  SOFTMARK_LOG_SOFTMAX_VJP = 4, /* x = log p: y[r,c] = g[r,c] - exp(x[r,c]) sum_k g[r,k] */
  SOFTMARK_SOFTMAX_JACOBIAN =
      5,                    /* x = logits: y[r,i,j] = p_i (delta_ij - p_j); y_stride >= cols*cols */
  SOFTMARK_SIGMOID = 6,     /* y[r,c] = 1 / (1 + exp(-x[r,c]))                                 */
  SOFTMARK_SIGMOID_VJP = 7, /* x = s, the sigmoid output: y[r,c] = g[r,c] s (1 - s)            */
  SOFTMARK_CROSS_ENTROPY = 8, /* x = logits: y[r] = logsumexp(x[r,:]) - x[r,labels[r]]           */
  SOFTMARK_CROSS_ENTROPY_VJP =
      9,                /* x = logits, g[r]: y[r,c] = g[r] (softmax(x)[r,c] - [c == labels[r]]) */
  SOFTMARK_HARDMAX = 10 /* y[r,c] = 1 at the first largest x[r,:], else 0                  */
} softmark_op;

/* What a kernel claims beyond the contract; verification holds it to every claim it makes. */
enum {
  SOFTMARK_IN_PLACE = 1, /* y may be x (or g), with the same stride                          */
  SOFTMARK_THREADED = 2, /* runs on args->threads threads                                    */
  SOFTMARK_REPRODUCIBLE =
      4, /* a row's bits depend on that row alone: not on run, threads, batch, stride, alignment */
  SOFTMARK_CORRECTLY_ROUNDED =
      8, /* every finite result is the exact value rounded to nearest even   */
  SOFTMARK_SATURATES =
      16 /* what is beyond the type, infinities included, is its largest finite value; without
            this claim an infinity, and NaN in a type that has none */
};

/* What a row of nothing but -inf gives (softmax; log-softmax gives its log). */
typedef enum softmark_masked_row {
  SOFTMARK_MASKED_NAN = 0,
  SOFTMARK_MASKED_ZERO = 1,
  SOFTMARK_MASKED_UNIFORM = 2
} softmark_masked_row;

/* Strides are at least cols, never 0; y overlaps no input (SOFTMARK_IN_PLACE: but where it is the
   whole of one); the inputs may be read-only. Any thread may call, several at once on outputs of
   their own (kernels are re-entrant), with a stack of 128 KiB; so may a child of fork. Results are
   promised in round to nearest without FTZ and DAZ; flags may be raised before. Neither a call nor
   the loading of a library changes the floating-point state. What lies between the rows of y may be
   rows of another caller: it is not written, not even with what it held. */
typedef struct softmark_args {
  size_t rows, cols;
  const void *x; /* [rows, cols] input                                                        */
  const void *g; /* [rows, cols] upstream gradient ([rows] for CROSS_ENTROPY_VJP); else NULL  */
  const int64_t *labels; /* [rows] for the cross-entropy ops; else NULL */
  void *y; /* output                                                                    */
  size_t x_stride, g_stride, y_stride; /* elements from one row's start to the next */
  int threads; /* >= 1                                                                      */
} softmark_args;

/* 0: done. Anything else: this kernel cannot do these args, and y is unspecified. */
typedef int (*softmark_fn)(const softmark_args *args);

typedef struct softmark_kernel {
  const char *name;    /* unique for its op and dtype */
  const char *summary; /* one line: algorithm and source */
  softmark_op op;
  softmark_dtype dtype;
  uint32_t claims;
  softmark_masked_row masked_row;
  double max_ulp; /* promised largest error in ulps on finite input; INFINITY: no promise */
  softmark_fn run;
} softmark_kernel;

/* The one symbol that a plugin exports: its kernels, or NULL where it does not speak abi_version.
 */
const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count);

#ifdef __cplusplus
}
#endif

#endif /* SOFTMARK_H */
