// SPDX-License-Identifier: Apache-2.0
// Softmax backward: y = p (g - d), d = sum g p, with p the softmax output as given. Two passes,
// both reading p and g, the second writing: 20 bytes an element in f32, 12 where a row stays in
// cache.
//
// d: in blocks of 8 vectors, two products to a chain of fused multiply-adds, then a tree; the
// blocks' sums in f64 (f64: compensated). At most four roundings in the type: an error of
// 4 2^-p sum |g p| whatever the length. Where such a sum overflows although d does not, it is
// formed again in scaled arithmetic. NaN and infinities propagate by IEEE arithmetic. Found by
// guided search (AVX3, f32, 100000 rows): 0.66 of the a-priori bound, in a row of 17, got
// -0x1.00025ep-24, want -0x1.00026p-24.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/softmax_vjp.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/dot-inl.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <class T>
HWY_INLINE int softmax_vjp(const softmark_args* args) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  for (std::size_t r = 0; r < args->rows; ++r) {
    const T* p = static_cast<const T*>(args->x) + r * args->x_stride;
    const T* g = static_cast<const T*>(args->g) + r * args->g_stride;
    const auto mean = hn::Set(d, dot(d, p, g, args->cols));
    transform<4>(d, p, g, static_cast<T*>(args->y) + r * args->y_stride, args->cols,
                 [mean]<std::size_t kN>(V(&v)[kN], const V(&w)[kN]) HWY_ATTR {
                   for (std::size_t i = 0; i < kN; ++i) v[i] = hn::Mul(v[i], hn::Sub(w[i], mean));
                 });
  }
  return 0;
}

int softmax_vjp_f32(const softmark_args* args) { return softmax_vjp<float>(args); }
int softmax_vjp_f64(const softmark_args* args) { return softmax_vjp<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(softmax_vjp_f32);
HWY_EXPORT(softmax_vjp_f64);

}  // namespace simd

namespace {

int softmax_vjp_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(softmax_vjp_f32)(args);
}
int softmax_vjp_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(softmax_vjp_f64)(args);
}

constexpr auto kSummary = "p (g - sum g p), the sum in f64 or compensated; Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, softmax_vjp,
                  {"simd", kSummary, SOFTMARK_SOFTMAX_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, softmax_vjp_f32},
                  {"simd", kSummary, SOFTMARK_SOFTMAX_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, softmax_vjp_f64})

}  // namespace softmark
#endif  // HWY_ONCE
