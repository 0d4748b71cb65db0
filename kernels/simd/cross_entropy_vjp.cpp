// SPDX-License-Identifier: Apache-2.0
// Cross-entropy backward: y[c] = g (p[c] - [c == label]), p = softmax(x), g one number per row.
// Softmax's passes, with the division and the product by g in one: no probabilities are written:
// 20 bytes an element in f32, 8 of them from memory while a row stays in cache. Error: that of an
// exact quotient (accurate.cpp), 3.9 2^-p, and 1 for the product by g.
//
// At the label, p - 1 would cancel as p approaches 1, as it does late in training; it is computed
// as minus the sum of the other terms over the whole sum, and where the label's term is more than
// half of that, the others are summed again without it.
//
// Found by guided search (AVX3, f32, 100000 rows): 0.999 of the a-priori bound, in a row of 257,
// got -0, want -0x1p-149.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/cross_entropy_vjp.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/dot-inl.h"
#include "kernels/simd/softmax_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

template <class T>
HWY_INLINE void gradient_of(const T* x, T* y, std::size_t cols, std::size_t label, T g) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const T max = max_of(d, x, cols);
  double sum = rounded(exp_piece(x, cols, max, y));
  const T term = y[label];
  double others = sum - static_cast<double>(term);
  if (!(others >= static_cast<double>(term))) {
    y[label] = 0;
    others = wide_sum_of(d, y, cols);
    sum = others + static_cast<double>(term);
  }
  const Quotient<T, true> quotient(Total{sum, 0});  // 1 for one finite logit
  const auto factor = hn::Set(d, g);
  transform<4>(d, y, y, cols, [&]<std::size_t kN>(V(&v)[kN]) HWY_ATTR {
    quotient.of(d, v);
    for (std::size_t i = 0; i < kN; ++i) v[i] = hn::Mul(v[i], factor);
  });
  y[label] = -g * static_cast<T>(others / sum);
}

template <class T>
HWY_INLINE int cross_entropy_vjp(const softmark_args* args) {
  if (args->cols == 0) return 0;
  for (std::size_t r = 0; r < args->rows; ++r)
    gradient_of(static_cast<const T*>(args->x) + r * args->x_stride,
                static_cast<T*>(args->y) + r * args->y_stride, args->cols,
                static_cast<std::size_t>(args->labels[r]), static_cast<const T*>(args->g)[r]);
  return 0;
}

int cross_entropy_vjp_f32(const softmark_args* args) { return cross_entropy_vjp<float>(args); }
int cross_entropy_vjp_f64(const softmark_args* args) { return cross_entropy_vjp<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(cross_entropy_vjp_f32);
HWY_EXPORT(cross_entropy_vjp_f64);

}  // namespace simd

namespace {

int cross_entropy_vjp_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(cross_entropy_vjp_f32)(args);
}
int cross_entropy_vjp_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(cross_entropy_vjp_f64)(args);
}

constexpr auto kSummary =
    "g (softmax - onehot), with p[label] - 1 as minus the share of the others; Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, cross_entropy_vjp,
                  {"simd", kSummary, SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, cross_entropy_vjp_f32},
                  {"simd", kSummary, SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, cross_entropy_vjp_f64})

}  // namespace softmark
#endif  // HWY_ONCE
