// SPDX-License-Identifier: Apache-2.0
// Softmax, online, for every instruction set that Highway compiles: y = exp(x - m) / S. Maximum and
// sum in one pass, results in a second: 12 bytes an element in f32, exp twice. Source: Milakov,
// Gimelshein: Online normalizer calculation for softmax, 2018, algorithm 3.
//
// Each lane has a maximum and a sum of its own, which are looked at once for eight vectors: where a
// maximum has risen, its lane's sum is scaled by exp(old - new). At the end the lanes are scaled to
// the maximum of all. A row whose maximum comes late costs a scaling for each block of eight
// vectors at most, never one for each element.
//
// Error, in units of 2^-p: the rounding of x - m, up to |x - m| / 2, once in the term and, weighted
// by the terms, once in the sum; beside that exp 1.4 twice, three levels of additions, the inverse,
// the product, and 2.4 for each scaling. No promise: the first is what `simd` avoids. Found by
// guided search (AVX3): 67.3 ulp in f32, in a row of 130, got 0x1.fee8a8p-101, want
// 0x1.fee92ep-101; 512 in f64 by `verify`.
//
// Special values: sums start at the lowest finite maximum, so that -inf - max is never -inf - -inf;
// -inf gives +0; where x - m overflows, exp is 0 as it should be. A NaN, and inf - inf, propagates
// into the sum; a row of nothing but -inf is filled with NaN.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/online.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/exp_pass-inl.h"
#include "kernels/simd/running-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

/// exp(x - max) for a maximum of each lane.
template <class T>
struct OwnMaximum {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  V max;
  Shift<T> shift;

  HWY_INLINE OwnMaximum()
      : max(hn::Set(D(), -std::numeric_limits<T>::max())), shift(shift_for<T, false>(0)) {}

  template <std::size_t kN>
  HWY_INLINE void exp(V (&v)[kN]) const {
    for (std::size_t i = 0; i < kN; ++i) v[i] = hn::Sub(v[i], max);
    scaled_exp(D(), v, shift);
  }

  /// Takes a larger maximum, at least the lowest finite number; returns what sums are scaled by.
  HWY_INLINE V rise_to(V larger) {
    const V fall = hn::Sub(max, larger);
    max = larger;
    return hn::Div(scaled_exp(D(), fall, shift), scaled_exp(D(), hn::Zero(D()), shift));
  }
};

template <class T>
HWY_INLINE void online_row(const T* x, std::size_t cols, T* y) {
  const RunningTotal<T> total = running_total<OwnMaximum<T>>(x, cols);
  recompute<false>(x, cols, shift_for<T, true>(total.max), y, Quotient<T, false>(total.sum));
}

template <class T>
HWY_INLINE int online(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows && args->cols > 0; ++r)
    online_row(static_cast<const T*>(args->x) + r * args->x_stride, args->cols,
               static_cast<T*>(args->y) + r * args->y_stride);
  return 0;
}

int online_f32(const softmark_args* args) { return online<float>(args); }
int online_f64(const softmark_args* args) { return online<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(online_f32);
HWY_EXPORT(online_f64);

}  // namespace simd

namespace {

int online_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(online_f32)(args);
}
int online_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(online_f64)(args);
}

constexpr auto kSummary =
    "max and sum of each lane in one pass, rescaled as they rise (Milakov, Gimelshein); Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, online,
                  {"simd_online", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, online_f32},
                  {"simd_online", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, online_f64})

}  // namespace softmark
#endif  // HWY_ONCE
