// SPDX-License-Identifier: Apache-2.0
// Sigmoid in two variants, element by element.
//
// naive: 1 / (1 + exp(-x)), the textbook formula, wrong on purpose. Below -88.72 in f32 (-709.78 in
// f64) exp(-x) overflows and the result is 0 where about 3e-39 is right. stable: with z = exp(-|x|)
// <= 1, 1 / (1 + z) for x >= 0 and z / (1 + z) below. Nothing overflows, and small results keep
// their relative accuracy, subnormal ones included.
//
// Promise of stable, in units of 2^-p, each at most one ulp: exp 1.1 (glibc), the sum 1 and half of
// exp's, the quotient 1: 3.6. Measured over every third float32 whose result is not 0, 1/2 or 1:
// 2.402 ulp at -0x1.0a111ap+2 (-4.1573), got 0x1.f8e9a2p-7, want 0x1.f8e99d323d363p-7.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
int naive(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    for (std::size_t c = 0; c < args->cols; ++c) y[c] = 1 / (1 + std::exp(-x[c]));
  });
}

template <class T>
int stable(const softmark_args* args) {
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    for (std::size_t c = 0; c < args->cols; ++c) {
      const T z = std::exp(-std::abs(x[c]));
      y[c] = (x[c] < 0 ? z : 1) / (1 + z);
    }
  });
}

constexpr auto kNaive = "1 / (1 + exp(-x)), the textbook formula: 0 where exp overflows";
constexpr auto kStable = "1 / (1 + z) or z / (1 + z), z = exp(-|x|): never overflows";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(portable, sigmoid,
                  {"naive", kNaive, SOFTMARK_SIGMOID, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   INFINITY, naive<float>},
                  {"naive", kNaive, SOFTMARK_SIGMOID, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   INFINITY, naive<double>},
                  {"stable", kStable, SOFTMARK_SIGMOID, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   4, stable<float>},
                  {"stable", kStable, SOFTMARK_SIGMOID, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   4, stable<double>})

}  // namespace softmark
