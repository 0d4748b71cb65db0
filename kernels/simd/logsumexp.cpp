// SPDX-License-Identifier: Apache-2.0
// Log-sum-exp for every instruction set that Highway compiles: y = max + log sum exp(x - max). Two
// passes, both reading: 8 bytes an element in f32. Rows of up to four vectors in groups
// (short_logs-inl.h).
//
// Error: half an ulp for the rounding of y, and 2^-p (6 log sum + ln cols) at most
// (log_softmax.cpp), which shows where max and log sum cancel. Found by guided search (AVX3): in
// f32 the whole of the a-priori bound, in a row whose y lies at a midpoint, got 0x1p+19, want
// 0x1.000002p+19.
//
// In f32 the last addition is done in f64 and rounded once. Special values: an infinite maximum is
// returned as it is unless there is a NaN beside it; otherwise a NaN propagates through the sum.
#include <algorithm>

#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/logsumexp.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/short_logs-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <class T>
HWY_INLINE T total_of(const T* x, std::size_t cols, T max, double log) {
  if (is_finite(max)) return static_cast<T>(max + log);
  const bool any_nan = std::any_of(x, x + cols, [](T v) { return v != v; });
  return any_nan ? std::numeric_limits<T>::quiet_NaN() : max;
}

template <class T>
HWY_INLINE int logsumexp(const softmark_args* args) {
  const hn::ScalableTag<T> d;
  const std::size_t cols = args->cols;
  const auto* x = static_cast<const T*>(args->x);
  auto* y = static_cast<T*>(args->y);
  if (cols > 0 && cols <= kShortVectors * hn::Lanes(d)) {
    for_short_log_sums(x, args->x_stride, args->rows, cols,
                       [&](std::size_t r, T max, double log)
                           HWY_ATTR { y[r] = total_of(x + r * args->x_stride, cols, max, log); });
    return 0;
  }
  for (std::size_t r = 0; r < args->rows; ++r) {
    const T* row = x + r * args->x_stride;
    const T max = max_of(d, row, cols);
    y[r] = total_of(row, cols, max, is_finite(max) ? log_sum(d, row, cols, max) : 0);
  }
  return 0;
}

int logsumexp_f32(const softmark_args* args) { return logsumexp<float>(args); }
int logsumexp_f64(const softmark_args* args) { return logsumexp<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(logsumexp_f32);
HWY_EXPORT(logsumexp_f64);

}  // namespace simd

namespace {

int logsumexp_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(logsumexp_f32)(args);
}
int logsumexp_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(logsumexp_f64)(args);
}

constexpr auto kSummary = "max + log1p(sum of the others, in f64 or compensated); Highway";

}  // namespace

SOFTMARK_BUILTINS(simd, logsumexp,
                  {"simd", kSummary, SOFTMARK_LOGSUMEXP, SOFTMARK_F32, SOFTMARK_REPRODUCIBLE,
                   SOFTMARK_MASKED_NAN, INFINITY, logsumexp_f32},
                  {"simd", kSummary, SOFTMARK_LOGSUMEXP, SOFTMARK_F64, SOFTMARK_REPRODUCIBLE,
                   SOFTMARK_MASKED_NAN, INFINITY, logsumexp_f64})

}  // namespace softmark
#endif  // HWY_ONCE
