// SPDX-License-Identifier: Apache-2.0
// Softmax of rows of more than a few vectors: exp and sum in one pass that writes the terms to y,
// then the division in place. While a row is summed and its inverse computed, the row before it is
// divided.
//
// Terms go to y, or, where the output exceeds the caches, to a scratch row, and results then bypass
// the caches; rows that exceed them themselves are read twice and exp is taken twice.
//
// Where overflow is harmless (exp-inl.h) and y is not x, a lower bound of the maximum, that of the
// row's first vectors, serves in place of a pass for the maximum, if the sum turns out to be in
// range; where it did not, the next rows are not guessed.
#include <cstddef>
#include <cstdint>

#if defined(SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H
#undef SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H
#else
#define SOFTMARK_SIMD_SOFTMAX_ROWS_INL_H
#endif

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/quotient-inl.h"
#include "kernels/simd/rows-inl.h"
#include "kernels/simd/rows.h"
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

/// From this size of a row on, exp twice is cheaper than terms that leave the caches in between.
inline constexpr std::size_t kStreamBytes = std::size_t(2) << 20;

/// And from this size of the output on, stores that bypass the caches pay.
inline constexpr std::size_t kStreamOutput = std::size_t(12) << 20;
inline constexpr std::size_t kScratchBytes = 16384;

/// A row of terms that is still to be divided: all of them in `terms` (y itself unless kStream) but
/// those of the last, incomplete vector.
template <class T, bool kExact, bool kStream>
struct Pending {
  const T* terms;
  T* y;
  Quotient<T, kExact> quotient;
  hn::Vec<hn::ScalableTag<T>> tail;
};

/// Divides kN vectors from column c on.
template <std::size_t kN, class T, bool kExact, bool kStream>
HWY_INLINE void divide_vectors(const Pending<T, kExact, kStream>& row, std::size_t c) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> v[kN];
  for (std::size_t i = 0; i < kN; ++i) v[i] = hn::LoadU(d, row.terms + c + i * lanes);
  row.quotient.of(d, v);
  for (std::size_t i = 0; i < kN; ++i) {
    if constexpr (kStream)
      hn::Stream(v[i], d, row.y + c + i * lanes);
    else
      hn::StoreU(v[i], d, row.y + c + i * lanes);
  }
}

/// Divides the rest of a row, from the start of a vector on.
template <class T, bool kExact, bool kStream>
HWY_INLINE void divide_from(const Pending<T, kExact, kStream>& pending, std::size_t c,
                            std::size_t cols) {
  const hn::ScalableTag<T> d;
  const Pending<T, kExact, kStream> row = pending;
  const std::size_t lanes = hn::Lanes(d);
  for (; c + 4 * lanes <= cols; c += 4 * lanes) divide_vectors<4>(row, c);
  for (; c + lanes <= cols; c += lanes) divide_vectors<1>(row, c);
  if (c < cols) store_first(d, row.quotient.checked(d, row.tail), row.y + c, cols - c);
}

/// What becomes of the terms.
enum class Terms {
  kStored,        // they go to y
  kStoredBeside,  // they go to y, and beside that, `before` is divided
  kSummed         // only their sum is wanted
};

/// The sum of a row's terms.
template <bool kExact, Terms kTerms, bool kStream, class T, bool kFar>
HWY_NOINLINE double exp_and_sum(const T* x, std::size_t cols, const Shift<T, kFar>& row_shift, T* y,
                                hn::Vec<hn::ScalableTag<T>>& tail,
                                const Pending<T, kExact, kStream>& row_before) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  // Copies, since a store to y might change what is behind a reference.
  const Shift<T, kFar> shift = row_shift;
  const Pending<T, kExact, kStream> before = row_before;
  Sum<decltype(d)> sum;
  std::size_t c = 0;
  for (; c + kBlock * lanes <= cols; c += kBlock * lanes) {
    V v[kBlock];
    for (std::size_t from = 0; from < kBlock; from += kStage) {
      V e[kStage];
      for (std::size_t i = 0; i < kStage; ++i) e[i] = hn::LoadU(d, x + c + (from + i) * lanes);
      scaled_exp(d, e, shift);
      for (std::size_t i = 0; i < kStage; ++i) {
        if constexpr (kTerms != Terms::kSummed) hn::StoreU(e[i], d, y + c + (from + i) * lanes);
        v[from + i] = e[i];
      }
      if constexpr (kTerms == Terms::kStoredBeside)
        divide_vectors<kStage>(before, c + from * lanes);
    }
    sum.template add_all<kExact>(d, v);
  }
  if constexpr (kTerms == Terms::kStoredBeside) divide_from(before, c, cols);
  for (; c + lanes <= cols; c += lanes) {
    const V e = scaled_exp(d, hn::LoadU(d, x + c), shift);
    if constexpr (kTerms != Terms::kSummed) hn::StoreU(e, d, y + c);
    sum.add(d, e);
  }
  if (c < cols) {
    tail = scaled_exp(d, load_first(d, x + c, cols - c), shift);
    sum.add(d, tail);  // the unused lanes hold the lowest term, too small to affect the sum
  }
  return sum.total();
}

