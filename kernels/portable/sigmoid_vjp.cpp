// SPDX-License-Identifier: Apache-2.0
// Sigmoid backward: y = g s (1 - s), with s the sigmoid output as given.
//
// g s is formed first: s (1 - s) with a subnormal s would round before a large g could scale it up.
// 1 - s is exact for s >= 1/2.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int sigmoid_vjp(const softmark_args* args) {
  return portable::for_each_row_with_gradient<T>(args, [&](const T* s, const T* g, T* y) {
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = (g[c] * s[c]) * (1 - s[c]);
  });
}

constexpr auto kSummary = "(g s) (1 - s)";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, sigmoid_vjp,
                  {"scalar", kSummary, SOFTMARK_SIGMOID_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, sigmoid_vjp<float>},
                  {"scalar", kSummary, SOFTMARK_SIGMOID_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, sigmoid_vjp<double>})

}  // namespace softmark
