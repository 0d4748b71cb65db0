// SPDX-License-Identifier: Apache-2.0
// The passes over a row: terms and their sum, and the division of the row before beside that.
//
// Whether a row has terms whose results may be subnormal is known from the smallest of them before
// it is divided: such rows take another loop, not another path for each vector.
#include <cstddef>
#include <cstdint>

#if defined(SOFTMARK_SIMD_EXP_PASS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_EXP_PASS_INL_H
#undef SOFTMARK_SIMD_EXP_PASS_INL_H
#else
#define SOFTMARK_SIMD_EXP_PASS_INL_H
#endif

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/quotient-inl.h"
#include "kernels/simd/rows-inl.h"
#include "kernels/simd/rows.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The vectors of a block, in stages of as many as each compiler keeps in registers, or nearly.
inline constexpr std::size_t kBlock = 8;
inline constexpr std::size_t kStage = HWY_COMPILER_CLANG ? 8 : 2;
template <class S>
inline constexpr std::size_t kStageOf = kIsUnraised<S> ? 8 : kStage;

/// A row of terms that is still to be divided: all of them in `terms` (y itself unless streams) but
/// those of the last, incomplete vector.
template <class T, bool kExact>
struct Pending {
  const T* terms;
  T* y;
  Quotient<T, kExact> quotient;
  bool small;    // some results may be subnormal
  bool streams;  // results bypass the caches
  hn::Vec<hn::ScalableTag<T>> tail;
};

/// What is known of a row after its exp pass.
template <class T>
struct RowTerms {
  using V = hn::Vec<hn::ScalableTag<T>>;
  Total total;
  V smallest;  // term of the whole vectors, lane by lane; element of the row if none is raised
  V tail;

  /// Whether a guessed shift was right.
  template <Low kLow>
  HWY_INLINE bool suits(const NearShift<T, kLow>& shift) const {
    using C = ExpConstants<T>;
    const hn::ScalableTag<T> d;
    // An element far above the guess may give a term of -inf.
    if constexpr (kLow != Low::kRaised)
      return total.sum > 0 && total.sum <= C::kUnraisedMost &&
             hn::AllTrue(d, hn::Ge(smallest, hn::Set(d, shift.lowest)));
    else
      return total.sum > 0 && total.sum <= C::kMostSum;
  }

  /// After a shift that suits and raises none, no result is small.
  template <bool kExact, bool kUnraised = false>
  HWY_INLINE Pending<T, kExact> pending(const T* terms, T* y, bool streams) const {
    const Quotient<T, kExact> quotient(total);
    return {terms,    y,
            quotient, !kUnraised && quotient.any_small(hn::ScalableTag<T>(), smallest),
            streams,  tail};
  }
};

/// kN vectors from column c on: loads of the terms, and then the division.
template <std::size_t kN, class T>
HWY_INLINE void load_vectors(const T* from, hn::Vec<hn::ScalableTag<T>> (&v)[kN]) {
  const hn::ScalableTag<T> d;
  for (std::size_t i = 0; i < kN; ++i) v[i] = hn::LoadU(d, from + i * hn::Lanes(d));
}
template <bool kSmall, std::size_t kN, class T, bool kExact, class V>
HWY_INLINE void divide_vectors(const Pending<T, kExact>& row, std::size_t c, V (&v)[kN]) {
  const hn::ScalableTag<T> d;
  row.quotient.template of_each<kSmall>(d, v);
  T* to = row.y + c;
  if (HWY_UNLIKELY(row.streams))
    for (std::size_t i = 0; i < kN; ++i) hn::Stream(v[i], d, to + i * hn::Lanes(d));
  else
    for (std::size_t i = 0; i < kN; ++i) hn::StoreU(v[i], d, to + i * hn::Lanes(d));
}

