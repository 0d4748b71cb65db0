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
// range. Such rows are tried in three ways, the fastest first: none of the logits is far below;
// some are, but so far that their results are 0; any may be, and is raised to the lowest one that
// matters. After a guess that was wrong, some rows are not tried in that way.
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
#include "kernels/simd/exp_pass-inl.h"
#include "kernels/simd/rows.h"
#include "kernels/simd/short_groups-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// From this size of a row on, exp twice is cheaper than terms that leave the caches in between.
inline constexpr std::size_t kStreamBytes = std::size_t(2) << 20;

/// And from this size of the output on, stores that bypass the caches pay.
inline constexpr std::size_t kStreamOutput = std::size_t(12) << 20;
inline constexpr std::size_t kScratchBytes = 16384;

/// Two rows of at most so many columns stay in the nearest cache.
inline constexpr std::size_t kMostAhead = 1024;

/// A lower bound of the maximum in place of it: that of the row's first vectors.
template <Low kLow, class T>
HWY_INLINE Guess<T, kLow> guess_of(const T* x, std::size_t cols) {
  const hn::ScalableTag<T> d;
  return Guess<T, kLow>(max_of(d, x, HWY_MIN(cols, 4 * hn::Lanes(d))));
}

/// A wrong guess is dearer for a long row than a look at the smallest of its first elements.
template <class T, Low kLow>
HWY_INLINE bool suits_long(const Guess<T, kLow>& guess, const T* x) {
  const hn::ScalableTag<T> d;
  const auto lowest = hn::Set(d, guess.shift.lowest);
  return guess.suits &&
         (kLow != Low::kNone || (hn::AllTrue(d, hn::Ge(hn::LoadU(d, x), lowest)) &&
                                 hn::AllTrue(d, hn::Ge(hn::LoadU(d, x + hn::Lanes(d)), lowest))));
}

/// From which row on guesses of each kind are tried again.
struct Retry {
  std::size_t none, masked, raised;

  template <Low kLow>
  HWY_INLINE std::size_t& of() {
    return kLow == Low::kNone ? none : kLow == Low::kMasked ? masked : raised;
  }
  /// After row r was guessed wrong.
  template <Low kLow>
  HWY_INLINE void put_off(std::size_t r) {
    of<kLow>() = r + (kLow == Low::kRaised ? 16 : 32);
  }
  /// The row before has small results: its division is another one.
  HWY_INLINE void after_small(std::size_t r) {
    none = HWY_MAX(none, r + 16);
    masked = HWY_MAX(masked, r + 16);
  }
};

/// The rows of a call.
template <class T>
struct Rows {
  const T* x;
  std::size_t x_stride;
  T* y;
  std::size_t y_stride, count, cols;
  T* scratch;    // [2, kScratchBytes]
  bool streams;  // terms go there, and results bypass the caches

  HWY_INLINE const T* in(std::size_t r) const { return x + r * x_stride; }
  HWY_INLINE T* out(std::size_t r) const { return y + r * y_stride; }
  HWY_INLINE T* terms(std::size_t r) const {
    return streams ? scratch + r % 2 * (kScratchBytes / sizeof(T)) : out(r);
  }
};

