// SPDX-License-Identifier: Apache-2.0
// log-sum-exp: y = m + log(1 + rest), m = max x, rest = the sum of exp(x - m) over all but the
// first largest logit.
//
// Special values: an infinite or NaN maximum is returned as it is (+inf, NaN, and -inf for a row of
// nothing but -inf); every other -inf adds exp(-inf) = 0. Where m and the logarithm cancel, the
// result is near 0 and its error is that of the larger terms: absolute, not relative.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int logsumexp(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows; ++r) {
    const auto [max, rest] =
        portable::max_and_rest(static_cast<const T*>(args->x) + r * args->x_stride, args->cols);
    static_cast<T*>(args->y)[r] = std::isfinite(max) ? max + std::log1p(rest) : max;
  }
  return 0;
}

constexpr auto kSummary = "max + log1p(sum of the others, shifted by max)";

}  // namespace

SOFTMARK_BUILTINS(portable, logsumexp,
                  {"max_shifted", kSummary, SOFTMARK_LOGSUMEXP, SOFTMARK_F32, SOFTMARK_REPRODUCIBLE,
                   SOFTMARK_MASKED_NAN, INFINITY, logsumexp<float>},
                  {"max_shifted", kSummary, SOFTMARK_LOGSUMEXP, SOFTMARK_F64, SOFTMARK_REPRODUCIBLE,
                   SOFTMARK_MASKED_NAN, INFINITY, logsumexp<double>})

}  // namespace softmark
