// SPDX-License-Identifier: Apache-2.0
// Building blocks of the row kernels, once per instruction set: partial vectors at a row's end, the
// maximum, and sums that are wider than their terms. Rows are always processed from their first
// element in unaligned vectors, so that a row's bits depend on its values and its length alone.
#include <limits>

#if defined(SOFTMARK_SIMD_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_ROWS_INL_H
#undef SOFTMARK_SIMD_ROWS_INL_H
#else
#define SOFTMARK_SIMD_ROWS_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/rows.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The first `count` <= Lanes(d) elements, with `rest` in the lanes above them; reads nothing
/// beyond. Where no instruction does that, by halves: a load of what was stored in parts has to
/// wait.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_first(D d, const T* from, std::size_t count,
                                 T rest = -std::numeric_limits<T>::infinity()) {
#if !HWY_MEM_OPS_MIGHT_FAULT
  const auto mask = hn::FirstN(d, count);
  return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, from), hn::Set(d, rest));
#else
  if constexpr (hn::MaxLanes(D()) == 1) {
    return count > 0 ? hn::LoadU(d, from) : hn::Set(d, rest);
  } else {
    const hn::Half<D> half;
    const std::size_t lanes = hn::Lanes(half);
    if (count < lanes)
      return hn::Combine(d, hn::Set(half, rest), load_first(half, from, count, rest));
    return hn::Combine(d, load_first(half, from + lanes, count - lanes, rest),
                       hn::LoadU(half, from));
  }
#endif
}

/// Writes the first `count` <= Lanes(d) lanes and nothing beyond.
template <class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE void store_first(D d, V v, T* to, std::size_t count) {
#if !HWY_MEM_OPS_MIGHT_FAULT
  hn::BlendedStore(v, hn::FirstN(d, count), d, to);
#else
  if constexpr (hn::MaxLanes(D()) == 1) {
    if (count > 0) hn::StoreU(v, d, to);
  } else {
    const hn::Half<D> half;
    const std::size_t lanes = hn::Lanes(half);
    if (count < lanes) return store_first(half, hn::LowerHalf(half, v), to, count);
    hn::StoreU(hn::LowerHalf(half, v), half, to);
    store_first(half, hn::UpperHalf(half, v), to + lanes, count - lanes);
  }
#endif
}

template <class T>
HWY_INLINE bool is_finite(T v) {
  return v >= -std::numeric_limits<T>::max() && v <= std::numeric_limits<T>::max();
}

template <class T>
HWY_INLINE void fill_nan(T* y, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) y[c] = std::numeric_limits<T>::quiet_NaN();
}

/// The largest lane of a vector without NaN.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE T largest_lane(D d, V v) {
#if HWY_TARGET == HWY_EMU128
  // Highway's own begins with the lowest finite number there: not the maximum of masks alone.
  HWY_ALIGN T lanes[hn::MaxLanes(D())];
  hn::Store(v, d, lanes);
  T largest = lanes[0];
  for (std::size_t i = 1; i < hn::Lanes(d); ++i) largest = lanes[i] > largest ? lanes[i] : largest;
  return largest;
#else
  return hn::GetLane(hn::MaxOfLanes(d, v));
#endif
}

/// The largest element, or -inf; a NaN may be skipped.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE T max_of(D d, const T* x, std::size_t cols) {
  const std::size_t lanes = hn::Lanes(d);
  auto max0 = hn::Set(d, -std::numeric_limits<T>::infinity());
  auto max1 = max0, max2 = max0, max3 = max0;
  std::size_t c = 0;
  for (; c + 4 * lanes <= cols; c += 4 * lanes) {
    max0 = hn::Max(max0, hn::LoadU(d, x + c));
    max1 = hn::Max(max1, hn::LoadU(d, x + c + lanes));
    max2 = hn::Max(max2, hn::LoadU(d, x + c + 2 * lanes));
    max3 = hn::Max(max3, hn::LoadU(d, x + c + 3 * lanes));
  }
  for (; c + lanes <= cols; c += lanes) max0 = hn::Max(max0, hn::LoadU(d, x + c));
  if (c < cols) max1 = hn::Max(max1, load_first(d, x + c, cols - c));
  return largest_lane(d, hn::Max(hn::Max(max0, max1), hn::Max(max2, max3)));
}

