// SPDX-License-Identifier: Apache-2.0
// Softmax without a division: y = exp((x - m) - log S), m = max x, S = sum exp(x - m). Three
// passes, two of them with exp.
//
// What this rung of the ladder changes: the division becomes a subtraction inside exp, and nothing
// is stored between the passes. The error of log S and of the subtraction is absolute, so exp turns
// it into a relative error that grows with |x - m| and log S. The order matters: x - (m + log S)
// would round at the size of m, and logits near 1000 would cost hundreds of ulps; with the shift
// first, a large common offset costs nothing. Source: Blanchard, Higham, Higham: Accurately
// computing the log-sum-exp and softmax functions, 2021, eq. (1.4).
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int log_sum_exp(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    const auto [max, rest] = portable::max_and_rest(x, args->cols);
    const T log_sum = std::log1p(rest);
    // No difference to an infinite max is usable, so the row becomes NaN; a NaN in `rest` or `max`
    // propagates by itself.
    const T shift = std::isinf(max) ? portable::kNan<T> : max;
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = std::exp((x[c] - shift) - log_sum);
  });
}

constexpr auto kSummary =
    "exp((x - max) - log sum exp(x - max)), no division (Blanchard, Higham, Higham 2021)";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, log_sum_exp,
                  {"log_sum_exp", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_sum_exp<float>},
                  {"log_sum_exp", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_sum_exp<double>})

}  // namespace softmark
