// SPDX-License-Identifier: Apache-2.0
// log sum exp(x - max) of a row with a finite maximum, for the ops that need logarithms.
//
// Here max is subtracted, so that exp(0) is exactly 1: the largest logits are counted rather than
// added, and log1p of all the others keeps its relative accuracy when they are tiny. The rounding
// of x - max, which softmax must avoid, is harmless under a logarithm: weighted by exp(x - max), it
// costs at most 2^-p ln(cols) in total.
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

template <class D, class T = hn::TFromD<D>>
HWY_INLINE double log_sum(D d, const T* x, std::size_t cols, T max) {
  const std::size_t lanes = hn::Lanes(d);
  const auto shift = shift_for<T, true>(max);
  const auto top = hn::Set(d, max);
  Sum<D> sum;
  std::size_t largest = 0;
  for (std::size_t c = 0; c < cols; c += lanes) {
    const auto v = c + lanes <= cols ? hn::LoadU(d, x + c) : load_first(d, x + c, cols - c);
    const auto is_top = hn::Eq(v, top);
    largest += hn::CountTrue(d, is_top);
    sum.add(d, hn::IfThenZeroElse(is_top, scaled_exp(d, v, shift)));
  }
  const double rest = std::ldexp(sum.total() / kFactor<T>, -ExpConstants<T>::kBoost);
  return std::log1p(rest + static_cast<double>(largest - 1));
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
