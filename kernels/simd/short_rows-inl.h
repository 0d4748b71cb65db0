// SPDX-License-Identifier: Apache-2.0
// Rows of one to four vectors, as many at a time as a vector has lanes. A short row spends its time
// in reductions, not in exp: so a group of rows shares one shift, its sums are formed together by a
// transposing tree of additions, one row a lane, and inverted by one division.
//
// A shared shift changes no bit. It differs from the row's own by a power of two, which cancels in
// the quotient, as long as the row's terms stay away from both ends of the exponent range: every
// sum must be within [2^(boost - window), 2^(boost + window)] of exp-inl.h. Otherwise each row
// takes its own shift; their maxima are found by the same kind of tree.
#include <cstddef>

#if defined(SOFTMARK_SIMD_SHORT_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_SHORT_ROWS_INL_H
#undef SOFTMARK_SIMD_SHORT_ROWS_INL_H
#else
#define SOFTMARK_SIMD_SHORT_ROWS_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/quotient-inl.h"
#include "kernels/simd/rows-inl.h"
#include "kernels/simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr std::size_t kShortVectors = 4;

/// The lanes of an f32 vector in f64, added by halves.
template <class V, class D = hn::DFromV<V>>
HWY_INLINE hn::Vec<SumTag<D>> widened(V v) {
  const SumTag<D> wide;
#if HWY_TARGET == HWY_SCALAR
  return hn::PromoteTo(wide, v);
#else
  const hn::Half<D> half;
  return hn::Add(hn::PromoteTo(wide, hn::LowerHalf(half, v)),
                 hn::PromoteTo(wide, hn::UpperHalf(half, v)));
#endif
}

#if HWY_TARGET != HWY_SCALAR
/// The sums over all 128-bit blocks, in f64, of four rows, one a lane.
template <class V>
HWY_INLINE void store_block_sums(V blocks, double* to) {
  const hn::DFromV<V> d;
  const SumTag<decltype(d)> wide;
  if constexpr (hn::MaxLanes(d) == 4) {
    const hn::Half<decltype(d)> half;
    hn::Store(hn::PromoteTo(wide, hn::LowerHalf(half, blocks)), wide, to);
    hn::Store(hn::PromoteTo(wide, hn::UpperHalf(half, blocks)), wide, to + 2);
  } else if constexpr (hn::MaxLanes(d) == 8) {
    hn::Store(widened(blocks), wide, to);
  } else {
    const hn::Half<decltype(wide)> half;
    const auto both = widened(blocks);
    hn::Store(hn::Add(hn::LowerHalf(half, both), hn::UpperHalf(half, both)), half, to);
  }
}
#endif

/// A group of rows and what is computed of it.
template <class T, bool kExact, std::size_t kVectors>
struct ShortRows {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using W = hn::ScalableTag<double>;  // of the sums
  using C = ExpConstants<T>;
  static constexpr std::size_t kLanes = hn::MaxLanes(D()), kGroup = kLanes;
  static constexpr bool kCompensated = sizeof(T) == 8;
  /// f32: whether a row's vectors are summed in f64 from then on.
  static constexpr bool kWiden = sizeof(T) == 4 && (kExact || kVectors > 2);
  using Lanes =
      std::conditional_t<kCompensated, Compensated<V>, std::conditional_t<kWiden, hn::Vec<W>, V>>;

  const T* x;
  std::size_t x_stride;
  T* y;
  std::size_t y_stride, cols;
  Lanes sums[kGroup];  // of each row, still to be added across its lanes
  HWY_ALIGN T terms[kGroup * kVectors * kLanes];
  HWY_ALIGN T high[kGroup], low[kGroup], least[kGroup];
  V smallest;  // of all terms

  HWY_INLINE V load(const T* from, std::size_t i) const {
    const std::size_t at = i * kLanes;
    return i + 1 < kVectors || cols == kVectors * kLanes ? hn::LoadU(D(), from + at)
                                                         : load_first(D(), from + at, cols - at);
  }

