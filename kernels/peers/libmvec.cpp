// SPDX-License-Identifier: Apache-2.0
// A plain loop that GCC vectorises with glibc's libmvec: max; exp and sum; scale. Written for users
// who need correct NaN and infinities: OpenMP's simd pragma allows sums and maxima in any order,
// and exp is declared as a vector function here, because glibc's header does so under -ffast-math
// only (kernels/flags shows the effect of that flag on the same formula).
#include <gnu/libc-version.h>

#include <cmath>

#include "kernels/peers/peer.h"

extern "C" {
__attribute__((simd("notinbranch"))) float expf(float) noexcept;
__attribute__((simd("notinbranch"))) double exp(double) noexcept;
}

namespace {

float exp_of(float v) { return ::expf(v); }
double exp_of(double v) { return ::exp(v); }

template <class T>
void softmax(const T* x, T* y, std::size_t cols) {
  T max = -INFINITY, sum = 0;
#pragma omp simd reduction(max : max)
  for (std::size_t c = 0; c < cols; ++c) max = x[c] > max ? x[c] : max;
#pragma omp simd reduction(+ : sum)
  for (std::size_t c = 0; c < cols; ++c) {
    const T e = exp_of(x[c] - max);
    y[c] = e;
    sum += e;
  }
  const T scale = 1 / sum;
#pragma omp simd
  for (std::size_t c = 0; c < cols; ++c) y[c] *= scale;
}

template <class T>
int run(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows; ++r)
    softmax(static_cast<const T*>(args->x) + r * args->x_stride,
            static_cast<T*>(args->y) + r * args->y_stride, args->cols);
  return 0;
}

constexpr auto kSummary = "plain three-pass loop, vectorised with libmvec's exp; " SOFTMARK_ISA;
constexpr softmark_kernel kKernels[] = {
    {"libmvec", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, SOFTMARK_IN_PLACE, SOFTMARK_MASKED_NAN,
     INFINITY, run<float>},
    {"libmvec", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, SOFTMARK_IN_PLACE, SOFTMARK_MASKED_NAN,
     INFINITY, run<double>}};

}  // namespace

SOFTMARK_PEER(kKernels, gnu_get_libc_version())