/// Divides the rest of a row, from the start of a vector on.
template <bool kSmall, class T, bool kExact>
HWY_INLINE void divide_rest(const Pending<T, kExact>& pending, std::size_t c, std::size_t cols) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Pending<T, kExact> row = pending;
  const std::size_t lanes = hn::Lanes(d);
  for (; c + 4 * lanes <= cols; c += 4 * lanes) {
    V v[4];
    load_vectors(row.terms + c, v);
    divide_vectors<kSmall>(row, c, v);
  }
  for (; c + lanes <= cols; c += lanes) {
    V v[1];
    load_vectors(row.terms + c, v);
    divide_vectors<kSmall>(row, c, v);
  }
  if (c < cols) store_first(d, row.quotient.checked(d, row.tail), row.y + c, cols - c);
}
template <class T, bool kExact>
HWY_INLINE void divide_row(const Pending<T, kExact>& row, std::size_t cols) {
  if (row.small)
    divide_rest<true>(row, 0, cols);
  else
    divide_rest<false>(row, 0, cols);
}

/// What becomes of the terms.
enum class Terms {
  kStored,        // they go to y
  kStoredBeside,  // they go to y, and beside that, `before` is divided
  kBesideSmall,   // the same, where some of its results may be subnormal
  kSummed         // only their sum is wanted
};

/// The sum of a row's terms. S: Shift or NearShift.
template <bool kExact, Terms kTerms, class T, class S>
HWY_INLINE RowTerms<T> exp_and_sum_here(const T* x, std::size_t cols, const S& row_shift, T* y,
                                        const Pending<T, kExact>& row_before) {
  constexpr bool kSmall = kTerms == Terms::kBesideSmall;
  constexpr bool kBeside = kTerms == Terms::kStoredBeside || kSmall, kUnraised = kIsUnraised<S>;
  constexpr std::size_t kTogether = kStageOf<S>;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  // Copies, since a store to y might change what is behind a reference.
  const S shift = row_shift;
  const Pending<T, kExact> before = row_before;
  TermSum<decltype(d), kExact> sum;
  V smallest = hn::Set(d, std::numeric_limits<T>::max()), tail = hn::Zero(d);
  std::size_t c = 0;
  for (; c + kBlock * lanes <= cols; c += kBlock * lanes) {
    V v[kBlock];
    for (std::size_t from = 0; from < kBlock; from += kTogether) {
      const std::size_t at = c + from * lanes;
      V e[kTogether], p[kTogether];
      load_vectors(x + at, e);
      scaled_exp(d, e, shift, smallest);
      // Before the stores: a load waits for a store to the same offset within another page.
      if constexpr (kBeside) load_vectors(before.terms + at, p);
      for (std::size_t i = 0; i < kTogether; ++i) {
        if constexpr (kTerms != Terms::kSummed) hn::StoreU(e[i], d, y + at + i * lanes);
        v[from + i] = e[i];
      }
      if constexpr (kBeside) divide_vectors<kSmall>(before, at, p);
    }
    sum.add_all(d, v);
  }
  if constexpr (kBeside) divide_rest<kSmall>(before, c, cols);
  for (; c + lanes <= cols; c += lanes) {
    const V e = scaled_exp(d, hn::LoadU(d, x + c), shift, smallest);
    if constexpr (kTerms != Terms::kSummed) hn::StoreU(e, d, y + c);
    sum.add(d, e);
  }
  if (c < cols) {  // unused lanes hold 0, or the lowest term, too small to affect the sum
    if constexpr (kUnraised) {
      tail = scaled_exp(d, load_first(d, x + c, cols - c, shift.lowest), shift, smallest);
      tail = hn::IfThenElseZero(hn::FirstN(d, cols - c), tail);
    } else {
      tail = scaled_exp(d, load_first(d, x + c, cols - c), shift);
    }
    sum.add(d, tail);
  }
  return {sum.total(), smallest, tail};
}

