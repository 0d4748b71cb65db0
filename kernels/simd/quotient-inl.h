// SPDX-License-Identifier: Apache-2.0
// y = e / S. In two parts, where exact or f64: e times 1/S = high + low by one fused multiply-add,
// whose only significant rounding is the last one. In f32 otherwise: e times the rounded 1/S, two
// roundings. Without fused multiply-add: a true division by S rounded to the type where exact, else
// the product with 1/S.
#include <cstddef>

#if defined(SOFTMARK_SIMD_QUOTIENT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_QUOTIENT_INL_H
#undef SOFTMARK_SIMD_QUOTIENT_INL_H
#else
#define SOFTMARK_SIMD_QUOTIENT_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/rows.h"

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
  static constexpr bool kTwoParts = HWY_NATIVE_FMA && (kExact || sizeof(T) == 8);
  // The parts of the inverse, or the sum itself where it is divided by; the limits of small terms.
  T high, low, least;

  Quotient() = default;
  HWY_INLINE Quotient(T h, T l, T smallest) : high(h), low(l), least(smallest) {}
  HWY_INLINE explicit Quotient(Total total) : low(0) {
    const double sum = kTwoParts && sizeof(T) == 8 ? total.sum : rounded(total);
    const double inverse = 1 / sum;
    least = static_cast<T>(sum * (kTwoParts ? C::kLeastExact : C::kLeast));
    high = static_cast<T>(kExact && !kTwoParts ? sum : inverse);
    if constexpr (kTwoParts && sizeof(T) == 4) {
      low = static_cast<T>(inverse - static_cast<double>(high));
    } else if constexpr (kTwoParts) {
      const hn::CappedTag<double, 1> d;
      const auto v = hn::Set(d, inverse);
      const auto rest = hn::NegMulAdd(hn::Set(d, sum), v, hn::Set(d, 1));
      low = hn::GetLane(hn::Mul(hn::NegMulAdd(hn::Set(d, total.error), v, rest), v));
    }
  }

  /// The same for a vector of totals, side by side.
  template <class W, class N, class V>
  static HWY_INLINE void invert(W w, N narrow, V sum, V error, T* high, T* low, T* least) {
    if constexpr (!kTwoParts && sizeof(T) == 8) sum = hn::Add(sum, error);
    const V inverse = hn::Div(hn::Set(w, 1), sum);
    store_as(narrow, hn::Mul(sum, hn::Set(w, kTwoParts ? C::kLeastExact : C::kLeast)), least);
    store_as(narrow, kExact && !kTwoParts ? sum : inverse, high);
    if constexpr (kTwoParts && sizeof(T) == 4) {
      store_as(narrow, hn::Sub(inverse, hn::PromoteTo(w, hn::LoadU(narrow, high))), low);
    } else if constexpr (kTwoParts) {
      const V rest = hn::NegMulAdd(error, inverse, hn::NegMulAdd(sum, inverse, hn::Set(w, 1)));
      store_as(narrow, hn::Mul(rest, inverse), low);
    }
    (void)low;
    (void)error;
  }

  /// kN vectors of terms.
  template <std::size_t kN, class D, class V = hn::Vec<D>>
  HWY_INLINE void of(D d, V (&v)[kN]) const {
    V smallest = v[0];
    for (std::size_t i = 1; i < kN; ++i) smallest = hn::Min(smallest, v[i]);
    if (HWY_UNLIKELY(any_small(d, smallest)))
      for (std::size_t i = 0; i < kN; ++i) v[i] = of_small(d, v[i]);
    else
      for (std::size_t i = 0; i < kN; ++i) v[i] = of_normal(d, v[i]);
  }

  /// Whether of_small is needed. A NaN among the terms makes `least` NaN; the answer is then no.
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE bool any_small(D d, V smallest) const {
    return !hn::AllFalse(d, hn::Lt(smallest, hn::Set(d, least)));
  }

  /// For terms that are known to give normal results, or NaN.
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V of_normal(D d, V v) const {
    return times_inverse(d, v, T(1));
  }

  /// For finite terms.
  template <bool kSmall, std::size_t kN, class D, class V = hn::Vec<D>>
  HWY_INLINE void of_each(D d, V (&v)[kN]) const {
    for (std::size_t i = 0; i < kN; ++i) v[i] = kSmall ? of_small(d, v[i]) : of_normal(d, v[i]);
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V checked(D d, V v) const {
    V one[1] = {v};
    of(d, one);
    return one[0];
  }

  /// For results, or products on the way to them, that may be subnormal: many processors take a
  /// hundred cycles for each. The quotient is formed 2^lift times as large and scaled down by
  /// integer arithmetic on its bits: normal results by their exponent; subnormal ones are rounded
  /// by adding a number whose last bit has the weight of the smallest subnormal. As integers, the
  /// larger of the two is the right one. For finite terms.
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V of_small(D d, V v) const {
    const hn::RebindToSigned<D> i;
    const V lifted = times_inverse(d, v, C::kLift), small = hn::Set(d, static_cast<T>(C::kSmall));
    const auto scaled = hn::Sub(
        hn::BitCast(i, lifted),
        hn::Set(i, static_cast<hn::TFromD<decltype(i)>>(C::kLiftExponent) << C::kMantissaBits));
    const auto rounded = hn::Sub(hn::BitCast(i, hn::Add(lifted, small)), hn::BitCast(i, small));
    return hn::BitCast(d, hn::Max(scaled, rounded));
  }

 private:
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V times_inverse(D d, V v, T lift) const {
    if constexpr (kTwoParts)
      return hn::MulAdd(v, hn::Set(d, high * lift), hn::Mul(v, hn::Set(d, low * lift)));
    else if constexpr (kExact)
      return hn::Div(v, hn::Set(d, high / lift));
    else
      return hn::Mul(v, hn::Set(d, high * lift));
  }
};

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
