/* SPDX-License-Identifier: Apache-2.0
 * The built-in kernels in a program of your own: C99 and C++. ninja -C build softmark_builtins
 * makes build/kernels/libsoftmark_builtins.a; link it, Highway and OpenMP (-lhwy -fopenmp), with a
 * C++ compiler. */
#ifndef SOFTMARK_KERNELS_LIBRARY_LIBRARY_H_
#define SOFTMARK_KERNELS_LIBRARY_LIBRARY_H_

#include "kernels/softmark.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kernel of this name, as `softmark list` prints it, for an operation and a type; NULL: there
 * is none. It is valid until the program ends, and its function may be called by several threads.
 */
const softmark_kernel *softmark_find(const char *name, softmark_op op, softmark_dtype dtype);

#ifdef __cplusplus
}
#endif

#endif
