// SPDX-License-Identifier: Apache-2.0
// Softmax by the passes of `simd` (softmax_rows-inl.h), with a wide sum, each term added with
// compensation (those of short f32 rows in f64), and a quotient that is rounded once
// (quotient-inl.h).
//
// Promise, in units of 2^-p, each at most one ulp: exp 1.4 with a table (1.6 on AVX2, 1.3 without
// one, 1.8 without fused multiply-add), once in the term and once in the sum; the sum below 0.1;
// the quotient 1, and 1 more without fused multiply-add: 3.9, on AVX2 4.3, f32 on SSE4 5.6 if all
// worst cases met.
//
// Special values as in softmax.cpp.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/accurate.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/softmax_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <class T>
HWY_INLINE int accurate(const softmark_args* args) {
  softmax_rows<true>(static_cast<const T*>(args->x), args->x_stride, static_cast<T*>(args->y),
                     args->y_stride, args->rows, args->cols);
  return 0;
}

int accurate_f32(const softmark_args* args) { return accurate<float>(args); }
int accurate_f64(const softmark_args* args) { return accurate<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(accurate_f32);
HWY_EXPORT(accurate_f64);

}  // namespace simd

namespace {

int accurate_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(accurate_f32)(args);
}
int accurate_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(accurate_f64)(args);
}

constexpr auto kSummary =
    "simd's passes with sums in f64 or compensated and a quotient rounded once; Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, accurate,
                  {"accurate", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, 4.6, accurate_f32},
                  {"accurate", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, 4.6, accurate_f64})

}  // namespace softmark
#endif  // HWY_ONCE
