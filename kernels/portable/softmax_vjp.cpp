// SPDX-License-Identifier: Apache-2.0
// Softmax backward: y = p (g - d), d = sum g p, with p the softmax output as given.
//
// d is the weighted mean of g. Where all g are nearly equal, g - d is nothing but rounding error,
// so d is summed as if in twice the precision. NaN and infinities propagate by IEEE arithmetic.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int softmax_vjp(const softmark_args* args) {
  return portable::for_each_row_with_gradient<T>(args, [&](const T* p, const T* g, T* y) {
    portable::CarefulSum<T> mean;
    for (std::size_t c = 0; c < args->cols; ++c) mean.add_product(g[c], p[c]);
    const T d = mean.value();
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = p[c] * (g[c] - d);
  });
}

constexpr auto kSummary = "p (g - sum g p), the sum compensated (Ogita, Rump, Oishi 2005)";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, softmax_vjp,
                  {"scalar", kSummary, SOFTMARK_SOFTMAX_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, softmax_vjp<float>},
                  {"scalar", kSummary, SOFTMARK_SOFTMAX_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, softmax_vjp<double>})

}  // namespace softmark
