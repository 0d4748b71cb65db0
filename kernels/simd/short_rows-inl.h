// SPDX-License-Identifier: Apache-2.0
// Rows of one to four vectors, a few at a time. A short row spends its time in reductions, not in
// exp: so a group of rows shares one shift, that of the group's maximum, and its sums are folded in
// pairs and inverted side by side.
//
// A shared shift changes no bit. It differs from the row's own by a power of two, which cancels in
// the quotient, as long as the row's terms stay away from both ends of the exponent range: so its
// sum must be at least 2^(boost - window), or the row is processed again on its own. And both
// shifts must be of the integer kind (math-inl.h): with the group's maximum in [-far + window ln2,
// far], so is that of every row in the window.
#include <cstddef>

#if defined(SOFTMARK_SIMD_SHORT_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_SHORT_ROWS_INL_H
#undef SOFTMARK_SIMD_SHORT_ROWS_INL_H
#else
#define SOFTMARK_SIMD_SHORT_ROWS_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/math-inl.h"
#include "kernels/simd/quotient-inl.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Folding by halves needs vectors of a size known at compile time.
#if HWY_TARGET == HWY_SCALAR || HWY_HAVE_SCALABLE

inline constexpr std::size_t kShortVectors = 0;
template <class T>
HWY_INLINE void softmax_short(const T*, std::size_t, T*, std::size_t, std::size_t, std::size_t) {}

#else

inline constexpr std::size_t kShortVectors = 4;

/// The lanes of v added by halves, down to two lanes.
template <class D, class V>
HWY_INLINE auto fold(D d, V v) {
  if constexpr (hn::MaxLanes(d) == 2) {
    return v;
  } else {
    const hn::Half<D> half;
    return fold(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

/// The terms of one row summed in f64, two lanes.
template <class D, class V>
HWY_INLINE auto fold_row(D d, V terms) {
  const SumTag<D> wide;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    const hn::Half<D> half;
    return fold(wide, hn::Add(hn::PromoteTo(wide, hn::LowerHalf(half, terms)),
                              hn::PromoteTo(wide, hn::UpperHalf(half, terms))));
  } else {
    return fold(d, terms);
  }
}

template <std::size_t kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_piece(D d, const T* x, std::size_t cols, std::size_t i) {
  const std::size_t at = i * hn::Lanes(d);
  return i + 1 < kVectors ? hn::LoadU(d, x + at) : load_first(d, x + at, cols - at);
}

template <std::size_t kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> lane_maxima(D d, const T* x, std::size_t cols) {
  auto max = load_piece<kVectors>(d, x, cols, 0);
  for (std::size_t i = 1; i < kVectors; ++i)
    max = hn::Max(max, load_piece<kVectors>(d, x, cols, i));
  return max;
}

/// Stores a vector of terms; 1 beyond the row's end, so that the quotient does not treat those
/// lanes as small.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void store_terms(D d, V e, T* terms, std::size_t count) {
  hn::Store(count < hn::Lanes(d) ? hn::IfThenElse(hn::FirstN(d, count), e, hn::Set(d, T(1))) : e, d,
            terms);
}

/// exp of one row into `terms`, in whole vectors; returns their sum, in two lanes.
template <std::size_t kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE auto exp_short(D d, const T* x, std::size_t cols, const Shift<T>& shift, T* terms) {
  const std::size_t lanes = hn::Lanes(d);
  auto sum = scaled_exp(d, load_piece<kVectors>(d, x, cols, 0), shift);
  store_terms(d, sum, terms, cols);
  for (std::size_t i = 1; i < kVectors; ++i) {
    const auto e = scaled_exp(d, load_piece<kVectors>(d, x, cols, i), shift);
    store_terms(d, e, terms + i * lanes, cols - i * lanes);
    sum = hn::Add(sum, e);
  }
  return fold_row(d, sum);
}

template <std::size_t kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE void divide_short(D d, const T* terms, const Quotient<T>& quotient, T* y,
                             std::size_t cols) {
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < kVectors; ++i) {
    const auto v = quotient.of(d, hn::Load(d, terms + i * lanes));
    if (i + 1 < kVectors)
      hn::StoreU(v, d, y + i * lanes);
    else
      store_first(d, v, y + i * lanes, cols - i * lanes);
  }
}