/// Divides `row` unless it is the first, and replaces it by row r. Long rows are guessed.
template <Terms kTerms, class T, bool kExact>
HWY_NOINLINE void next_row(const Rows<T>& rows, std::size_t r, Pending<T, kExact>& row,
                           Retry& retry) {
  const T* x = rows.in(r);
  T* terms = rows.terms(r);
  bool is_divided = kTerms == Terms::kStored;
  const auto pass = [&](const auto& shift) HWY_ATTR {
    if constexpr (kIsUnraised<std::decay_t<decltype(shift)>>)
      return exp_by_pieces<kExact, kTerms>(x, rows.cols, shift, terms, row);
    else
      return exp_beside<kExact, kTerms>(x, rows.cols, shift, terms, row);
  };
  const auto beside = [&](const auto& shift) HWY_ATTR {
    constexpr bool kUnraised = kIsUnraised<std::decay_t<decltype(shift)>>;
    const RowTerms<T> done = pass(shift);
    row = done.template pending<kExact, kUnraised>(terms, rows.out(r), rows.streams);
    is_divided = true;
    return done;
  };
  if constexpr (kAnyExponent) {
    const auto guessed = [&]<Low kLow>() HWY_ATTR {
      if (r < retry.of<kLow>() || (is_divided && kTerms != Terms::kStored)) return false;
      const auto guess = guess_of<kLow>(x, rows.cols);
      const bool right = suits_long(guess, x) && beside(guess.shift).suits(guess.shift);
      if (!right) retry.put_off<kLow>(r);
      return right;
    };
    if (row.small) retry.after_small(r);
    if (rows.cols > Cut::kPiece &&
        (guessed.template operator()<Low::kNone>() || guessed.template operator()<Low::kMasked>() ||
         guessed.template operator()<Low::kRaised>()))
      return;
  }
  if (!is_divided || kTerms == Terms::kStored) {
    const T max = max_of(hn::ScalableTag<T>(), x, rows.cols);
    if (HWY_LIKELY(!is_far(max))) {
      beside(shift_for<T, false>(max));
      return;
    }
  }
  if (!is_divided) divide_row(row, rows.cols);
  row = terms_of_any_row<kExact, Terms::kStored>(x, rows.cols, terms)
            .template pending<kExact>(terms, rows.out(r), rows.streams);
}

/// The same for rows r to `until` with guesses of their maxima, up to the first one that was wrong
/// (which is done again without), or that has to be divided in the other way. Returns the next row.
/// A guess takes long to form and is ready when the row before is done.
template <Low kLow, bool kSmall, class T, bool kExact>
HWY_NOINLINE std::size_t guessed_rows(const Rows<T>& all, std::size_t r, std::size_t until,
                                      Pending<T, kExact>& pending, bool& right) {
  constexpr Terms kTerms = kSmall ? Terms::kBesideSmall : Terms::kStoredBeside;
  const Rows<T> rows = all;
  Pending<T, kExact> row = pending;
  Guess<T, kLow> guess = guess_of<kLow>(rows.in(r), rows.cols);
  right = true;
  while (right && r < until && row.small == kSmall && guess.suits) {
    const auto next = guess_of<kLow>(rows.in(r + 1 < rows.count ? r + 1 : r), rows.cols);
    RowTerms<T> done =
        exp_and_sum_here<kExact, kTerms>(rows.in(r), rows.cols, guess.shift, rows.terms(r), row);
    right = done.suits(guess.shift);
    if (HWY_LIKELY(right)) {
      row = done.template pending<kExact, kLow != Low::kRaised>(rows.terms(r), rows.out(r),
                                                                rows.streams);
    } else {
      done = terms_of_any_row<kExact, Terms::kStored>(rows.in(r), rows.cols, rows.terms(r));
      row = done.template pending<kExact>(rows.terms(r), rows.out(r), rows.streams);
    }
    guess = next;
    ++r;
  }
  pending = row;
  right = right && guess.suits;
  return r;
}

/// Rows r on, where no guess is made: the maximum of the next row, which takes long to form, is
/// looked for beside this one.
template <class T, bool kExact>
HWY_NOINLINE void rows_with_next_max(const Rows<T>& all, std::size_t r,
                                     Pending<T, kExact>& pending) {
  const hn::ScalableTag<T> d;
  const Rows<T> rows = all;
  Pending<T, kExact> row = pending;
  T max = max_of(d, rows.in(r), rows.cols);
  for (; r < rows.count; ++r) {
    const T next = r + 1 < rows.count ? max_of(d, rows.in(r + 1), rows.cols) : max;
    const T* x = rows.in(r);
    T* terms = rows.terms(r);
    const bool far = is_far(max);
    if (HWY_UNLIKELY(far)) divide_row(row, rows.cols);
    const auto shift = shift_for<T, false>(max);
    const RowTerms<T> done =
        HWY_UNLIKELY(far) ? terms_of_any_row<kExact, Terms::kStored>(x, rows.cols, terms)
        : row.small
            ? exp_and_sum<kExact, Terms::kBesideSmall>(x, rows.cols, shift, terms, row)
            : exp_and_sum_here<kExact, Terms::kStoredBeside>(x, rows.cols, shift, terms, row);
    row = done.template pending<kExact>(terms, rows.out(r), rows.streams);
    max = next;
  }
  pending = row;
}