// Sums. Exact: f32 terms are added in f64 by halves of a vector, in two accumulators; f64 terms are
// summed with compensation, the rounding errors in the second accumulator (TwoSum). Otherwise a
// pairwise tree of the terms of a few vectors comes first.

#if HWY_TARGET == HWY_SCALAR
template <class D>
using SumTag = hn::Rebind<double, D>;
#else
template <class D>
using SumTag = hn::Repartition<double, D>;
#endif

/// A sum and what its roundings lost.
template <class V>
struct Compensated {
  V sum, error;

  HWY_INLINE Compensated() {}  // see ShortRows
  HWY_INLINE Compensated(V sum_, V error_) : sum(sum_), error(error_) {}
};

/// TwoSum: the rounded sum and its exact error.
template <class V>
HWY_INLINE Compensated<V> two_sum(V a, V b) {
  const V sum = hn::Add(a, b), added = hn::Sub(sum, a);
  return {sum, hn::Add(hn::Sub(a, hn::Sub(sum, added)), hn::Sub(b, added))};
}

/// The sum of all lanes.
template <class D, class V>
HWY_INLINE Total fold([[maybe_unused]] D d, Compensated<V> v) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    return {static_cast<double>(hn::GetLane(v.sum)), static_cast<double>(hn::GetLane(v.error))};
  } else {
#if HWY_TARGET != HWY_SCALAR
    const hn::Half<D> half;
    const auto both = two_sum(hn::LowerHalf(half, v.sum), hn::UpperHalf(half, v.sum));
    return fold(half, Compensated<hn::Vec<decltype(half)>>{
                          both.sum, hn::Add(both.error, hn::Add(hn::LowerHalf(half, v.error),
                                                                hn::UpperHalf(half, v.error)))});
#endif
  }
}

template <class D>
struct Sum {
  using T = hn::TFromD<D>;
  using Wide = SumTag<D>;
  hn::Vec<Wide> sum, more;

  HWY_INLINE Sum() : sum(hn::Zero(Wide())), more(hn::Zero(Wide())) {}

  template <class V = hn::Vec<D>>
  HWY_INLINE void add(D d, V v) {
    const Wide wide;
    (void)d;
    if constexpr (sizeof(T) == 8) {
      const Compensated<V> both = two_sum(sum, v);
      sum = both.sum;
      more = hn::Add(more, both.error);
    } else {
#if HWY_TARGET == HWY_SCALAR
      sum = hn::Add(sum, hn::PromoteTo(wide, v));
#else
      const hn::Half<D> half;
      sum = hn::Add(sum, hn::PromoteTo(wide, hn::LowerHalf(half, v)));
      more = hn::Add(more, hn::PromoteTo(wide, hn::UpperHalf(half, v)));
#endif
    }
  }
  template <bool kExact, std::size_t kN, class V = hn::Vec<D>>
  HWY_INLINE void add_all(D d, const V (&v)[kN]) {
    if constexpr (kExact) {
      for (std::size_t i = 0; i < kN; ++i) add(d, v[i]);
    } else {
      add(d, tree<kN>(v));
    }
  }
  /// Lane by lane.
  template <class V = hn::Vec<D>>
  HWY_INLINE void scale_by(D d, V factor) {
    (void)d;
    if constexpr (sizeof(T) == 8) {
      sum = hn::Mul(sum, factor);
      more = hn::Mul(more, factor);
    } else {
#if HWY_TARGET == HWY_SCALAR
      sum = hn::Mul(sum, hn::PromoteTo(Wide(), factor));
#else
      const hn::Half<D> half;
      sum = hn::Mul(sum, hn::PromoteTo(Wide(), hn::LowerHalf(half, factor)));
      more = hn::Mul(more, hn::PromoteTo(Wide(), hn::UpperHalf(half, factor)));
#endif
    }
  }
  HWY_INLINE Total total() const {
    const Wide wide;
    if constexpr (sizeof(T) == 8)
      return finite_or(fold(wide, Compensated<hn::Vec<Wide>>{sum, more}));
    else
      return {hn::GetLane(hn::SumOfLanes(wide, hn::Add(sum, more))), 0};
  }

  /// Infinities and NaN as from plain addition: a compensation of an infinity is NaN.
  HWY_INLINE Total finite_or(Total compensated) const {
    if (HWY_LIKELY(compensated.sum - compensated.sum == 0 &&
                   compensated.error == compensated.error))
      return compensated;
    return {static_cast<double>(hn::GetLane(hn::SumOfLanes(Wide(), sum))), 0};
  }

