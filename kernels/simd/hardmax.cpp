// SPDX-License-Identifier: Apache-2.0
// Hardmax: 1 at the first largest logit, 0 elsewhere. One pass for the largest, one that ends where
// it is found, and the zeros: 12 bytes an element in f32, at most.
//
// A NaN counts as the largest, as in numpy's argmax; in a row of nothing but -inf the first column
// is the largest.
#include <algorithm>
#include <cstdint>

#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/hardmax.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

/// The first column that holds a NaN, or else the first that equals `max`.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE std::size_t first_of(D d, const T* x, std::size_t cols, T max, bool nan) {
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t c = 0; c < cols; c += lanes) {
    const auto v = load_first(d, x + c, HWY_MIN(lanes, cols - c));
    const auto found = nan ? hn::Not(hn::Eq(v, v)) : hn::Eq(v, hn::Set(d, max));
    const std::intptr_t at = hn::FindFirstTrue(d, found);
    if (at >= 0) return c + static_cast<std::size_t>(at);
  }
  return 0;
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE bool any_nan(D d, const T* x, std::size_t cols) {
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t kVectors = 4;
  std::size_t c = 0;
  for (; c + kVectors * lanes <= cols; c += kVectors * lanes) {
    auto same = hn::Eq(hn::LoadU(d, x + c), hn::LoadU(d, x + c));
    for (std::size_t i = 1; i < kVectors; ++i) {
      const auto v = hn::LoadU(d, x + c + i * lanes);
      same = hn::And(same, hn::Eq(v, v));
    }
    if (!hn::AllTrue(d, same)) return true;
  }
  for (; c < cols; c += lanes) {
    const auto v = load_first(d, x + c, HWY_MIN(lanes, cols - c));
    if (!hn::AllTrue(d, hn::Eq(v, v))) return true;
  }
  return false;
}

template <class T>
HWY_INLINE int hardmax(const softmark_args* args) {
  const hn::ScalableTag<T> d;
  const std::size_t cols = args->cols;
  if (cols == 0) return 0;
  for (std::size_t r = 0; r < args->rows; ++r) {
    const T* x = static_cast<const T*>(args->x) + r * args->x_stride;
    T* y = static_cast<T*>(args->y) + r * args->y_stride;
    const bool nan = any_nan(d, x, cols);
    const std::size_t first = first_of(d, x, cols, nan ? T(0) : max_of(d, x, cols), nan);
    std::fill_n(y, cols, T(0));
    y[first] = 1;
  }
  return 0;
}

int hardmax_f32(const softmark_args* args) { return hardmax<float>(args); }
int hardmax_f64(const softmark_args* args) { return hardmax<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(hardmax_f32);
HWY_EXPORT(hardmax_f64);

}  // namespace simd

namespace {

int hardmax_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(hardmax_f32)(args);
}
int hardmax_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(hardmax_f64)(args);
}

constexpr auto kSummary = "1 at the first largest logit, NaN counting as the largest; Highway";
constexpr std::uint32_t kClaims =
    SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE | SOFTMARK_CORRECTLY_ROUNDED;

}  // namespace

SOFTMARK_BUILTINS(simd, hardmax,
                  {"simd", kSummary, SOFTMARK_HARDMAX, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   0, hardmax_f32},
                  {"simd", kSummary, SOFTMARK_HARDMAX, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   0, hardmax_f64})

}  // namespace softmark
#endif  // HWY_ONCE