template <bool kExact, Terms kTerms, class T, class S>
HWY_NOINLINE RowTerms<T> exp_and_sum(const T* x, std::size_t cols, const S& shift, T* y,
                                     const Pending<T, kExact>& before) {
  return exp_and_sum_here<kExact, kTerms>(x, cols, shift, y, before);
}

/// The same by pieces, whose sums are added in order with compensation: rows.h. After a piece that
/// shows a guess to be wrong, what is left of the row before is divided, and the sum is NaN.
template <bool kExact, Terms kTerms, class T, class S>
HWY_INLINE RowTerms<T> exp_by_pieces(const T* x, std::size_t cols, const S& shift, T* y,
                                     const Pending<T, kExact>& before) {
  constexpr bool kSmall = kTerms == Terms::kBesideSmall;
  constexpr bool kBeside = kTerms == Terms::kStoredBeside || kSmall;
  const Cut cut(cols);
  PieceSums sums;
  RowTerms<T> row = exp_and_sum<kExact, kTerms>(x, cut.length(0, cols), shift, y, before);
  if (HWY_LIKELY(cut.count == 1)) return row;
  sums.add(row.total);
  for (std::size_t i = 1; i < cut.count; ++i) {
    Pending<T, kExact> piece = before;
    if constexpr (kBeside) {
      piece.terms += cut.start(i);
      piece.y += cut.start(i);
    }
    if constexpr (kIsUnraised<S>) {
      if (!row.suits(shift)) {
        if constexpr (kBeside) divide_rest<kSmall>(piece, 0, cols - cut.start(i));
        row.total.sum = std::numeric_limits<double>::quiet_NaN();
        return row;
      }
    }
    const RowTerms<T> next = exp_and_sum<kExact, kTerms>(x + cut.start(i), cut.length(i, cols),
                                                         shift, y + cut.start(i), piece);
    sums.add(next.total);
    row.smallest = hn::Min(row.smallest, next.smallest);
    row.tail = next.tail;
  }
  row.total = sums.total();
  return row;
}

/// Beside the division of the row before.
template <bool kExact, Terms kTerms, class T, class S>
HWY_INLINE RowTerms<T> exp_beside(const T* x, std::size_t cols, const S& shift, T* y,
                                  const Pending<T, kExact>& before) {
  if (kTerms == Terms::kStoredBeside && before.small)
    return exp_by_pieces<kExact, Terms::kBesideSmall>(x, cols, shift, y, before);
  return exp_by_pieces<kExact, kTerms>(x, cols, shift, y, before);
}

/// The terms of a row, shifted by its true maximum. A sum of NaN without a finite maximum.
template <bool kExact, Terms kTerms, class T>
HWY_NOINLINE RowTerms<T> terms_of_any_row(const T* x, std::size_t cols, T* y) {
  const T max = max_of(hn::ScalableTag<T>(), x, cols);
  const Pending<T, kExact> none{};
  if (is_far(max)) return exp_by_pieces<kExact, kTerms>(x, cols, shift_for<T, true>(max), y, none);
  return exp_by_pieces<kExact, kTerms>(x, cols, shift_for<T, false>(max), y, none);
}

/// y = exp and quotient at once, for a row whose sum is known, past the caches: y is aligned to
/// vectors after its head.
template <bool kExact, class T, class S>
HWY_NOINLINE void recompute(const T* x, std::size_t cols, const S& row_shift, T* y,
                            const Quotient<T, kExact>& row_quotient) {
  const hn::ScalableTag<T> d;
  const S shift = row_shift;
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
    for (std::size_t from = 0; from < kBlock; from += kStageOf<S>) {
      V e[kStageOf<S>];
      load_vectors(x + c + from * lanes, e);
      scaled_exp(d, e, shift);
      quotient.of(d, e);
      for (std::size_t i = 0; i < kStageOf<S>; ++i) hn::Stream(e[i], d, y + c + (from + i) * lanes);
    }
  for (; c < cols; c += lanes) few(c, HWY_MIN(lanes, cols - c));
  hwy::FlushStream();
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
