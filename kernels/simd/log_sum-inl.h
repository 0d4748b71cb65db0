// SPDX-License-Identifier: Apache-2.0
// log sum exp(x - max) of a row with a finite maximum, for the ops that need logarithms.
//
// Here max is subtracted: the largest logits are counted rather than added, and log1p of all the
// others keeps its relative accuracy when they are tiny. The rounding of x - max, which softmax
// must avoid, is harmless under a logarithm: weighted by exp(x - max), it costs at most
// 2^-p ln(cols) in total.
#include <cmath>
#include <cstddef>

#if defined(SOFTMARK_SIMD_LOG_SUM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_LOG_SUM_INL_H
#undef SOFTMARK_SIMD_LOG_SUM_INL_H
#else
#define SOFTMARK_SIMD_LOG_SUM_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The sum of exp(x - max) over all but one of the largest logits: sum exp(x - max) - 1.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE double sum_of_others(D d, const T* x, std::size_t cols, T max) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const auto shift = shift_for<T, true>(max);
  const auto top = hn::Set(d, max);
  constexpr std::size_t kStage = 4;
  Sum<D> sum;
  std::size_t largest = 0;
  const auto add = [&]<std::size_t kN>(V(&v)[kN]) HWY_ATTR {
    V x_of[kN];
    for (std::size_t i = 0; i < kN; ++i) x_of[i] = v[i];
    scaled_exp(d, v, shift);
    for (std::size_t i = 0; i < kN; ++i) {
      const auto is_top = hn::Eq(x_of[i], top);
      largest += hn::CountTrue(d, is_top);
      v[i] = hn::IfThenZeroElse(is_top, v[i]);
    }
    sum.template add_all<false>(d, v);
  };
  std::size_t c = 0;
  for (; c + kStage * lanes <= cols; c += kStage * lanes) {
    hn::Vec<D> v[kStage];
    for (std::size_t i = 0; i < kStage; ++i) v[i] = hn::LoadU(d, x + c + i * lanes);
    add(v);
  }
  for (; c < cols; c += lanes) {
    hn::Vec<D> v[1] = {load_first(d, x + c, HWY_MIN(lanes, cols - c))};
    add(v);
  }
  static_assert(ExpConstants<T>::kBoost == (sizeof(T) == 4 ? 64 : 256));
  constexpr double kUnit = (sizeof(T) == 4 ? 0x1p-64 : 0x1p-256) / kFactor<T>;
  return rounded(sum.total()) * kUnit + static_cast<double>(largest - 1);
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE double log_sum(D d, const T* x, std::size_t cols, T max) {
  return std::log1p(sum_of_others(d, x, cols, max));
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
