// SPDX-License-Identifier: Apache-2.0
// Hardmax: 1 at the first largest logit, 0 elsewhere.
//
// A NaN counts as the largest, as in numpy's argmax; in a row of nothing but -inf the first column
// is the largest.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
std::size_t first_largest(const T* x, std::size_t cols) {
  std::size_t best = 0;
  for (std::size_t c = 0; c < cols; ++c) {
    if (std::isnan(x[c])) return c;
    if (x[c] > x[best]) best = c;
  }
  return best;
}

template <class T>
int hardmax(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    const std::size_t best = first_largest(x, args->cols);
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = c == best ? 1 : 0;
  });
}

constexpr auto kSummary = "1 at the first largest logit, NaN counting as the largest";
constexpr std::uint32_t kClaims =
    SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE | SOFTMARK_CORRECTLY_ROUNDED;

}  // namespace

SOFTMARK_BUILTINS(portable, hardmax,
                  {"scalar", kSummary, SOFTMARK_HARDMAX, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   0, hardmax<float>},
                  {"scalar", kSummary, SOFTMARK_HARDMAX, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   0, hardmax<double>})

}  // namespace softmark
