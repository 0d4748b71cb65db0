// SPDX-License-Identifier: Apache-2.0
// Log-softmax for every instruction set that Highway compiles: y = (x - max) - log sum exp(x -
// max). Three passes over the row, of which only the last one writes: 16 bytes an element in f32.
// Rows of up to four vectors are read twice, in groups (short_logs-inl.h).
//
// Error: at most 2^-p (|x - max| + |y| + 6 log sum + sum p |x - max|): the two subtractions; terms
// within 1.4, three levels of additions and log1p; and what the roundings of x - max do to the sum,
// which is at most ln cols. A tiny y is minus the term of the only other logit, whose x - max was
// rounded: found by guided search (AVX3), 65.2 ulp in f32 in a row of 2, got -0x1.ff4f54p-125, want
// -0x1.ff4fd6p-125; never above 0.998 of the a-priori bound.
//
// x - max <= 0 <= log sum, so the last subtraction never cancels. Special values: -inf beside
// something finite stays -inf; a NaN propagates through the sum; a row without a finite maximum is
// filled with NaN.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/log_softmax.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/short_logs-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <class D, class T = hn::TFromD<D>>
HWY_INLINE void subtract(D d, const T* x, T* y, std::size_t cols, T max, T log_sum) {
  if (!is_finite(max)) return fill_nan(y, cols);
  const std::size_t lanes = hn::Lanes(d);
  const auto top = hn::Set(d, max), log = hn::Set(d, log_sum);
  std::size_t c = 0;
  for (; c + lanes <= cols; c += lanes)
    hn::StoreU(hn::Sub(hn::Sub(hn::LoadU(d, x + c), top), log), d, y + c);
  if (c < cols)
    store_first(d, hn::Sub(hn::Sub(load_first(d, x + c, cols - c), top), log), y + c, cols - c);
}

template <class T>
HWY_INLINE int log_softmax(const softmark_args* args) {
  const hn::ScalableTag<T> d;
  const std::size_t cols = args->cols;
  if (cols == 0) return 0;
  const auto* x = static_cast<const T*>(args->x);
  auto* y = static_cast<T*>(args->y);
  if (cols <= kShortVectors * hn::Lanes(d)) {
    for_short_log_sums(x, args->x_stride, args->rows, cols,
                       [&](std::size_t r, T max, double log) HWY_ATTR {
                         subtract(d, x + r * args->x_stride, y + r * args->y_stride, cols, max,
                                  static_cast<T>(log));
                       });
    return 0;
  }
  for (std::size_t r = 0; r < args->rows; ++r) {
    const T* row = x + r * args->x_stride;
    const T max = max_of(d, row, cols);
    const double log = is_finite(max) ? log_sum(d, row, cols, max) : 0;
    subtract(d, row, y + r * args->y_stride, cols, max, static_cast<T>(log));
  }
  return 0;
}

int log_softmax_f32(const softmark_args* args) { return log_softmax<float>(args); }
int log_softmax_f64(const softmark_args* args) { return log_softmax<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(log_softmax_f32);
HWY_EXPORT(log_softmax_f64);

}  // namespace simd

namespace {

int log_softmax_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(log_softmax_f32)(args);
}
int log_softmax_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(log_softmax_f64)(args);
}

constexpr auto kSummary = "(x - max) - log1p(sum of the others, in f64 or compensated); Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, log_softmax,
                  {"simd", kSummary, SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax_f32},
                  {"simd", kSummary, SOFTMARK_LOG_SOFTMAX, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax_f64})

}  // namespace softmark
#endif  // HWY_ONCE
