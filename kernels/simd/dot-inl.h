// SPDX-License-Identifier: Apache-2.0
// Sums and dot products of rows that may cancel: short trees in the type, their results added in
// f64 (f32) or with compensation (f64).
#include <cmath>
#include <cstddef>

#if defined(SOFTMARK_SIMD_DOT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_DOT_INL_H
#undef SOFTMARK_SIMD_DOT_INL_H
#else
#define SOFTMARK_SIMD_DOT_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// sum a b; formed again with b scaled down where it is not finite.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE T dot(D d, const T* a, const T* b, std::size_t cols) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t kVectors = 8;
  Sum<D> sum;
  std::size_t c = 0;
  for (; c + kVectors * lanes <= cols; c += kVectors * lanes) {
    V pairs[kVectors / 2];
    for (std::size_t i = 0; i < kVectors / 2; ++i) {
      const std::size_t at = c + 2 * i * lanes;
      pairs[i] = hn::MulAdd(hn::LoadU(d, a + at), hn::LoadU(d, b + at),
                            hn::Mul(hn::LoadU(d, a + at + lanes), hn::LoadU(d, b + at + lanes)));
    }
    sum.template add_all<false>(d, pairs);
  }
  for (; c + lanes <= cols; c += lanes)
    sum.add(d, hn::Mul(hn::LoadU(d, a + c), hn::LoadU(d, b + c)));
  if (c < cols)
    sum.add(d, hn::Mul(load_first(d, a + c, cols - c, T(0)), load_first(d, b + c, cols - c, T(0))));
  return static_cast<T>(rounded(sum.total()));
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE double wide_sum_of(D d, const T* x, std::size_t cols) {
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t kVectors = 8;
  Sum<D> sum;
  std::size_t c = 0;
  for (; c + kVectors * lanes <= cols; c += kVectors * lanes) {
    hn::Vec<D> v[kVectors];
    for (std::size_t i = 0; i < kVectors; ++i) v[i] = hn::LoadU(d, x + c + i * lanes);
    sum.template add_all<false>(d, v);
  }
  for (; c + lanes <= cols; c += lanes) sum.add(d, hn::LoadU(d, x + c));
  if (c < cols) sum.add(d, load_first(d, x + c, cols - c, T(0)));
  return rounded(sum.total());
}
template <class D, class T = hn::TFromD<D>>
HWY_INLINE T sum_of(D d, const T* x, std::size_t cols) {
  return static_cast<T>(wide_sum_of(d, x, cols));
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
