// SPDX-License-Identifier: Apache-2.0
// Cross-entropy: y = (max - x[label]) + log1p(sum of the others, shifted by max). Two passes, both
// reading: 8 bytes an element in f32, 4 where a row stays in cache.
//
// This is logsumexp(x) - x[label] without forming logsumexp, whose rounding error at the size of
// max would swamp a small loss: both terms are >= 0 and never cancel. In f32 they are added in f64
// and rounded once. The loss is +inf for a masked label beside something finite, and in a row with
// +inf for every label but +inf itself; it is NaN for a row that is entirely masked or holds a NaN.
//
// Found by guided search (AVX3, f32, 100000 rows): half an ulp, in a row of 2, got 0x1p+38, want
// 0x1.000002p+38.
#include <algorithm>

#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/cross_entropy.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/log_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <class T>
HWY_INLINE T loss_of(const T* x, std::size_t cols, std::int64_t label) {
  const hn::ScalableTag<T> d;
  if (cols == 0) return std::numeric_limits<T>::quiet_NaN();
  const T max = max_of(d, x, cols);
  const double below_max = static_cast<double>(max) - static_cast<double>(x[label]);
  if (is_finite(max)) return static_cast<T>(below_max + log_sum(d, x, cols, max));
  const bool any_nan = std::any_of(x, x + cols, [](T v) { return v != v; });
  return any_nan ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(below_max);
}

template <class T>
HWY_INLINE int cross_entropy(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows; ++r)
    static_cast<T*>(args->y)[r] =
        loss_of(static_cast<const T*>(args->x) + r * args->x_stride, args->cols, args->labels[r]);
  return 0;
}

int cross_entropy_f32(const softmark_args* args) { return cross_entropy<float>(args); }
int cross_entropy_f64(const softmark_args* args) { return cross_entropy<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(cross_entropy_f32);
HWY_EXPORT(cross_entropy_f64);

}  // namespace simd

namespace {

int cross_entropy_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(cross_entropy_f32)(args);
}
int cross_entropy_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(cross_entropy_f64)(args);
}

constexpr auto kSummary =
    "(max - x[label]) + log1p(sum of the others, in f64 or compensated); Highway";
constexpr std::uint32_t kClaims = SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, cross_entropy,
                  {"simd", kSummary, SOFTMARK_CROSS_ENTROPY, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, cross_entropy_f32},
                  {"simd", kSummary, SOFTMARK_CROSS_ENTROPY, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, cross_entropy_f64})

}  // namespace softmark
#endif  // HWY_ONCE
