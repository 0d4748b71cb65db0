// SPDX-License-Identifier: Apache-2.0
// Softmax, shifted: y = exp(x - m) / sum exp(x - m), m = max x. Three passes over the row.
//
// What this rung of the ladder changes: the largest exponent is 0, so nothing overflows, and the
// sum is at least 1. The price is the rounding of x - m, up to half an ulp of the difference: with
// x - m in (-128, -64] that alone is a relative error of 2^-18 in f32, 64 ulps of the result,
// however accurate exp is. Special values need no branch: inf - inf is NaN, and a NaN anywhere
// makes the sum NaN. Source: Blanchard, Higham, Higham: Accurately computing the log-sum-exp and
// softmax functions, 2021, algorithm 3.2.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int max_shifted(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    const T max = portable::max_of(x, args->cols);
    T sum = 0;
    for (std::size_t c = 0; c < args->cols; ++c) sum += y[c] = std::exp(x[c] - max);
    for (std::size_t c = 0; c < args->cols; ++c) y[c] /= sum;
  });
}

constexpr auto kSummary =
    "exp(x - max) / sum exp(x - max), one scalar sum (Blanchard, Higham, Higham 2021)";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, max_shifted,
                  {"max_shifted", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, max_shifted<float>},
                  {"max_shifted", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, max_shifted<double>})

}  // namespace softmark
