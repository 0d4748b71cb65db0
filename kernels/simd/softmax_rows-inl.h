// SPDX-License-Identifier: Apache-2.0
// Softmax of rows of more than a few vectors: exp and sum in one pass that writes the terms to y,
// then the division in place. While a row is summed and its inverse computed, the row before it is
// divided.
//
// Where overflow is harmless (exp-inl.h) and y is not x, a lower bound of the maximum, that of the
// row's first vectors, serves in place of a pass for the maximum, if the sum turns out to be in
// range; where it did not, the next rows are not guessed.
#include <cstddef>

#if defined(SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H
#undef SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H
#else
#define SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/quotient-inl.h"
#include "kernels/simd/rows-inl.h"
#include "kernels/simd/short_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The vectors of a block, in stages of as many as each compiler keeps in registers.
inline constexpr std::size_t kBlock = 8;
#if HWY_COMPILER_CLANG
inline constexpr std::size_t kStage = 8;
#else
inline constexpr std::size_t kStage = 2;
#endif

/// A row of terms that is still to be divided: all in y but those of the last, incomplete vector.
template <class T, bool kExact>
struct Pending {
  T* y;
  Quotient<T, kExact> quotient;
  hn::Vec<hn::ScalableTag<T>> tail;
};

/// Divides kN vectors from column c on.
template <std::size_t kN, class T, bool kExact>
HWY_INLINE void divide_vectors(const Pending<T, kExact>& row, std::size_t c) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> v[kN];
  for (std::size_t i = 0; i < kN; ++i) v[i] = hn::LoadU(d, row.y + c + i * lanes);
  row.quotient.of(d, v);
  for (std::size_t i = 0; i < kN; ++i) hn::StoreU(v[i], d, row.y + c + i * lanes);
}

/// Divides the rest of a row, from the start of a vector on.
template <class T, bool kExact>
HWY_INLINE void divide_from(const Pending<T, kExact>& row, std::size_t c, std::size_t cols) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  for (; c + 4 * lanes <= cols; c += 4 * lanes) divide_vectors<4>(row, c);
  for (; c + lanes <= cols; c += lanes) divide_vectors<1>(row, c);
  if (c < cols) store_first(d, row.quotient.checked(d, row.tail), row.y + c, cols - c);
}

/// The terms of a row and their sum; beside it, `before` is divided, if there is one.
template <bool kExact, bool kBefore, class T, bool kFar>
HWY_INLINE double exp_and_sum(const T* x, std::size_t cols, const Shift<T, kFar>& shift, T* y,
                              hn::Vec<hn::ScalableTag<T>>& tail, const Pending<T, kExact>& before) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  Sum<decltype(d)> sum;
  std::size_t c = 0;
  for (; c + kBlock * lanes <= cols; c += kBlock * lanes) {
    V v[kBlock];
    for (std::size_t from = 0; from < kBlock; from += kStage) {
      V e[kStage];
      for (std::size_t i = 0; i < kStage; ++i) e[i] = hn::LoadU(d, x + c + (from + i) * lanes);
      scaled_exp(d, e, shift);
      for (std::size_t i = 0; i < kStage; ++i) {
        hn::StoreU(e[i], d, y + c + (from + i) * lanes);
        v[from + i] = e[i];
      }
      if constexpr (kBefore) divide_vectors<kStage>(before, c + from * lanes);
    }
    sum.template add_all<kExact>(d, v);
  }
  if constexpr (kBefore) divide_from(before, c, cols);
  for (; c + lanes <= cols; c += lanes) {
    const V e = scaled_exp(d, hn::LoadU(d, x + c), shift);
    hn::StoreU(e, d, y + c);
    sum.add(d, e);
  }
  if (c < cols) {
    tail = scaled_exp(d, load_first(d, x + c, cols - c), shift);
    sum.add(d, tail);  // the unused lanes hold the lowest term, too small to affect the sum
  }
  return sum.total();
}

/// Replaces `row` by the row that goes to y; its maximum is found first.
template <bool kExact, class T>
HWY_NOINLINE void next_row_of_any_kind(const T* x, std::size_t cols, T* y,
                                       Pending<T, kExact>& row) {
  const hn::ScalableTag<T> d;
  auto tail = hn::Zero(d);
  const T max = max_of(d, x, cols);
  const double sum =
      is_far(max) ? exp_and_sum<kExact, false>(x, cols, shift_for<T, true>(max), y, tail, row)
                  : exp_and_sum<kExact, false>(x, cols, shift_for<T, false>(max), y, tail, row);
  row = {y, Quotient<T, kExact>(sum), tail};
}

/// Divides `row` and replaces it by the row that goes to y.
template <bool kExact, class T>
HWY_INLINE void next_row(const T* x, std::size_t cols, T* y, Pending<T, kExact>& row, bool& guess) {
  using C = ExpConstants<T>;
  const hn::ScalableTag<T> d;
  const bool guessed = kAnyExponent && guess && x != y;
  const T top = max_of(d, x, guessed ? HWY_MIN(cols, 4 * hn::Lanes(d)) : cols);
  if (HWY_LIKELY(!is_far(top))) {
    auto tail = hn::Zero(d);
    const auto shift = guessed ? shift_for<T, false>(top, C::kGuessBoost, C::kGuessDrop)
                               : shift_for<T, false>(top);
    const double sum = exp_and_sum<kExact, true>(x, cols, shift, y, tail, row);
    row = {y, Quotient<T, kExact>(sum), tail};
    if (HWY_LIKELY(!guessed || sum <= C::kMostSum)) return;
    guess = false;
  } else {
    divide_from(row, 0, cols);
  }
  next_row_of_any_kind(x, cols, y, row);
}

template <bool kExact, class T>
HWY_INLINE void softmax_rows(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                             std::size_t rows, std::size_t cols) {
  if (cols == 0 || rows == 0) return;
  if (cols <= kShortVectors * hn::Lanes(hn::ScalableTag<T>()))
    return softmax_short<kExact>(x, x_stride, y, y_stride, rows, cols);
  bool guess = true;
  Pending<T, kExact> row;
  next_row_of_any_kind(x, cols, y, row);
  for (std::size_t r = 1; r < rows; ++r) {
    next_row(x + r * x_stride, cols, y + r * y_stride, row, guess);
    guess = guess || r % 16 == 0;
  }
  divide_from(row, 0, cols);
}

/// The passes for one piece of a longer row.
template <class T>
HWY_INLINE double exp_piece(const T* x, std::size_t cols, T row_max, T* y) {
  const hn::ScalableTag<T> d;
  const std::size_t rest = cols % hn::Lanes(d);
  auto tail = hn::Zero(d);
  const Pending<T, false> none{};
  const double sum =
      is_far(row_max)
          ? exp_and_sum<false, false>(x, cols, shift_for<T, true>(row_max), y, tail, none)
          : exp_and_sum<false, false>(x, cols, shift_for<T, false>(row_max), y, tail, none);
  if (rest) store_first(d, tail, y + cols - rest, rest);
  return sum;
}
template <bool kExact, class T>
HWY_INLINE void divide_piece(T* y, std::size_t cols, double sum) {
  const hn::ScalableTag<T> d;
  const std::size_t rest = cols % hn::Lanes(d);
  const auto tail = rest ? load_first(d, y + cols - rest, rest, T(1)) : hn::Zero(d);
  divide_from(Pending<T, kExact>{y, Quotient<T, kExact>(sum), tail}, 0, cols);
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