/// The same by pieces, whose sums are added in order with compensation: rows.h.
template <bool kExact, Terms kTerms, bool kStream, class T, bool kFar>
HWY_INLINE double exp_and_sum_by_pieces(const T* x, std::size_t cols, const Shift<T, kFar>& shift,
                                        T* y, hn::Vec<hn::ScalableTag<T>>& tail,
                                        const Pending<T, kExact, kStream>& before) {
  const Cut cut(cols);
  PieceSums sums;
  for (std::size_t i = 0; i < cut.count; ++i) {
    Pending<T, kExact, kStream> piece = before;
    if constexpr (kTerms == Terms::kStoredBeside) {
      piece.terms += cut.start(i);
      piece.y += cut.start(i);
    }
    sums.add(exp_and_sum<kExact, kTerms>(x + cut.start(i), cut.length(i, cols), shift,
                                         y + cut.start(i), tail, piece));
  }
  return sums.total();
}

/// The sum of a row's terms, shifted by its true maximum. NaN without a finite maximum.
template <bool kExact, Terms kTerms, class T>
HWY_NOINLINE double terms_of_any_row(const T* x, std::size_t cols, T* y,
                                     hn::Vec<hn::ScalableTag<T>>& tail) {
  const T max = max_of(hn::ScalableTag<T>(), x, cols);
  const Pending<T, kExact, false> none{};
  if (is_far(max))
    return exp_and_sum_by_pieces<kExact, kTerms>(x, cols, shift_for<T, true>(max), y, tail, none);
  return exp_and_sum_by_pieces<kExact, kTerms>(x, cols, shift_for<T, false>(max), y, tail, none);
}

/// Whether a lower bound of the maximum will do, and a shift for it.
template <class T>
HWY_INLINE bool guess_shift(const T* x, std::size_t cols, Shift<T>& shift) {
  using C = ExpConstants<T>;
  const hn::ScalableTag<T> d;
  const T head = max_of(d, x, HWY_MIN(cols, 4 * hn::Lanes(d)));
  shift = shift_for<T, false>(head, C::kGuessBoost, C::kGuessDrop);
  return head <= C::kGuessFar && head >= -C::kGuessFar;
}

/// Divides `row`, if there is one, and replaces it by the row whose terms go to `terms`.
template <Terms kTerms, class T, bool kExact, bool kStream>
HWY_INLINE void next_row(const T* x, std::size_t cols, T* terms, T* y,
                         Pending<T, kExact, kStream>& row, bool& guess) {
  auto tail = hn::Zero(hn::ScalableTag<T>());
  bool is_divided = kTerms == Terms::kStored;
  const auto with = [&](const Shift<T>& shift) HWY_ATTR {
    const double sum = exp_and_sum_by_pieces<kExact, kTerms>(x, cols, shift, terms, tail, row);
    row = {terms, y, Quotient<T, kExact>(sum), tail};
    is_divided = true;
    return sum;
  };
  if (kAnyExponent && x != terms) {
    Shift<T> shift;
    if (guess && guess_shift(x, cols, shift)) {
      guess = with(shift) <= ExpConstants<T>::kMostSum;
      if (HWY_LIKELY(guess)) return;
    }
  } else {
    const T max = max_of(hn::ScalableTag<T>(), x, cols);
    if (HWY_LIKELY(!is_far(max))) {
      with(shift_for<T, false>(max));
      return;
    }
  }
  if (!is_divided) divide_from(row, 0, cols);
  const double sum = terms_of_any_row<kExact, Terms::kStored>(x, cols, terms, tail);
  row = {terms, y, Quotient<T, kExact>(sum), tail};
}

/// y = exp and quotient at once, for a row whose sum is known. Past the caches where y is aligned
/// to vectors after its head.
template <bool kExact, class T, bool kFar>
HWY_NOINLINE void recompute(const T* x, std::size_t cols, const Shift<T, kFar>& row_shift, T* y,
                            const Quotient<T, kExact>& row_quotient) {
  const hn::ScalableTag<T> d;
  const Shift<T, kFar> shift = row_shift;
  const Quotient<T, kExact> quotient = row_quotient;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  const auto few = [&](std::size_t c, std::size_t count) HWY_ATTR {
    V v[1] = {scaled_exp(d, load_first(d, x + c, count), shift)};
    quotient.of(d, v);
    store_first(d, v[0], y + c, count);
  };
  const std::size_t bytes = lanes * sizeof(T);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(y) % bytes / sizeof(T);
  std::size_t c = past == 0 ? 0 : HWY_MIN(lanes - past, cols);
  if (c > 0) few(0, c);
  for (; c + kBlock * lanes <= cols; c += kBlock * lanes)
    for (std::size_t from = 0; from < kBlock; from += kStage) {
      V e[kStage];
      for (std::size_t i = 0; i < kStage; ++i) e[i] = hn::LoadU(d, x + c + (from + i) * lanes);
      scaled_exp(d, e, shift);
      quotient.of(d, e);
      for (std::size_t i = 0; i < kStage; ++i) hn::Stream(e[i], d, y + c + (from + i) * lanes);
    }
  for (; c < cols; c += lanes) few(c, HWY_MIN(lanes, cols - c));
  hwy::FlushStream();
}

