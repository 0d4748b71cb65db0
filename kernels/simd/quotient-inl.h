// SPDX-License-Identifier: Apache-2.0
// y = e / S without rounding S to the type: e times 1/S in two parts, by one fused multiply-add,
// whose only significant rounding is the last one. Without fused multiply-add, a true division by S
// rounded to the type.
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

/// Stores an f64 vector in the type.
template <class D, class V>
HWY_INLINE void store_as(D, V v, float* to) {
  const hn::Rebind<float, D> narrow;
  hn::StoreU(hn::DemoteTo(narrow, v), narrow, to);
}
template <class D, class V>
HWY_INLINE void store_as(D d, V v, double* to) {
  hn::StoreU(v, d, to);
}

/// The two parts of 1 / sum for each lane; without fused multiply-add `high` is the sum and `low`
/// is not written.
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
struct QuotientConstants;
template <>
struct QuotientConstants<float> {
  // Finite times the largest quotient, 1, and times the inverse's parts.
  static constexpr float kLift = 0x1p120f;
  // The smallest normal number, lifted; beside it f32's spacing is a lifted smallest subnormal.
  static constexpr float kSmall = 0x1p-6f;
  static constexpr double kLeast = 0x1p-96;
  static constexpr int kMantissaBits = 23, kLiftExponent = 120;
};
template <>
struct QuotientConstants<double> {
  static constexpr double kLift = 0x1p960, kSmall = 0x1p-62, kLeast = 0x1p-950;
  static constexpr int kMantissaBits = 52, kLiftExponent = 960;
};

template <class T>
struct Quotient {
  T high, low = 0, least;

  HWY_INLINE Quotient(T h, T l, T smallest) : high(h), low(l), least(smallest) {}
  HWY_INLINE explicit Quotient(double sum)
      : least(static_cast<T>(sum * QuotientConstants<T>::kLeast)) {
    const hn::CappedTag<double, 1> d;
    split_inverse(d, hn::Set(d, sum), &high, &low);
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V of(D d, V v) const {
    // A NaN among the terms makes `least` NaN, and no comparison with NaN holds.
    if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Lt(v, hn::Set(d, least))))) return of_small(d, v);
    return times_inverse(d, v, T(1));
  }

 private:
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V times_inverse(D d, V v, T lift) const {
#if HWY_NATIVE_FMA
    return hn::MulAdd(v, hn::Set(d, high * lift), hn::Mul(v, hn::Set(d, low * lift)));
#else
    return hn::Div(v, hn::Set(d, high / lift));
#endif
  }

  /// For results, or products on the way to them, that may be subnormal: many processors take a
  /// hundred cycles for each. The quotient is formed 2^lift times as large and scaled down by
  /// integer arithmetic on its bits: normal results by their exponent; subnormal ones are rounded
  /// by adding a number whose last bit has the weight of the smallest subnormal.
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V of_small(D d, V v) const {
    using C = QuotientConstants<T>;
    const hn::RebindToUnsigned<D> u;
    using U = hn::TFromD<decltype(u)>;
    const V lifted = times_inverse(d, v, C::kLift), small = hn::Set(d, C::kSmall);
    const auto normal = hn::Sub(hn::BitCast(u, lifted),
                                hn::Set(u, static_cast<U>(C::kLiftExponent) << C::kMantissaBits));
    const auto subnormal = hn::Sub(hn::BitCast(u, hn::Add(lifted, small)), hn::BitCast(u, small));
    return hn::BitCast(d,
                       hn::IfThenElse(hn::RebindMask(u, hn::Lt(lifted, small)), subnormal, normal));
  }
};

/// The quotients of several rows, with their divisions side by side.
template <class T, std::size_t kCount>
struct Inverses {
  T high[kCount], low[kCount];
  T least[kCount];

  /// False if any sum is below `least_sum` or NaN; then the inverses are invalid.
  HWY_INLINE bool set(const double* sums, double least_sum) {
    const hn::CappedTag<double, kCount> d;
    bool all = true;
    for (std::size_t i = 0; i < kCount; i += hn::Lanes(d)) {
      const auto sum = hn::Load(d, sums + i);
      all = all && hn::AllTrue(d, hn::Ge(sum, hn::Set(d, least_sum)));
      split_inverse(d, sum, high + i, low + i);
      store_as(d, hn::Mul(sum, hn::Set(d, QuotientConstants<T>::kLeast)), least + i);
    }
    return all;
  }
  HWY_INLINE Quotient<T> at(std::size_t i) const { return {high[i], low[i], least[i]}; }
};

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
