// SPDX-License-Identifier: Apache-2.0
// Softmax of rows of one to four vectors: groups of rows (short_rows-inl.h) one after the other, in
// the fastest way that suits them, and the rows that are left one by one.
#include <cstddef>

#if defined(SOFTMARK_SIMD_SHORT_GROUPS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_SHORT_GROUPS_INL_H
#undef SOFTMARK_SIMD_SHORT_GROUPS_INL_H
#else
#define SOFTMARK_SIMD_SHORT_GROUPS_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/short_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// A guess that serves one group after the other.
template <class T, Low kLow>
struct SharedGuess {
  Guess<T, kLow> guess;
  std::size_t from = 0;   // the first group for which it is tried again
  std::size_t wait = 16;  // groups after one that it does not suit, doubled each time

  HWY_INLINE SharedGuess() {}
  template <class Group>
  HWY_INLINE bool done(Group& group, std::size_t i) {
    if (i < from) return false;
    if (guess.suits && group.near(guess.shift)) return true;
    guess = Guess<T, kLow>(group.top());
    guess.suits = guess.suits && group.first_is_near(guess.shift) && group.near(guess.shift);
    if (guess.suits) {
      wait = 16;
    } else {
      from = i + wait;
      wait = HWY_MIN(2 * wait, std::size_t{512});
    }
    return guess.suits;
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
  SharedGuess<T, Low::kNone> none;
  SharedGuess<T, Low::kMasked> masked;
  const std::size_t whole = rows / Group::kGroup;
  for (std::size_t i = 0; i < whole; ++i) {
    Group& group = groups[i % 2];
    take(group, i * Group::kGroup);
    bool done = false;
    if constexpr (kAnyExponent && sizeof(T) == 4)
      done = none.done(group, i) || masked.done(group, i);
    if (!done && guess) done = guess = group.together(group.top());
    if (!done) {
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
