// SPDX-License-Identifier: Apache-2.0
// One pass over a row for its maximum and the sum of its terms: online.cpp, two_pass.cpp. Each lane
// has a maximum and a sum of its own; the sums are scaled when a maximum rises, once a block.
#include <cstddef>
#include <limits>

#if defined(SOFTMARK_SIMD_RUNNING_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_RUNNING_INL_H
#undef SOFTMARK_SIMD_RUNNING_INL_H
#else
#define SOFTMARK_SIMD_RUNNING_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/exp_pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The sum of the terms for this maximum; NaN without a finite maximum.
template <class T>
struct RunningTotal {
  T max;
  Total sum;
};

/// Lanes: `exp` replaces logits by terms for the lanes' maxima; `rise_to` takes other maxima,
/// finite unless a logit is not, and returns what sums are scaled by.
template <class T, class Lanes>
struct Running {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  Lanes lanes;
  V max;
  Sum<D> sum;

  HWY_INLINE Running() : max(hn::Set(D(), -std::numeric_limits<T>::infinity())) {}

  HWY_INLINE void rise_to(V larger) {
    max = larger;
    // A NaN stays: it is the second operand.
    const V factor = lanes.rise_to(hn::Max(hn::Set(D(), -std::numeric_limits<T>::max()), larger));
    sum.scale_by(D(), factor);
  }

  template <std::size_t kN>
  HWY_INLINE void add(V (&v)[kN]) {
    const D d;
    V top = v[0];
    for (std::size_t i = 1; i < kN; ++i) top = hn::Max(top, v[i]);
    if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Le(top, max)))) rise_to(hn::Max(max, top));
    constexpr std::size_t kSteps = HWY_MIN(kN, kStage);
    for (std::size_t from = 0; from < kN; from += kSteps) {
      V e[kSteps];
      for (std::size_t i = 0; i < kSteps; ++i) e[i] = v[from + i];
      lanes.exp(e);
      for (std::size_t i = 0; i < kSteps; ++i) v[from + i] = e[i];
    }
    sum.template add_all<false>(d, v);
  }
};

template <class Lanes, class T>
HWY_INLINE RunningTotal<T> running_total(const T* x, std::size_t cols) {
  using D = hn::ScalableTag<T>;
  const D d;
  const std::size_t width = hn::Lanes(d);
  Running<T, Lanes> row;
  std::size_t c = 0;
  for (; c + kBlock * width <= cols; c += kBlock * width) {
    hn::Vec<D> v[kBlock];
    load_vectors(x + c, v);
    row.add(v);
  }
  for (; c < cols; c += width) {
    hn::Vec<D> v[1] = {load_first(d, x + c, HWY_MIN(width, cols - c))};
    row.add(v);
  }
  const T max = largest_lane(d, row.max);
  row.rise_to(hn::Set(d, max));
  const Total sum = row.sum.total();
  if (is_finite(max)) return {max, sum};
  return {max, {std::numeric_limits<double>::quiet_NaN(), 0}};
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