/// A row that exceeds the caches of a core: two passes over x, exp in both.
template <bool kExact, class T>
HWY_NOINLINE void stream_row(const T* x, std::size_t cols, T* y) {
  if constexpr (kAnyExponent) {
    const Pending<T, kExact> none{};
    const auto guess = guess_of<Low::kRaised>(x, cols);
    if (guess.suits) {
      const RowTerms<T> row = exp_by_pieces<kExact, Terms::kSummed>(x, cols, guess.shift, y, none);
      if (HWY_LIKELY(row.suits(guess.shift)))
        return recompute(x, cols, guess.shift, y, Quotient<T, kExact>(row.total));
    }
  }
  const Quotient<T, kExact> quotient(terms_of_any_row<kExact, Terms::kSummed>(x, cols, y).total);
  const T max = max_of(hn::ScalableTag<T>(), x, cols);
  if (is_far(max))
    recompute(x, cols, shift_for<T, true>(max), y, quotient);
  else
    recompute(x, cols, shift_for<T, false>(max), y, quotient);
}

template <bool kExact, class T>
HWY_INLINE void medium_rows(const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                            std::size_t count, std::size_t cols, bool streams) {
  HWY_ALIGN T scratch[2 * kScratchBytes / sizeof(T)];
  const Rows<T> rows = {x, x_stride, y, y_stride, count, cols, scratch, streams};
  Pending<T, kExact> row{};
  // Terms that overwrite x cannot be formed twice.
  const std::size_t first = x == rows.terms(0) ? count : cols > Cut::kPiece ? 0 : 1;
  Retry retry = {first, first, first};
  next_row<Terms::kStored>(rows, 0, row, retry);
  std::size_t r = 1;
  if (!kAnyExponent && count > 1 && cols <= kMostAhead) {
    rows_with_next_max(rows, r, row);
    r = count;
  }
  while (r < count) {
    if constexpr (kAnyExponent) {
      if (row.small) retry.after_small(r);
      const auto guess = [&]<Low kLow, bool kSmall>(std::size_t until) HWY_ATTR {
        bool right;
        r = guessed_rows<kLow, kSmall>(rows, r, HWY_MIN(count, until), row, right);
        if (!right) retry.put_off<kLow>(r);
      };
      if (cols <= Cut::kPiece && r >= HWY_MIN(HWY_MIN(retry.none, retry.masked), retry.raised)) {
        if (r >= retry.none)
          guess.template operator()<Low::kNone, false>(count);
        else if (r >= retry.masked)
          guess.template operator()<Low::kMasked, false>(retry.none);
        else if (row.small)
          guess.template operator()<Low::kRaised, true>(HWY_MIN(retry.none, retry.masked));
        else
          guess.template operator()<Low::kRaised, false>(HWY_MIN(retry.none, retry.masked));
        continue;
      }
    }
    next_row<Terms::kStoredBeside>(rows, r, row, retry);
    ++r;
  }
  divide_row(row, cols);
  if (streams) hwy::FlushStream();
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
  const bool streams =
      rows * cols * sizeof(T) >= kStreamOutput && cols * sizeof(T) <= kScratchBytes && is_aligned;
  medium_rows<kExact>(x, x_stride, y, y_stride, rows, cols, streams);
}

/// The passes for one piece of a longer row.
template <class T>
HWY_INLINE Total exp_piece(const T* x, std::size_t cols, T row_max, T* y) {
  const hn::ScalableTag<T> d;
  const std::size_t rest = cols % hn::Lanes(d);
  const Pending<T, false> none{};
  const RowTerms<T> done =
      is_far(row_max)
          ? exp_and_sum<false, Terms::kStored>(x, cols, shift_for<T, true>(row_max), y, none)
          : exp_and_sum<false, Terms::kStored>(x, cols, shift_for<T, false>(row_max), y, none);
  if (rest) store_first(d, done.tail, y + cols - rest, rest);
  return done.total;
}
template <bool kExact, class T>
HWY_INLINE void divide_piece(T* y, std::size_t cols, Total sum) {
  const hn::ScalableTag<T> d;
  const Quotient<T, kExact> quotient(sum);
  transform<4>(d, y, y, cols, [&](auto& v) HWY_ATTR { quotient.of(d, v); });
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
