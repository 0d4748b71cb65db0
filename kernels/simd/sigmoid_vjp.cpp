// SPDX-License-Identifier: Apache-2.0
// Sigmoid backward: y = (g s) (1 - s), with s the sigmoid output as given. One pass; 12 bytes an
// element in f32.
//
// g s comes first: s (1 - s) with a subnormal s would round before a large g could scale it up.
// Three roundings: an error of 3 2^-p |y|, and half of the smallest subnormal. Found by guided
// search (AVX3, f32, 100000 rows): 1.50 ulp, got 0x1.03f3b6p-4, want 0x1.03f3bap-4.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/sigmoid_vjp.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <class T>
HWY_INLINE int sigmoid_vjp(const softmark_args* args) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const auto one = hn::Set(d, T(1));
  for (std::size_t r = 0; r < args->rows; ++r)
    transform<4>(d, static_cast<const T*>(args->x) + r * args->x_stride,
                 static_cast<const T*>(args->g) + r * args->g_stride,
                 static_cast<T*>(args->y) + r * args->y_stride, args->cols,
                 [one]<std::size_t kN>(V(&s)[kN], const V(&g)[kN]) HWY_ATTR {
                   for (std::size_t i = 0; i < kN; ++i)
                     s[i] = hn::Mul(hn::Mul(g[i], s[i]), hn::Sub(one, s[i]));
                 });
  return 0;
}

int sigmoid_vjp_f32(const softmark_args* args) { return sigmoid_vjp<float>(args); }
int sigmoid_vjp_f64(const softmark_args* args) { return sigmoid_vjp<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(sigmoid_vjp_f32);
HWY_EXPORT(sigmoid_vjp_f64);

}  // namespace simd

namespace {

int sigmoid_vjp_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(sigmoid_vjp_f32)(args);
}
int sigmoid_vjp_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(sigmoid_vjp_f64)(args);
}

constexpr auto kSummary = "(g s) (1 - s); Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, sigmoid_vjp,
                  {"simd", kSummary, SOFTMARK_SIGMOID_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, sigmoid_vjp_f32},
                  {"simd", kSummary, SOFTMARK_SIGMOID_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, sigmoid_vjp_f64})

}  // namespace softmark
#endif  // HWY_ONCE