  /// The terms and the sums of kN / kVectors rows from `first` on; returns the smallest terms.
  template <std::size_t kN, bool kFar>
  HWY_INLINE V exp_rows(std::size_t first, const Shift<T, kFar>& shift, V least_term) {
    const D d;
    V v[kN];
    for (std::size_t i = 0; i < kN; ++i)
      v[i] = load(x + (first + i / kVectors) * x_stride, i % kVectors);
    scaled_exp(d, v, shift);
    for (std::size_t i = 0; i < kN; i += kVectors) {
      V row[kVectors];
      for (std::size_t j = 0; j < kVectors; ++j) row[j] = v[i + j];
      sums[first + i / kVectors] = lanes_of(row);
    }
    if (cols < kVectors * kLanes) {  // so that unused lanes do not count as small
      const auto used = hn::FirstN(d, cols - (kVectors - 1) * kLanes);
      for (std::size_t i = kVectors - 1; i < kN; i += kVectors)
        v[i] = hn::IfThenElse(used, v[i], hn::Set(d, C::kLeastSum));
    }
    for (std::size_t i = 0; i < kN; ++i) {
      hn::Store(v[i], d, terms + (first * kVectors + i) * kLanes);
      least_term = hn::Min(least_term, v[i]);
    }
    return least_term;
  }

  /// A row's vectors added.
  static HWY_INLINE Lanes lanes_of(const V (&v)[kVectors]) {
    if constexpr (!kExact && kWiden) {
      return widened(Sum<D>::template tree<kVectors>(v));
    } else if constexpr (!kExact && kCompensated) {
      return {Sum<D>::template tree<kVectors>(v), hn::Zero(D())};
    } else if constexpr (!kExact) {
      return Sum<D>::template tree<kVectors>(v);
    } else if constexpr (kCompensated) {
      Lanes sum = {v[0], hn::Zero(D())};
      for (std::size_t i = 1; i < kVectors; ++i) {
        const Compensated<V> both = two_sum(sum.sum, v[i]);
        sum = {both.sum, hn::Add(sum.error, both.error)};
      }
      return sum;
    } else {
      Lanes sum = widened(v[0]);
      for (std::size_t i = 1; i < kVectors; ++i) sum = hn::Add(sum, widened(v[i]));
      return sum;
    }
  }

  /// The sums of the whole rows, and what f64 sums lost; in f32 at most two levels of additions are
  /// rounded to f32, three for rows of two vectors.
  HWY_INLINE void total(double* total, double* lost) const {
    const W w;
    if constexpr (kCompensated) {
      for (std::size_t i = 0; i < kGroup; i += hn::MaxLanes(W())) {
        const Compensated<V> both = across<AddLanes>(w, sums + i);
        hn::Store(both.sum, w, total + i);
        hn::Store(both.error, w, lost + i);
      }
    } else if constexpr (kWiden) {
      for (std::size_t i = 0; i < kGroup; i += hn::MaxLanes(W()))
        hn::Store(across<AddLanes>(w, sums + i), w, total + i);
    } else {
#if HWY_TARGET == HWY_SCALAR
      total[0] = hn::GetLane(sums[0]);
#else
      for (std::size_t i = 0; i < kGroup; i += 4)
        store_block_sums(fold_blocks<AddLanes>(D(), sums + i), total + i);
#endif
    }
  }

  /// The rows' inverses and limits from their sums; false if a sum is out of range.
  HWY_INLINE bool invert(bool check) {
    const W w;
    const hn::Rebind<T, W> narrow;
    HWY_ALIGN double sum[kGroup], lost[kGroup] = {};
    total(sum, lost);
    bool good = true;
    for (std::size_t i = 0; i < kGroup; i += hn::MaxLanes(W())) {
      const auto v = hn::Load(w, sum + i);
      if (check)
        good = good && hn::AllTrue(w, hn::And(hn::Ge(v, hn::Set(w, C::kLeastSum)),
                                              hn::Le(v, hn::Set(w, C::kMostSum))));
      Quotient<T, kExact>::invert(w, narrow, v, hn::Load(w, lost + i), high + i, low + i,
                                  least + i);
    }
    return good;
  }

  /// Of kGroup rows with one shift for all; false if that does not suit every row.
  HWY_INLINE bool together(T max) {
    if (!(max <= C::kFar - 2 * C::kWindow && max >= 2 * C::kWindow - C::kFar)) return false;
    const Shift<T> shift = shift_for<T, false>(max);
    constexpr std::size_t kBeside = HWY_MIN(kGroup, HWY_MAX(4 / kVectors, 1));
    V least_term = hn::Set(D(), std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < kGroup; i += kBeside)
      least_term = exp_rows<kBeside * kVectors>(i, shift, least_term);
    smallest = least_term;
    return invert(true);
  }

  /// Of kGroup rows with a shift for each.
  HWY_INLINE void apart() {
    const D d;
    V maxima[kGroup];
    for (std::size_t i = 0; i < kGroup; ++i) maxima[i] = lane_maxima(x + i * x_stride);
    HWY_ALIGN T max[kGroup];
    hn::Store(across<MaxLanes>(d, maxima), d, max);
    smallest = hn::Set(d, std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < kGroup; ++i) smallest = exp_row(i, max[i], smallest);
    invert(false);
  }

