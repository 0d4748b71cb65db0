// SPDX-License-Identifier: Apache-2.0
// Softmax as in the textbook: y = exp(x) / sum exp(x). Two passes over the row.
//
// The first rung of the ladder, and wrong on purpose: exp overflows above 88.72 (f32) or 709.78
// (f64), and the row turns into NaN and 0; a row far below zero sums to 0 and turns into NaN; a
// logit of +inf gives NaN there and 0 beside it. It stays because it is often written, and because
// a suite that does not detect its failures is useless.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int naive(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    T sum = 0;
    for (std::size_t c = 0; c < args->cols; ++c) sum += y[c] = std::exp(x[c]);
    for (std::size_t c = 0; c < args->cols; ++c) y[c] /= sum;
  });
}

constexpr auto kSummary = "exp(x) / sum exp(x), the textbook formula: overflows";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, naive,
                  {"naive", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   INFINITY, naive<float>},
                  {"naive", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   INFINITY, naive<double>})

}  // namespace softmark
