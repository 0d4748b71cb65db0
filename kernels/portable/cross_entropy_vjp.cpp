// SPDX-License-Identifier: Apache-2.0
// Cross-entropy backward: y[c] = g (p[c] - [c == label]), p = softmax(x), g one number per row.
//
// At the label, p - 1 would cancel as p approaches 1, as it does late in training; it is computed
// as minus the sum of the other exponentials over the whole sum.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
void one_row(const T* x, std::size_t label, T g, T* y, std::size_t cols) {
  if (cols == 0) return;
  const T max = portable::max_of(x, cols);
  T others = 0;
  for (std::size_t c = 0; c < cols; ++c) {
    y[c] = std::exp(x[c] - max);
    if (c != label) others += y[c];
  }
  const T sum = others + y[label];
  for (std::size_t c = 0; c < cols; ++c) y[c] = g * (y[c] / sum);
  y[label] = -g * (others / sum);
}

template <class T>
int cross_entropy_vjp(const softmark_args* args) {
  std::size_t r = 0;
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    one_row(x, static_cast<std::size_t>(args->labels[r]), static_cast<const T*>(args->g)[r], y,
            args->cols);
    ++r;
  });
}

constexpr auto kSummary =
    "g (softmax - onehot), with p[label] - 1 as minus the share of the others";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, cross_entropy_vjp,
                  {"max_shifted", kSummary, SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, cross_entropy_vjp<float>},
                  {"max_shifted", kSummary, SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, cross_entropy_vjp<double>})

}  // namespace softmark