  /// What one shift for all is taken from: the maximum of the first row, where overflow is
  /// harmless, or else that of all rows.
  HWY_INLINE T top() const {
    V max = lane_maxima(x);
    if (!kAnyExponent)
      for (std::size_t i = 1; i < kGroup; ++i) max = hn::Max(max, lane_maxima(x + i * x_stride));
    return hn::GetLane(hn::MaxOfLanes(D(), max));
  }
  HWY_INLINE V lane_maxima(const T* row) const {
    V max = load(row, 0);
    for (std::size_t i = 1; i < kVectors; ++i) max = hn::Max(max, load(row, i));
    return max;
  }
  HWY_NOINLINE V exp_row(std::size_t i, T max, V least_term) {
    return is_far(max) ? exp_rows<kVectors>(i, shift_for<T, true>(max), least_term)
                       : exp_rows<kVectors>(i, shift_for<T, false>(max), least_term);
  }

  /// Of one row, in the order of operations of a group.
  HWY_INLINE void alone() {
    const D d;
    smallest = exp_row(0, hn::GetLane(hn::MaxOfLanes(d, lane_maxima(x))),
                       hn::Set(d, std::numeric_limits<T>::max()));
    for (std::size_t i = 1; i < kGroup; ++i) sums[i] = sums[0];
    HWY_ALIGN double sum[kGroup], lost[kGroup] = {};
    total(sum, lost);
    const hn::CappedTag<double, 1> one;
    Quotient<T, kExact>::invert(one, hn::Rebind<T, decltype(one)>(), hn::Set(one, sum[0]),
                                hn::Set(one, lost[0]), high, low, least);
    hn::Store(hn::Set(d, least[0]), d, least);
    divide(1);
  }

  HWY_INLINE void divide(std::size_t rows) const {
    const D d;
    V limit = hn::Load(d, least);
    const bool normal = hn::AllTrue(d, hn::Ge(smallest, hn::MaxOfLanes(d, limit)));
    for (std::size_t i = 0; i < rows; ++i) {
      const Quotient<T, kExact> quotient(high[i], low[i], least[i]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::size_t at = v * kLanes;
        V result = hn::Load(d, terms + i * kVectors * kLanes + at);
        result = HWY_LIKELY(normal) ? quotient.of_normal(d, result) : quotient.checked(d, result);
        if (v + 1 < kVectors || cols == kVectors * kLanes)
          hn::StoreU(result, d, y + i * y_stride + at);
        else
          store_first(d, result, y + i * y_stride + at, cols - at);
      }
    }
  }
};

template <bool kExact, std::size_t kVectors, class T>
HWY_INLINE void softmax_groups(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                               std::size_t rows, std::size_t cols) {
  using Group = ShortRows<T, kExact, kVectors>;
  Group groups[2];  // one is divided after the terms of the next have been computed
  for (Group& group : groups) {
    group.x_stride = x_stride;
    group.y_stride = y_stride;
    group.cols = cols;
  }
  const auto take = [&](Group& group, std::size_t r) HWY_ATTR {
    group.x = x + r * x_stride;
    group.y = y + r * y_stride;
  };
  bool guess = true;  // one shift for all; not after a group that it did not suit
  const std::size_t whole = rows / Group::kGroup;
  for (std::size_t i = 0; i < whole; ++i) {
    Group& group = groups[i % 2];
    take(group, i * Group::kGroup);
    if (guess) guess = group.together(group.top());
    if (!guess) {
      group.apart();
      guess = i % 8 == 7;
    }
    if (i > 0) groups[(i + 1) % 2].divide(Group::kGroup);
  }
  if (whole > 0) groups[(whole + 1) % 2].divide(Group::kGroup);
  for (std::size_t r = whole * Group::kGroup; r < rows; ++r) {
    take(groups[0], r);
    groups[0].alone();
  }
}

/// For rows of 1 to kShortVectors vectors.
template <bool kExact, class T>
HWY_INLINE void softmax_short(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                              std::size_t rows, std::size_t cols) {
  switch ((cols - 1) / hn::Lanes(hn::ScalableTag<T>())) {
    case 0:
      return softmax_groups<kExact, 1>(x, x_stride, y, y_stride, rows, cols);
    case 1:
      return softmax_groups<kExact, 2>(x, x_stride, y, y_stride, rows, cols);
    case 2:
      return softmax_groups<kExact, 3>(x, x_stride, y, y_stride, rows, cols);
    default:
      return softmax_groups<kExact, 4>(x, x_stride, y, y_stride, rows, cols);
  }
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
