// SPDX-License-Identifier: Apache-2.0
// Rows of one to four vectors, as many at a time as a vector has lanes. A short row spends its time
// in reductions, not in exp: so a group of rows shares one shift, its sums are formed together by a
// transposing tree of additions, one row a lane, and inverted by one division. Rows that are all
// near one logit of theirs, or masked, are the fastest: nothing is raised to a lowest logit.
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

/// A group of rows and what is computed of it.
template <class T, bool kExact, std::size_t kVectors>
struct ShortRows {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using W = hn::ScalableTag<double>;  // of the sums
  using C = ExpConstants<T>;
  static constexpr std::size_t kLanes = hn::MaxLanes(D()), kGroup = kLanes;
  /// f32: whether sums stay in f32; else they are in f64 from the row's vectors on.
  static constexpr bool kCompensated = sizeof(T) == 8, kNarrow = !kExact && !kCompensated;
  static constexpr std::size_t kBeside = HWY_MIN(kGroup, HWY_MAX(4 / kVectors, 1));
  /// Of the levels of additions, at most three are rounded: so many across lanes.
  static constexpr int kPlain = kVectors == 1 ? 3 : kVectors == 2 ? 2 : 1;
  using Lanes =
      std::conditional_t<kCompensated, Compensated<V>, std::conditional_t<kNarrow, V, hn::Vec<W>>>;

  const T* x;
  std::size_t x_stride;
  T* y;
  std::size_t y_stride, cols;
  Lanes sums[kGroup];  // of each row, still to be added across its lanes
  HWY_ALIGN T terms[kGroup * kVectors * kLanes];
  HWY_ALIGN T high[kGroup], low[kGroup], least[kGroup];
  bool normal;  // no result may be subnormal

  // Those that a compiler adds are not compiled for the vectors' target, which NEON's need.
  HWY_INLINE ShortRows() {}

  HWY_INLINE V load(const T* from, std::size_t i,
                    T rest = -std::numeric_limits<T>::infinity()) const {
    const std::size_t at = i * kLanes;
    return i + 1 < kVectors || cols == kVectors * kLanes
               ? hn::LoadU(D(), from + at)
               : load_first(D(), from + at, cols - at, rest);
  }

  /// A shift for each row, none of which is far.
  struct RowShifts {
    HWY_ALIGN T lowest[kGroup], magic[kGroup];

    HWY_INLINE explicit RowShifts(const T* max) {
      for (std::size_t i = 0; i < kGroup; ++i) {
        const Shift<T> shift = shift_for<T, false>(max[i]);
        lowest[i] = shift.lowest;
        magic[i] = shift.magic;
      }
    }
    template <std::size_t kN>
    HWY_INLINE LaneShifts<V, kN> of(std::size_t first) const {
      LaneShifts<V, kN> shifts;
      for (std::size_t i = 0; i < kN; ++i) {
        shifts.lowest[i] = hn::Set(D(), lowest[first + i / kVectors]);
        shifts.magic[i] = hn::Set(D(), magic[first + i / kVectors]);
      }
      return shifts;
    }
  };

  /// The terms and the sums of kN / kVectors rows from `first` on; returns the smallest terms, or
  /// logits where the shift raises none.
  template <std::size_t kN, class S>
  HWY_INLINE V exp_rows(std::size_t first, const S& shift, V least_term) {
    constexpr bool kUnraised = kIsUnraised<S>;
    const D d;
    V v[kN];
    for (std::size_t i = 0; i < kN; ++i) {
      const T* row = x + (first + i / kVectors) * x_stride;
      if constexpr (kUnraised)
        v[i] = load(row, i % kVectors, shift.lowest);
      else
        v[i] = load(row, i % kVectors);
    }
    if constexpr (kUnraised)
      scaled_exp(d, v, shift, least_term);
    else if constexpr (std::is_same_v<S, RowShifts>)
      scaled_exp(d, v, shift.template of<kN>(first));
    else
      scaled_exp(d, v, shift);
    const bool whole = cols == kVectors * kLanes;
    const auto used = hn::FirstN(d, cols - (kVectors - 1) * kLanes);
    if (kUnraised && !whole)  // else unused lanes hold the lowest term, too small to affect the sum
      for (std::size_t i = kVectors - 1; i < kN; i += kVectors)
        v[i] = hn::IfThenElseZero(used, v[i]);
    for (std::size_t i = 0; i < kN; i += kVectors) {
      V row[kVectors];
      for (std::size_t j = 0; j < kVectors; ++j) row[j] = v[i + j];
      sums[first + i / kVectors] = lanes_of(row);
    }
    if (!kUnraised && !whole)  // so that unused lanes do not count as small
      for (std::size_t i = kVectors - 1; i < kN; i += kVectors)
        v[i] = hn::IfThenElse(used, v[i], hn::Set(d, C::kLeastSum));
    for (std::size_t i = 0; i < kN; ++i) {
      hn::Store(v[i], d, terms + (first * kVectors + i) * kLanes);
      if (!kUnraised) least_term = hn::Min(least_term, v[i]);
    }
    return least_term;
  }