/// {sum of a, sum of b} from two folded rows.
template <class V>
HWY_INLINE V sum_pair(V a, V b) {
  const hn::DFromV<V> d;
  return hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
}

template <std::size_t kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE void softmax_alone(D d, const T* x, T* y, std::size_t cols, T* terms) {
  const T max = hn::GetLane(hn::MaxOfLanes(d, lane_maxima<kVectors>(d, x, cols)));
  if (!is_finite(max)) return fill_nan(y, cols);
  const auto folded = exp_short<kVectors>(d, x, cols, shift_for(max), terms);
  divide_short<kVectors>(d, terms, Quotient<T>(hn::GetLane(sum_pair(folded, folded))), y, cols);
}

template <std::size_t kVectors, class T>
HWY_INLINE void softmax_groups(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                               std::size_t rows, std::size_t cols) {
  using C = ExpConstants<T>;
  constexpr std::size_t kGroup = kVectors == 1 ? 8 : kVectors == 2 ? 4 : 2;
  const hn::ScalableTag<T> d;
  const hn::Full128<double> pair;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN T terms[kGroup * kVectors * HWY_MAX_BYTES / sizeof(T)];
  HWY_ALIGN double sums[kGroup];
  Inverses<T, kGroup> inverses;
  std::size_t r = 0;
  for (; r + kGroup <= rows; r += kGroup, x += kGroup * x_stride, y += kGroup * y_stride) {
    auto maxima = lane_maxima<kVectors>(d, x, cols);
    for (std::size_t i = 1; i < kGroup; ++i)
      maxima = hn::Max(maxima, lane_maxima<kVectors>(d, x + i * x_stride, cols));
    const T max = hn::GetLane(hn::MaxOfLanes(d, maxima));
    bool together = max <= C::kFar && max >= C::kWindow - C::kFar;
    if (together) {
      const Shift<T> shift = shift_for(max);
      for (std::size_t i = 0; i < kGroup; i += 2) {
        T* term = terms + i * kVectors * lanes;
        const auto a = exp_short<kVectors>(d, x + i * x_stride, cols, shift, term);
        const auto b =
            exp_short<kVectors>(d, x + (i + 1) * x_stride, cols, shift, term + kVectors * lanes);
        hn::Store(sum_pair(a, b), pair, sums + i);
      }
      together = inverses.set(sums, C::kLeastSum);
    }
    for (std::size_t i = 0; i < kGroup; ++i) {
      if (together)
        divide_short<kVectors>(d, terms + i * kVectors * lanes, inverses.at(i), y + i * y_stride,
                               cols);
      else
        softmax_alone<kVectors>(d, x + i * x_stride, y + i * y_stride, cols, terms);
    }
  }
  for (; r < rows; ++r, x += x_stride, y += y_stride) softmax_alone<kVectors>(d, x, y, cols, terms);
}

/// For rows of 1 to kShortVectors vectors.
template <class T>
HWY_INLINE void softmax_short(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                              std::size_t rows, std::size_t cols) {
  switch ((cols - 1) / hn::Lanes(hn::ScalableTag<T>())) {
    case 0:
      return softmax_groups<1>(x, x_stride, y, y_stride, rows, cols);
    case 1:
      return softmax_groups<2>(x, x_stride, y, y_stride, rows, cols);
    case 2:
      return softmax_groups<3>(x, x_stride, y, y_stride, rows, cols);
    default:
      return softmax_groups<4>(x, x_stride, y, y_stride, rows, cols);
  }
}

#endif

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
