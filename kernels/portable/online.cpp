// SPDX-License-Identifier: Apache-2.0
// Softmax, online: max and sum in one pass, y = exp(x - m) / S in a second.
//
// What this rung of the ladder changes: whenever a new maximum appears, the sum so far is scaled by
// exp(old - new), so the row is read twice instead of three times. A row in ascending order scales
// at every element, and each scaling rounds. -inf adds nothing and is skipped, because the initial
// maximum is -inf itself and their difference would be NaN. Source: Milakov, Gimelshein: Online
// normalizer calculation for softmax, 2018, algorithm 3.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int online(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    T max = -portable::kInfinity<T>, sum = 0;
    for (std::size_t c = 0; c < args->cols; ++c) {
      if (x[c] == -portable::kInfinity<T>) continue;
      if (x[c] > max) {
        sum *= std::exp(max - x[c]);
        max = x[c];
      }
      sum += std::exp(x[c] - max);
    }
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = std::exp(x[c] - max) / sum;
  });
}

constexpr auto kSummary =
    "max and sum in one pass, rescaled at each new max (Milakov, Gimelshein 2018)";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, online,
                  {"online", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   INFINITY, online<float>},
                  {"online", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   INFINITY, online<double>})

}  // namespace softmark
