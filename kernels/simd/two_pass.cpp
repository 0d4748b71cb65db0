// SPDX-License-Identifier: Apache-2.0
// Softmax with extended exponents, for every instruction set that Highway compiles: exp(x) =
// 2^n exp(r), x = n ln2 + r, and n is kept apart, so that no maximum is subtracted and none is
// needed beforehand. One pass sums, a second computes exp(x) / S: 12 bytes an element in f32, exp
// twice. Source: Dukhan, Ablavatski: Two-pass softmax algorithm, 2020, algorithm 3.
//
// The paper has an exponent beside each partial sum and aligns the two at every addition. Here a
// lane's exponent changes once for eight vectors at most, to that of its largest logit so far, and
// its sum is scaled by a power of two, which is exact.
//
// Promise, in units of 2^-p: as `simd` (softmax.cpp), 7.8 in f32 and 9.6 in f64 at most, as x - max
// is never rounded. Found by guided search (AVX3): 5.11 ulp in f32, in a row of 130, got
// 0x1.f1b774p-50, want 0x1.f1b77ep-50; 3.57 in f64 by `verify`.
//
// Rows whose maximum lies beyond 256 (2048 in f64), where n has too many bits for the reduction,
// are read four times, with max subtracted, which is exact there (exp-inl.h). Special values as in
// softmax.cpp.
#include "kernels/builtins.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/two_pass.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/exp_pass-inl.h"
#include "kernels/simd/running-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

/// exp(x) with an exponent of each lane taken off, for maxima up to kFar.
template <class T>
struct OwnExponent {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using C = ExpConstants<T>;
  V exponent;
  LaneShift<V> shift;

  HWY_INLINE OwnExponent()
      : exponent(hn::Set(D(), -2 * C::kFar)), shift{hn::Zero(D()), hn::Zero(D())} {}

  template <std::size_t kN>
  HWY_INLINE void exp(V (&v)[kN]) const {
    scaled_exp(D(), v, shift);
  }

  /// As shift_for, lane by lane. Returns 2^(old - new), at least 2^-100: sums of 2^100 then no
  /// longer matter.
  HWY_INLINE V rise_to(V larger) {
    const D d;
    const V round = hn::Set(d, C::kRound), far = hn::Set(d, C::kFar);
    const V top = hn::Max(hn::Neg(far), hn::Min(far, larger)), old = exponent;
    exponent = hn::Sub(hn::MulAdd(top, hn::Set(d, C::kLog2e), round), round);
    const int bias = kAnyExponent ? 0 : C::kBias;
    shift.lowest = hn::Sub(top, hn::Set(d, C::kDrop));
    shift.magic = hn::Add(hn::Set(d, kMagic<T>),
                          hn::Sub(hn::Set(d, static_cast<T>(C::kBoost + bias)), exponent));
    const V fall = hn::Max(hn::Set(d, T(-100)), hn::Sub(old, exponent));
    const hn::RebindToUnsigned<D> bits;
    const auto biased = hn::Add(fall, hn::Set(d, C::kRound + static_cast<T>(C::kBias)));
    return hn::BitCast(d, hn::ShiftLeft<C::kMantissaBits>(hn::BitCast(bits, biased)));
  }
};

template <class T>
HWY_INLINE void two_pass_row(const T* x, std::size_t cols, T* y) {
  const RunningTotal<T> total = running_total<OwnExponent<T>>(x, cols);
  if (HWY_LIKELY(!is_far(total.max)))
    return recompute<false>(x, cols, shift_for<T, false>(total.max), y,
                            Quotient<T, false>(total.sum));
  const RowTerms<T> terms = terms_of_any_row<false, Terms::kSummed>(x, cols, y);
  recompute<false>(x, cols, shift_for<T, true>(total.max), y, Quotient<T, false>(terms.total));
}

template <class T>
HWY_INLINE int two_pass(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows && args->cols > 0; ++r)
    two_pass_row(static_cast<const T*>(args->x) + r * args->x_stride, args->cols,
                 static_cast<T*>(args->y) + r * args->y_stride);
  return 0;
}

int two_pass_f32(const softmark_args* args) { return two_pass<float>(args); }
int two_pass_f64(const softmark_args* args) { return two_pass<double>(args); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(two_pass_f32);
HWY_EXPORT(two_pass_f64);

}  // namespace simd

namespace {

int two_pass_f32(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(two_pass_f32)(args);
}
int two_pass_f64(const softmark_args* args) {
  using namespace simd;
  return HWY_DYNAMIC_DISPATCH(two_pass_f64)(args);
}

constexpr auto kSummary =
    "no max: sums with exponents of their own, exp twice (Dukhan, Ablavatski 2020); Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, two_pass,
                  {"two_pass", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims,
                   SOFTMARK_MASKED_NAN, 8, two_pass_f32},
                  {"two_pass", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims,
                   SOFTMARK_MASKED_NAN, 10, two_pass_f64})

}  // namespace softmark
#endif  // HWY_ONCE
