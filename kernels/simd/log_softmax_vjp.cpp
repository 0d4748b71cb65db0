// SPDX-License-Identifier: Apache-2.0
// Log-softmax backward: y = g - exp(x) sum g, with x = log p the log-softmax output as given. Two
// passes: the sum of g and the largest x, then the results: 20 bytes an element in f32.
//
// The sum of g cancels freely: it is formed in f64 from trees of 8 vectors, in f64 with
// compensation. exp comes as A 2^boost exp(x) (exp-inl.h), and the sum is scaled by the inverse,
// with a boost such that both, and their product up to its last rounding, stay normal. log p is at
// most 0: a row with anything above, or with a sum that overflows, takes a scalar path. NaN and
// infinities propagate by IEEE arithmetic. Found by guided search (AVX3, f32, 100000 rows): the
// whole of the a-priori bound, half an ulp, in a row of 7, got 0x1.000002p-3, want 0x1p-3.
#include <cmath>

#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/log_softmax_vjp.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/dot-inl.h"
#include "kernels/simd/exp-inl.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

/// For input that is no logarithm of a probability, or a sum of g beyond the type.
template <class T>
HWY_NOINLINE void scalar_row(const T* x, const T* g, T* y, std::size_t cols, T total) {
  const T unit = is_finite(total) ? T(1) : T(1) / (std::uint64_t(1) << 40);  // cols are fewer
  if (unit < 1) {
    total = 0;
    for (std::size_t c = 0; c < cols; ++c) total += g[c] * unit;
  }
  for (std::size_t c = 0; c < cols; ++c) y[c] = (g[c] * unit - std::exp(x[c]) * total) / unit;
}

/// The boost for a sum of g, 2^-boost, and the logit below which an integer exponent ends: what is
/// lost there is less than 2^-150 (2^-1076) in the result.
template <class T>
struct Scale {
  int boost;
  double inverse;

  HWY_INLINE explicit Scale(T total) {
    constexpr bool kIsF32 = sizeof(T) == 4;
    const double size = std::abs(static_cast<double>(total));
    if (size >= (kIsF32 ? 0x1p-40 : 0x1p-300)) {
      boost = kIsF32 ? 64 : 256;
      inverse = kIsF32 ? 0x1p-64 : 0x1p-256;
    } else if (size >= (kIsF32 ? 0x1p-80 : 0x1p-700)) {
      boost = 0;
      inverse = 1;
    } else {
      boost = kIsF32 ? -32 : -128;
      inverse = kIsF32 ? 0x1p32 : 0x1p128;
    }
  }
  HWY_INLINE T lowest() const {
    return -static_cast<T>((boost + (sizeof(T) == 4 ? 121 : 999)) * 0.693);
  }
};

template <class T>
HWY_INLINE int log_softmax_vjp(const softmark_args* args) {
  using C = ExpConstants<T>;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  for (std::size_t r = 0; r < args->rows; ++r) {
    const T* x = static_cast<const T*>(args->x) + r * args->x_stride;
    const T* g = static_cast<const T*>(args->g) + r * args->g_stride;
    T* y = static_cast<T*>(args->y) + r * args->y_stride;
    const T total = sum_of(d, g, args->cols);
    if (!(max_of(d, x, args->cols) <= 0) || !is_finite(total)) {
      scalar_row(x, g, y, args->cols, total);
      continue;
    }
    const Scale<T> scale(total);
    const T deepest = kAnyExponent ? C::kFar * -2 : scale.lowest();  // the former gives 0
    const auto shift = shift_for<T, false>(0, scale.boost, -deepest);
    const V factor = hn::Set(d, static_cast<T>(total * scale.inverse / kFactor<T>)),
            lowest = hn::Set(d, deepest);
    transform<4>(d, x, g, y, args->cols, [&]<std::size_t kN>(V(&v)[kN], const V(&w)[kN]) HWY_ATTR {
      V p[kN];
      for (std::size_t i = 0; i < kN; ++i) p[i] = v[i];
      scaled_exp(d, p, shift);
      for (std::size_t i = 0; i < kN; ++i) {
        if constexpr (!kAnyExponent) p[i] = hn::IfThenZeroElse(hn::Lt(v[i], lowest), p[i]);
        v[i] = hn::NegMulAdd(p[i], factor, w[i]);
      }
    });
  }
  return 0;
}

int log_softmax_vjp_f32(const softmark_args* args) { return log_softmax_vjp<float>(args); }
int log_softmax_vjp_f64(const softmark_args* args) { return log_softmax_vjp<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(log_softmax_vjp_f32);
HWY_EXPORT(log_softmax_vjp_f64);

}  // namespace simd

namespace {

int log_softmax_vjp_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(log_softmax_vjp_f32)(args);
}
int log_softmax_vjp_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(log_softmax_vjp_f64)(args);
}

constexpr auto kSummary = "g - exp(log p) sum g, the sum in f64 or compensated; Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, log_softmax_vjp,
                  {"simd", kSummary, SOFTMARK_LOG_SOFTMAX_VJP, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax_vjp_f32},
                  {"simd", kSummary, SOFTMARK_LOG_SOFTMAX_VJP, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, INFINITY, log_softmax_vjp_f64})

}  // namespace softmark
#endif  // HWY_ONCE