  /// A row's vectors added.
  static HWY_INLINE Lanes lanes_of(const V (&v)[kVectors]) {
    if constexpr (!kExact && kCompensated) {
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

  /// The rows' inverses and limits from their sums; false if a sum is out of range.
  HWY_INLINE bool invert(const Lanes* lanes, T least_sum, T most_sum) {
    const W w;
    const hn::Rebind<T, W> narrow;
    if constexpr (kNarrow && HWY_NATIVE_FMA) {
      const D d;
      const Compensated<V> total = narrow_totals(lanes);
      // Newton's correction, which also takes in what the sum lost.
      const V inverse = hn::Div(hn::Set(d, 1), total.sum);
      const V rest =
          hn::NegMulAdd(total.error, inverse, hn::NegMulAdd(total.sum, inverse, hn::Set(d, 1)));
      hn::Store(hn::MulAdd(inverse, rest, inverse), d, high);
      hn::Store(hn::Mul(total.sum, hn::Set(d, QuotientConstants<T>::kLeast)), d, least);
      return hn::AllTrue(d, hn::And(hn::Ge(total.sum, hn::Set(d, least_sum)),
                                    hn::Le(total.sum, hn::Set(d, most_sum))));
    } else {
      HWY_ALIGN double sum[kGroup], lost[kGroup] = {};
      total(lanes, sum, lost);
      bool good = true;
      for (std::size_t i = 0; i < kGroup; i += hn::MaxLanes(W())) {
        const auto v = hn::Load(w, sum + i);
        good = good && hn::AllTrue(w, hn::And(hn::Ge(v, hn::Set(w, least_sum)),
                                              hn::Le(v, hn::Set(w, most_sum))));
        Quotient<T, kExact>::invert(w, narrow, v, hn::Load(w, lost + i), high + i, low + i,
                                    least + i);
      }
      return good;
    }
  }

  static HWY_INLINE Compensated<V> narrow_totals(const V* lanes) {
    const auto total = across<AddLanesAfter<kPlain>>(D(), lanes);
    if constexpr (std::is_same_v<decltype(total), const V>)
      return {total, hn::Zero(D())};
    else
      return total;
  }

  /// The sums of the whole rows, and what they lost.
  static HWY_INLINE void total(const Lanes* lanes, double* total, double* lost) {
    const W w;
    if constexpr (kNarrow) {
      const Compensated<V> all = narrow_totals(lanes);
      HWY_ALIGN T sum[kGroup], error[kGroup];
      hn::Store(all.sum, D(), sum);
      hn::Store(all.error, D(), error);
      for (std::size_t i = 0; i < kGroup; ++i) total[i] = double(sum[i]) + double(error[i]);
    } else {
      for (std::size_t i = 0; i < kGroup; i += hn::MaxLanes(W())) {
        if constexpr (kCompensated) {
          const Compensated<V> both = across<AddLanes>(w, lanes + i);
          hn::Store(both.sum, w, total + i);
          hn::Store(both.error, w, lost + i);
        } else {
          hn::Store(across<AddLanes>(w, lanes + i), w, total + i);
        }
      }
    }
  }

  /// Of kGroup rows whose logits are all about that of the shift; false if they are not.
  template <Low kLow>
  HWY_INLINE bool near(const NearShift<T, kLow>& shift) {
    const D d;
    V least_logit = hn::Set(d, std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < kGroup; i += kBeside)
      least_logit = exp_rows<kBeside * kVectors>(i, shift, least_logit);
    normal = true;
    return invert(sums, C::kUnraisedLeast, C::kUnraisedMost) &&
           hn::AllTrue(d, hn::Ge(least_logit, hn::Set(d, shift.lowest)));
  }

  /// Whether that may be: of the first row, for a guess that has yet to prove itself.
  template <Low kLow>
  HWY_INLINE bool first_is_near(const NearShift<T, kLow>& shift) const {
    const D d;
    bool near = true;
    for (std::size_t i = 0; i < kVectors; ++i) {
      const V v = load(x, i, shift.lowest);
      auto suits = hn::Ge(v, hn::Set(d, shift.lowest));
      if constexpr (kLow == Low::kMasked)
        suits = hn::Or(suits, hn::Eq(v, hn::Set(d, -std::numeric_limits<T>::infinity())));
      near = near && hn::AllTrue(d, suits);
    }
    return near;
  }

  /// Of kGroup rows with one shift for all; false if that does not suit every row.
  HWY_INLINE bool together(T max) {
    if (!(max <= C::kFar - 2 * C::kWindow && max >= 2 * C::kWindow - C::kFar)) return false;
    const Shift<T> shift = shift_for<T, false>(max);
    V least_term = hn::Set(D(), std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < kGroup; i += kBeside)
      least_term = exp_rows<kBeside * kVectors>(i, shift, least_term);
    const bool good = invert(sums, C::kLeastSum, C::kMostSum);
    find_normal(least_term);
    return good;
  }

  /// Of kGroup rows with a shift for each.
  HWY_INLINE void apart() {
    const D d;
    V maxima[kGroup];
    for (std::size_t i = 0; i < kGroup; ++i) maxima[i] = lane_maxima(x + i * x_stride);
    const V all = across<MaxLanes>(d, maxima);
    HWY_ALIGN T max[kGroup];
    hn::Store(all, d, max);
    V smallest = hn::Set(d, std::numeric_limits<T>::max());
    if (hn::AllTrue(d, hn::Le(hn::Abs(all), hn::Set(d, C::kFar)))) {
      const RowShifts shifts(max);
      for (std::size_t i = 0; i < kGroup; i += kBeside)
        smallest = exp_rows<kBeside * kVectors>(i, shifts, smallest);
    } else {
      for (std::size_t i = 0; i < kGroup; ++i) smallest = exp_row(i, max[i], smallest);
    }
    invert(sums, C::kLeastSum, C::kMostSum);
    find_normal(smallest);
  }
  HWY_INLINE void find_normal(V smallest) {
    const D d;
    V limit = hn::Load(d, least);
    normal = hn::AllTrue(d, hn::Ge(smallest, hn::MaxOfLanes(d, limit)));
  }

  /// What one shift for all is taken from: the maximum of the first row, where overflow is
  /// harmless, or else that of all rows.
  HWY_INLINE T top() const {
    V max = lane_maxima(x);
    if (!kAnyExponent)
      for (std::size_t i = 1; i < kGroup; ++i) max = hn::Max(max, lane_maxima(x + i * x_stride));
    return largest_lane(D(), max);
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

  /// Of one row, in the order of operations of a group. Where overflow is harmless, its first logit
  /// stands for its maximum, which takes as long to find as all the rest.
  HWY_INLINE void alone() {
    const D d;
    const V any = hn::Set(d, std::numeric_limits<T>::max());
    if (kAnyExponent && x[0] <= C::kFar - 2 * C::kWindow && x[0] >= 2 * C::kWindow - C::kFar) {
      const V smallest = exp_rows<kVectors>(0, shift_for<T, false>(x[0]), any);
      if (HWY_LIKELY(invert_first())) return divide_first(smallest);
    }
    const V smallest = exp_row(0, largest_lane(d, lane_maxima(x)), any);
    invert_first();
    divide_first(smallest);
  }
  HWY_INLINE bool invert_first() {
    Lanes same[kGroup];
    for (std::size_t i = 0; i < kGroup; ++i) same[i] = sums[0];
    return invert(same, C::kLeastSum, C::kMostSum);
  }
  HWY_INLINE void divide_first(V smallest) {
    const Quotient<T, kExact> quotient(high[0], low[0], least[0]);
    normal = !quotient.any_small(D(), smallest);
    divide_row(quotient, 0);
  }

  /// Some results of the group may be subnormal: for each row all of them are formed as if they
  /// were, rather than looked at. A row without a finite sum has NaN alone.
  HWY_INLINE void divide_row(const Quotient<T, kExact>& quotient, std::size_t i) const {
    if (normal || !(quotient.least <= std::numeric_limits<T>::max()))
      for (std::size_t v = 0; v < kVectors; ++v) store_quotient<false>(quotient, i, v);
    else
      for (std::size_t v = 0; v < kVectors; ++v) store_quotient<true>(quotient, i, v);
  }

  /// Vector v of row i.
  template <bool kSmall>
  HWY_INLINE void store_quotient(const Quotient<T, kExact>& quotient, std::size_t i,
                                 std::size_t v) const {
    const D d;
    const std::size_t at = v * kLanes;
    V result = hn::Load(d, terms + i * kVectors * kLanes + at);
    result = kSmall ? quotient.of_small(d, result) : quotient.of_normal(d, result);
    if (v + 1 < kVectors || cols == kVectors * kLanes)
      hn::StoreU(result, d, y + i * y_stride + at);
    else
      store_first(d, result, y + i * y_stride + at, cols - at);
  }

  HWY_INLINE void divide(std::size_t rows) const {
    if (HWY_LIKELY(normal))
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t v = 0; v < kVectors; ++v)
          store_quotient<false>(Quotient<T, kExact>(high[i], low[i], least[i]), i, v);
    else
      for (std::size_t i = 0; i < rows; ++i)
        divide_row(Quotient<T, kExact>(high[i], low[i], least[i]), i);
  }
};

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
