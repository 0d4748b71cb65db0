// SPDX-License-Identifier: Apache-2.0
// Sigmoid: with z = exp(-|x|) <= 1, 1 / (1 + z) for x >= 0 and z / (1 + z) below. One pass, element
// by element; 8 bytes an element in f32.
//
// exp comes as A 2^boost z (exp-inl.h): the quotient is A 2^boost / (A 2^boost + A 2^boost z), or
// has the scaled z above the line, so that only the division may round into the subnormals, and
// z = exp(0) gives exactly 1/2.
//
// Promise, in units of 2^-p, each at most one ulp: exp 1.4 (1.6 on AVX2, 1.8 without fused
// multiply-add), the sum 1, the quotient 1: 3.8. Found by
// guided search (AVX3): 2.34 ulp in f32, got 0x1.ff587cp-8, want 0x1.ff5878p-8; 2.41 in f64, got
// 0x1.f981f5fb0b2d3p-14, want 0x1.f981f5fb0b2d1p-14. Special values: NaN propagates through |x|;
// -inf and everything below the drop gives a quotient that rounds to +0.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/sigmoid.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <std::size_t kN, class D, class V>
HWY_INLINE void sigmoid_of(D d, V (&v)[kN]) {
  using T = hn::TFromD<D>;
  using C = ExpConstants<T>;
  // 2^boost as a sum of bits, since a power is no constant expression
  const V one = hn::Set(d, static_cast<T>(kFactor<T> * (sizeof(T) == 4 ? 0x1p64 : 0x1p256)));
  static_assert(C::kBoost == (sizeof(T) == 4 ? 64 : 256));
  V z[kN];
  for (std::size_t i = 0; i < kN; ++i) z[i] = hn::Neg(hn::Abs(v[i]));
  scaled_exp(d, z, shift_for<T, false>(0));
  for (std::size_t i = 0; i < kN; ++i) {
    const auto is_negative = hn::Lt(v[i], hn::Zero(d));
    v[i] = hn::Div(hn::IfThenElse(is_negative, z[i], one), hn::Add(one, z[i]));
  }
}

template <class T>
HWY_INLINE int sigmoid(const softmark_args* args) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  for (std::size_t r = 0; r < args->rows; ++r)
    transform<4>(d, static_cast<const T*>(args->x) + r * args->x_stride,
                 static_cast<T*>(args->y) + r * args->y_stride, args->cols,
                 [d]<std::size_t kN>(V(&v)[kN]) HWY_ATTR { sigmoid_of(d, v); });
  return 0;
}

int sigmoid_f32(const softmark_args* args) { return sigmoid<float>(args); }
int sigmoid_f64(const softmark_args* args) { return sigmoid<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(sigmoid_f32);
HWY_EXPORT(sigmoid_f64);

}  // namespace simd

namespace {

int sigmoid_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(sigmoid_f32)(args);
}
int sigmoid_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(sigmoid_f64)(args);
}

constexpr auto kSummary = "1 / (1 + z) or z / (1 + z), z = exp(-|x|); Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, sigmoid,
                  {"simd", kSummary, SOFTMARK_SIGMOID, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   4, sigmoid_f32},
                  {"simd", kSummary, SOFTMARK_SIGMOID, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   4, sigmoid_f64})

}  // namespace softmark
#endif  // HWY_ONCE
