// SPDX-License-Identifier: Apache-2.0
// Log-softmax: y = (x - m) - log(1 + rest), m = max x, rest = the sum of exp(x - m) over all but
// the first largest logit.
//
// x - m <= 0 <= log(1 + rest), so the last subtraction never cancels, and log1p keeps the largest
// logit's result accurate when it is nearly 0. Special values: -inf beside something finite stays
// -inf; an infinite or NaN maximum makes the row NaN.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int log_softmax(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    const auto [max, rest] = portable::max_and_rest(x, args->cols);
    const T log_sum = std::isfinite(max) ? std::log1p(rest) : portable::kNan<T>;
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = (x[c] - max) - log_sum;
  });
}

constexpr auto kSummary = "(x - max) - log1p(sum of the others, shifted by max)";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, log_softmax,
                  {"max_shifted", kSummary, SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax<float>},
                  {"max_shifted", kSummary, SOFTMARK_LOG_SOFTMAX, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax<double>})

}  // namespace softmark
