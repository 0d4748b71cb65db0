// SPDX-License-Identifier: Apache-2.0
// y = e / S without rounding S to the type: e times 1/S in two parts, by one fused multiply-add, whose only rounding
// that counts is the last one. Where there is no fused multiply-add, a true division by S rounded to the type.
#include <cstddef>

#if defined(SOFTMARK_SIMD_QUOTIENT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_QUOTIENT_INL_H
#undef SOFTMARK_SIMD_QUOTIENT_INL_H
#else
#define SOFTMARK_SIMD_QUOTIENT_INL_H
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The two parts of 1 / sum for each lane; without fused multiply-add, sum and nothing.
template <class D, class V>
HWY_INLINE void split_inverse(D d, V sum, float* high, float* low) {
  const hn::Rebind<float, D> narrow;
#if HWY_NATIVE_FMA
  const V inverse = hn::Div(hn::Set(d, 1.0), sum);
  const auto head = hn::DemoteTo(narrow, inverse);
  hn::StoreU(head, narrow, high);
  hn::StoreU(hn::DemoteTo(narrow, hn::Sub(inverse, hn::PromoteTo(d, head))), narrow, low);
#else
  (void)d;
  (void)low;
  hn::StoreU(hn::DemoteTo(narrow, sum), narrow, high);
#endif
}

template <class D, class V>
HWY_INLINE void split_inverse(D d, V sum, double* high, double* low) {
#if HWY_NATIVE_FMA
  const V inverse = hn::Div(hn::Set(d, 1.0), sum);
  hn::StoreU(inverse, d, high);
  hn::StoreU(hn::Mul(hn::NegMulAdd(sum, inverse, hn::Set(d, 1.0)), inverse), d, low);
#else
  (void)low;
  hn::StoreU(sum, d, high);
#endif
}

template <class T>
struct Quotient {
  T high, low = 0;

  HWY_INLINE Quotient(T h, T l) : high(h), low(l) {}
  HWY_INLINE explicit Quotient(double sum) {
    const hn::CappedTag<double, 1> d;
    split_inverse(d, hn::Set(d, sum), &high, &low);
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V of(D d, V v) const {
#if HWY_NATIVE_FMA
    return hn::MulAdd(v, hn::Set(d, high), hn::Mul(v, hn::Set(d, low)));
#else
    return hn::Div(v, hn::Set(d, high));
#endif
  }
};

/// The quotients of several rows, their divisions side by side.
template <class T, std::size_t kCount>
struct Inverses {
  T high[kCount], low[kCount];

  /// False if any sum is below `least` or NaN; then the inverses mean nothing.
  HWY_INLINE bool set(const double* sums, double least) {
    const hn::CappedTag<double, kCount> d;
    bool all = true;
    for (std::size_t i = 0; i < kCount; i += hn::Lanes(d)) {
      const auto sum = hn::Load(d, sums + i);
      all = all && hn::AllTrue(d, hn::Ge(sum, hn::Set(d, least)));
      split_inverse(d, sum, high + i, low + i);
    }
    return all;
  }
  HWY_INLINE Quotient<T> at(std::size_t i) const { return {high[i], low[i]}; }
};

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