/// A row that exceeds the caches of a core: two passes over x, exp in both.
template <bool kExact, class T>
HWY_NOINLINE void stream_row(const T* x, std::size_t cols, T* y) {
  auto tail = hn::Zero(hn::ScalableTag<T>());
  const Pending<T, kExact, false> none{};
  Shift<T> shift;
  if (kAnyExponent && guess_shift(x, cols, shift)) {
    const double sum = exp_and_sum_by_pieces<kExact, Terms::kSummed>(x, cols, shift, y, tail, none);
    if (HWY_LIKELY(sum <= ExpConstants<T>::kMostSum))
      return recompute(x, cols, shift, y, Quotient<T, kExact>(sum));
  }
  const Quotient<T, kExact> quotient(terms_of_any_row<kExact, Terms::kSummed>(x, cols, y, tail));
  const T max = max_of(hn::ScalableTag<T>(), x, cols);
  if (is_far(max))
    recompute(x, cols, shift_for<T, true>(max), y, quotient);
  else
    recompute(x, cols, shift_for<T, false>(max), y, quotient);
}

template <bool kExact, bool kStream, class T>
HWY_INLINE void medium_rows(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                            std::size_t rows, std::size_t cols) {
  HWY_ALIGN T scratch[kStream ? 2 : 1][kStream ? kScratchBytes / sizeof(T) : 1];
  const auto terms_of = [&](std::size_t r) { return kStream ? scratch[r % 2] : y + r * y_stride; };
  bool guess = true;
  Pending<T, kExact, kStream> row{};
  next_row<Terms::kStored>(x, cols, terms_of(0), y, row, guess);
  for (std::size_t r = 1; r < rows; ++r) {
    next_row<Terms::kStoredBeside>(x + r * x_stride, cols, terms_of(r), y + r * y_stride, row,
                                   guess);
    guess = guess || r % 16 == 0;
  }
  divide_from(row, 0, cols);
  if (kStream) hwy::FlushStream();
}

template <bool kExact, class T>
HWY_INLINE void softmax_rows(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                             std::size_t rows, std::size_t cols) {
  constexpr std::size_t kVector = hn::MaxLanes(hn::ScalableTag<T>()) * sizeof(T);
  if (cols == 0 || rows == 0) return;
  if (cols * sizeof(T) <= kShortVectors * kVector)
    return softmax_short<kExact>(x, x_stride, y, y_stride, rows, cols);
  if (cols * sizeof(T) >= kStreamBytes) {
    for (std::size_t r = 0; r < rows; ++r)
      stream_row<kExact>(x + r * x_stride, cols, y + r * y_stride);
    return;
  }
  const bool is_aligned =
      reinterpret_cast<std::uintptr_t>(y) % kVector == 0 && y_stride * sizeof(T) % kVector == 0;
  if (rows * cols * sizeof(T) >= kStreamOutput && cols * sizeof(T) <= kScratchBytes && is_aligned)
    return medium_rows<kExact, true>(x, x_stride, y, y_stride, rows, cols);
  medium_rows<kExact, false>(x, x_stride, y, y_stride, rows, cols);
}

/// The passes for one piece of a longer row.
template <class T>
HWY_INLINE double exp_piece(const T* x, std::size_t cols, T row_max, T* y) {
  const hn::ScalableTag<T> d;
  const std::size_t rest = cols % hn::Lanes(d);
  auto tail = hn::Zero(d);
  const Pending<T, false, false> none{};
  const double sum = is_far(row_max) ? exp_and_sum<false, Terms::kStored>(
                                           x, cols, shift_for<T, true>(row_max), y, tail, none)
                                     : exp_and_sum<false, Terms::kStored>(
                                           x, cols, shift_for<T, false>(row_max), y, tail, none);
  if (rest) store_first(d, tail, y + cols - rest, rest);
  return sum;
}
template <bool kExact, class T>
HWY_INLINE void divide_piece(T* y, std::size_t cols, double sum) {
  const hn::ScalableTag<T> d;
  const std::size_t rest = cols % hn::Lanes(d);
  const auto tail = rest ? load_first(d, y + cols - rest, rest, T(1)) : hn::Zero(d);
  divide_from(Pending<T, kExact, false>{y, y, Quotient<T, kExact>(sum), tail}, 0, cols);
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
