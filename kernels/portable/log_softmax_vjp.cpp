// SPDX-License-Identifier: Apache-2.0
// Log-softmax backward: y = g - exp(x) sum g, with x = log p the log-softmax output as given.
//
// The sum of g cancels freely (a cotangent that sums to nearly 0 is common), so it is compensated.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int log_softmax_vjp(const softmark_args* args) {
  return portable::for_each_row_with_gradient<T>(args, [&](const T* log_p, const T* g, T* y) {
    portable::CarefulSum<T> total;
    for (std::size_t c = 0; c < args->cols; ++c) total.add(g[c]);
    const T sum = total.value();
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = g[c] - std::exp(log_p[c]) * sum;
  });
}

constexpr auto kSummary = "g - exp(log p) sum g, the sum compensated (Ogita, Rump, Oishi 2005)";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, log_softmax_vjp,
                  {"scalar", kSummary, SOFTMARK_LOG_SOFTMAX_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax_vjp<float>},
                  {"scalar", kSummary, SOFTMARK_LOG_SOFTMAX_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax_vjp<double>})

}  // namespace softmark
