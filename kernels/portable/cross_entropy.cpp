// SPDX-License-Identifier: Apache-2.0
// Cross-entropy: y = (m - x[label]) + log(1 + rest), m = max x, rest = the sum of exp(x - m) over
// all but the first largest logit.
//
// This is logsumexp(x) - x[label] without forming logsumexp, whose rounding error at the size of m
// would swamp a small loss: both terms here are >= 0 and never cancel. The loss is +inf for a
// masked label beside something finite, and in a row with +inf for every label but +inf itself; it
// is NaN for a row that is entirely masked or contains a NaN.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int cross_entropy(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows; ++r) {
    const T* x = static_cast<const T*>(args->x) + r * args->x_stride;
    const auto [max, rest] = portable::max_and_rest(x, args->cols);
    const T below_max = args->cols == 0 ? portable::kNan<T> : max - x[args->labels[r]];
    static_cast<T*>(args->y)[r] = std::isfinite(max) ? below_max + std::log1p(rest) : below_max;
  }
  return 0;
}

constexpr auto kSummary = "(max - x[label]) + log1p(sum of the others, shifted by max)";

}  // namespace

SOFTMARK_BUILTINS(portable, cross_entropy,
                  {"max_shifted", kSummary, SOFTMARK_CROSS_ENTROPY, SOFTMARK_F32,
                   SOFTMARK_REPRODUCIBLE, SOFTMARK_MASKED_NAN, INFINITY, cross_entropy<float>},
                  {"max_shifted", kSummary, SOFTMARK_CROSS_ENTROPY, SOFTMARK_F64,
                   SOFTMARK_REPRODUCIBLE, SOFTMARK_MASKED_NAN, INFINITY, cross_entropy<double>})

}  // namespace softmark
