// SPDX-License-Identifier: Apache-2.0
// log sum exp(x - max) of rows of one to four vectors, as many at a time as a vector has lanes: the
// reductions of all rows by transposing trees, and, in f32, one log1p in f64 for all of them. In
// f64 the library's log1p, which is more accurate, is called for each row.
#include <cmath>
#include <cstddef>

#if defined(SOFTMARK_SIMD_SHORT_LOGS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_SHORT_LOGS_INL_H
#undef SOFTMARK_SIMD_SHORT_LOGS_INL_H
#else
#define SOFTMARK_SIMD_SHORT_LOGS_INL_H
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/simd/log_sum-inl.h"
#include "kernels/simd/short_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The maxima and logarithms of up to kGroup rows. A maximum that is not finite has no logarithm; a
/// NaN in a row is in one of the two.
template <class T>
struct LogSums {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using W = hn::ScalableTag<double>;
  static constexpr std::size_t kLanes = hn::MaxLanes(D()), kGroup = kLanes;
  HWY_ALIGN T max[kGroup];
  HWY_ALIGN double log[kGroup];

  /// Rows of kVectors vectors, the last of which may be incomplete.
  template <std::size_t kVectors>
  HWY_INLINE void of(const T* x, std::size_t stride, std::size_t rows, std::size_t cols) {
    const D d;
    const auto load = [&](std::size_t r, V(&v)[kVectors]) HWY_ATTR {
      const T* row = x + r * stride;
      for (std::size_t i = 0; i + 1 < kVectors; ++i) v[i] = hn::LoadU(d, row + i * kLanes);
      const std::size_t last = (kVectors - 1) * kLanes;
      v[kVectors - 1] = load_first(d, row + last, cols - last);
    };
    V maxima[kGroup];
    for (std::size_t r = 0; r < kGroup; ++r) maxima[r] = hn::Zero(d);
    for (std::size_t r = 0; r < rows; ++r) {
      V v[kVectors];
      load(r, v);
      maxima[r] = v[0];
      for (std::size_t i = 1; i < kVectors; ++i) maxima[r] = hn::Max(maxima[r], v[i]);
    }
    hn::Store(across<MaxLanes>(d, maxima), d, max);
    const auto none = widest(hn::Zero(d));
    decltype(widest(hn::Zero(d))) sums[kGroup];
    HWY_ALIGN double others[kGroup];
    for (std::size_t r = 0; r < kGroup; ++r) sums[r] = none;
    for (std::size_t r = 0; r < kGroup; ++r) others[r] = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      V v[kVectors];
      load(r, v);
      std::size_t largest = 0;
      sums[r] = widest(Sum<D>::template tree<kVectors>(terms_of(v, max[r], largest)));
      others[r] = static_cast<double>(largest) - 1;
    }
    take_logs(sums, others);
  }

 private:
  /// Replaces v by the terms of all but the largest logits, which are counted.
  template <std::size_t kVectors>
  static HWY_INLINE const V* terms_of(V (&v)[kVectors], T top, std::size_t& largest) {
    const D d;
    const auto limit = hn::Set(d, top);
    V x[kVectors];
    for (std::size_t i = 0; i < kVectors; ++i) x[i] = v[i];
    scaled_exp(d, v, shift_for<T, true>(top));
    for (std::size_t i = 0; i < kVectors; ++i) {
      const auto is_top = hn::Eq(x[i], limit);
      largest += hn::CountTrue(d, is_top);
      v[i] = hn::IfThenZeroElse(is_top, v[i]);
    }
    return v;
  }

  /// What a row's lanes are added in.
  static HWY_INLINE auto widest(V v) {
    if constexpr (sizeof(T) == 4)
      return widened(v);
    else
      return Compensated<V>{v, hn::Zero(D())};
  }

  template <class Lanes>
  HWY_INLINE void take_logs(const Lanes* sums, const double* others) {
    const W w;
    const auto unit = hn::Set(w, kTermUnit<T>);
    for (std::size_t i = 0; i < kGroup; i += hn::MaxLanes(W())) {
      auto sum = hn::Zero(w);
      if constexpr (sizeof(T) == 4) {
        sum = across<AddLanes>(w, sums + i);
      } else {
        const auto both = across<AddLanes>(w, sums + i);
        sum = hn::Add(both.sum, both.error);
      }
      sum = hn::MulAdd(sum, unit, hn::Load(w, others + i));
      if constexpr (sizeof(T) == 4)  // Log1p takes a NaN for a number
        sum = hn::IfThenElse(hn::IsNaN(sum), sum, hn::Log1p(w, sum));
      hn::Store(sum, w, log + i);
    }
    if constexpr (sizeof(T) == 8)
      for (double& v : log) v = std::log1p(v);
  }
};

/// Calls use(r, max, log) for each row, after the group that it is in has been read.
template <class T, class F>
HWY_INLINE void for_short_log_sums(const T* x, std::size_t stride, std::size_t rows,
                                   std::size_t cols, F use) {
  LogSums<T> group;
  constexpr std::size_t kGroup = LogSums<T>::kGroup;
  const std::size_t vectors = (cols - 1) / LogSums<T>::kLanes;
  for (std::size_t r = 0; r < rows; r += kGroup) {
    const std::size_t count = HWY_MIN(kGroup, rows - r);
    const T* from = x + r * stride;
    if (vectors == 0)
      group.template of<1>(from, stride, count, cols);
    else if (vectors == 1)
      group.template of<2>(from, stride, count, cols);
    else if (vectors == 2)
      group.template of<3>(from, stride, count, cols);
    else
      group.template of<4>(from, stride, count, cols);
    for (std::size_t i = 0; i < count; ++i) use(r + i, group.max[i], group.log[i]);
  }
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
