// SPDX-License-Identifier: Apache-2.0
// y = e / S. Fast: e times the rounded 1/S, two roundings. Exact: e times 1/S in two parts, by one
// fused multiply-add, whose only significant rounding is the last one; without fused multiply-add,
// a true division by S rounded to the type.
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

/// Stores a vector in the type of `narrow`.
template <class N, class V>
HWY_INLINE void store_as(N narrow, V v, hn::TFromD<N>* to) {
  if constexpr (sizeof(hn::TFromD<N>) == sizeof(hn::TFromV<V>))
    hn::StoreU(v, narrow, to);
  else
    hn::StoreU(hn::DemoteTo(narrow, v), narrow, to);
}

template <class T>
struct QuotientConstants;
template <>
struct QuotientConstants<float> {
  // Finite times the largest quotient, 1, and times the inverse's parts.
  static constexpr float kLift = 0x1p120f;
  // The smallest normal number, lifted; beside it f32's spacing is a lifted smallest subnormal.
  static constexpr float kSmall = 0x1p-6f;
  // Below it, times the sum, a term gives a subnormal result, or such a product with `low`.
  static constexpr float kLeast = 0x1p-125f, kLeastExact = 0x1p-96f;
  static constexpr int kMantissaBits = 23, kLiftExponent = 120;
};
template <>
struct QuotientConstants<double> {
  static constexpr double kLift = 0x1p960, kSmall = 0x1p-62;
  static constexpr double kLeast = 0x1p-1021, kLeastExact = 0x1p-950;
  static constexpr int kMantissaBits = 52, kLiftExponent = 960;
};

template <class T, bool kExact>
struct Quotient {
  using C = QuotientConstants<T>;
  // The parts of the inverse, or the sum itself where it is divided by; the limits of small terms.
  T high, low, least;

  Quotient() = default;
  HWY_INLINE Quotient(T h, T l, T smallest) : high(h), low(l), least(smallest) {}
  HWY_INLINE explicit Quotient(double sum) {
    const hn::CappedTag<double, 1> d;
    invert(d, hn::Rebind<T, decltype(d)>(), hn::Set(d, sum), &high, &low, &least);
  }

  /// The same for a vector of sums, side by side.
  template <class W, class N, class V>
  static HWY_INLINE void invert(W w, N narrow, V sum, T* high, T* low, T* least) {
    const V inverse = hn::Div(hn::Set(w, 1), sum);
    store_as(narrow, hn::Mul(sum, hn::Set(w, kExact ? C::kLeastExact : C::kLeast)), least);
#if HWY_NATIVE_FMA
    store_as(narrow, inverse, high);
    if constexpr (kExact && sizeof(T) == 4)
      store_as(narrow, hn::Sub(inverse, hn::PromoteTo(w, hn::LoadU(narrow, high))), low);
    else if constexpr (kExact)
      store_as(narrow, hn::Mul(hn::NegMulAdd(sum, inverse, hn::Set(w, 1)), inverse), low);
#else
    store_as(narrow, kExact ? sum : inverse, high);
#endif
    (void)low;
  }

  /// kN vectors of terms.
  template <std::size_t kN, class D, class V = hn::Vec<D>>
  HWY_INLINE void of(D d, V (&v)[kN]) const {
    V smallest = v[0];
    for (std::size_t i = 1; i < kN; ++i) smallest = hn::Min(smallest, v[i]);
    // A NaN among the terms makes `least` NaN, and no comparison with NaN holds.
    if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Lt(smallest, hn::Set(d, least))))) {
      for (std::size_t i = 0; i < kN; ++i) v[i] = checked(d, v[i]);
    } else {
      for (std::size_t i = 0; i < kN; ++i) v[i] = times_inverse(d, v[i], T(1));
    }
  }

  /// For terms that are known to give normal results.
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V of_normal(D d, V v) const {
    return times_inverse(d, v, T(1));
  }

  template <class D, class V = hn::Vec<D>>
  HWY_NOINLINE V checked(D d, V v) const {
    const auto is_small = hn::Lt(v, hn::Set(d, least));
    if (hn::AllFalse(d, is_small)) return times_inverse(d, v, T(1));
    return of_small(d, v);
  }

 private:
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V times_inverse(D d, V v, T lift) const {
    if constexpr (!kExact) return hn::Mul(v, hn::Set(d, high * lift));
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
    const hn::RebindToUnsigned<D> u;
    using U = hn::TFromD<decltype(u)>;
    const V lifted = times_inverse(d, v, C::kLift), small = hn::Set(d, static_cast<T>(C::kSmall));
    const auto normal = hn::Sub(hn::BitCast(u, lifted),
                                hn::Set(u, static_cast<U>(C::kLiftExponent) << C::kMantissaBits));
    const auto subnormal = hn::Sub(hn::BitCast(u, hn::Add(lifted, small)), hn::BitCast(u, small));
    return hn::BitCast(d,
                       hn::IfThenElse(hn::RebindMask(u, hn::Lt(lifted, small)), subnormal, normal));
  }
};

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
