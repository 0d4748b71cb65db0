// SPDX-License-Identifier: Apache-2.0
#include "kernels/builtins.h"
#include "kernels/simd/targets.h"

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