  template <std::size_t kN, class V>
  static HWY_INLINE V tree(const V* v) {
    if constexpr (kN == 1) {
      return v[0];
    } else {
      return hn::Add(tree<(kN + 1) / 2>(v), tree<kN / 2>(v + (kN + 1) / 2));
    }
  }
};

/// The sum of a row's terms, all positive: f64 as above; f32 with compensation too (Kahan,
/// Neumaier), each vector's where exact, in four sums, so that none waits for the one before, else
/// a tree's.
template <class D, bool kExact, class T = hn::TFromD<D>>
struct TermSum {
  using V = hn::Vec<D>;
  static constexpr std::size_t kSums = kExact ? 4 : 1;
  V sum[kSums], lost[kSums];

  HWY_INLINE TermSum() {
    for (std::size_t i = 0; i < kSums; ++i) sum[i] = lost[i] = hn::Zero(D());
  }
  HWY_INLINE void add(D, V v, std::size_t to = 0) {
    const V next = hn::Sub(v, lost[to]), after = hn::Add(sum[to], next);
    // What an addition loses is exact if the larger of the two is subtracted first.
    const V larger = hn::Max(sum[to], next), smaller = hn::Min(sum[to], next);
    lost[to] = hn::Sub(hn::Sub(after, larger), smaller);
    sum[to] = after;
  }
  template <std::size_t kN>
  HWY_INLINE void add_all(D d, const V (&v)[kN]) {
    if constexpr (kExact)
      for (std::size_t i = 0; i < kN; ++i) add(d, v[i], i % kSums);
    else
      add(d, Sum<D>::template tree<kN>(v));
  }
  HWY_INLINE Total total() const {
    const D d;
    Sum<D> all;
    for (std::size_t i = 0; i < kSums; ++i) {
      all.add(d, sum[i]);
      all.add(d, hn::Neg(lost[i]));
    }
    return all.total();
  }
};
template <class D, bool kExact>
struct TermSum<D, kExact, double> {
  Sum<D> sum;

  HWY_INLINE TermSum() {}
  HWY_INLINE void add(D d, hn::Vec<D> v) { sum.add(d, v); }
  template <std::size_t kN>
  HWY_INLINE void add_all(D d, const hn::Vec<D> (&v)[kN]) {
    sum.template add_all<kExact>(d, v);
  }
  HWY_INLINE Total total() const { return sum.total(); }
};

/// y = f(x), kN vectors at a time; `f` replaces an array of vectors. y may be x.
template <std::size_t kN, class D, class F, class T = hn::TFromD<D>>
HWY_INLINE void transform(D d, const T* x, T* y, std::size_t cols, F f) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  for (; c + kN * lanes <= cols; c += kN * lanes) {
    V v[kN];
    for (std::size_t i = 0; i < kN; ++i) v[i] = hn::LoadU(d, x + c + i * lanes);
    f(v);
    for (std::size_t i = 0; i < kN; ++i) hn::StoreU(v[i], d, y + c + i * lanes);
  }
  for (; c < cols; c += lanes) {
    const std::size_t count = HWY_MIN(lanes, cols - c);
    V v[1] = {load_first(d, x + c, count, T(0))};
    f(v);
    store_first(d, v[0], y + c, count);
  }
}

/// y = f(x, g); `f` replaces the first of two arrays of vectors. y may be x or g.
template <std::size_t kN, class D, class F, class T = hn::TFromD<D>>
HWY_INLINE void transform(D d, const T* x, const T* g, T* y, std::size_t cols, F f) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  for (; c + kN * lanes <= cols; c += kN * lanes) {
    V v[kN], w[kN];
    for (std::size_t i = 0; i < kN; ++i) {
      v[i] = hn::LoadU(d, x + c + i * lanes);
      w[i] = hn::LoadU(d, g + c + i * lanes);
    }
    f(v, w);
    for (std::size_t i = 0; i < kN; ++i) hn::StoreU(v[i], d, y + c + i * lanes);
  }
  for (; c < cols; c += lanes) {
    const std::size_t count = HWY_MIN(lanes, cols - c);
    V v[1] = {load_first(d, x + c, count, T(0))}, w[1] = {load_first(d, g + c, count, T(0))};
    f(v, w);
    store_first(d, v[0], y + c, count);
  }
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
