// SPDX-License-Identifier: Apache-2.0
// exp for a whole row, once per instruction set: scaled_exp(x) = 2^(boost - K) exp(x - c), where K
// and c depend on the row.
//
// The shift by the maximum is done on the integer exponent: x = n ln2 + r is reduced without a
// subtraction, and the result is scaled by 2^(n - K), K = rint(max log2 e). Scaling by a power of
// two is exact, which avoids the rounding of x - max, up to 64 ulps of an f32 result. Beyond |max|
// > far (2^8 in f32, 2^11 in f64) the reduction would run out of bits, but there x - max is exact
// for every element that matters: those within 104 (745) of the maximum share a binary grid with it
// that is fine enough to hold the difference in 24 (53) bits. So c = max there, and 0 elsewhere.
//
// The boost lifts every scaled term that matters into the normal range; only the last
// multiplication by 1 / sum may round into the subnormals. Logits below max - drop are raised to
// it: their results round to +0 in the end, and -inf becomes an ordinary number on the way.
//
// Error of scaled_exp, in units of 2^-p (p = 24, 53): polynomial 0.06 (0.11), its last step 1, the
// rounding of r 0.25, the rest below 0.1; simd_test measures it. Coefficients: exp_coefficients.py.
#include <cstddef>
#include <cstdint>

#if defined(SOFTMARK_SIMD_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_MATH_INL_H
#undef SOFTMARK_SIMD_MATH_INL_H
#else
#define SOFTMARK_SIMD_MATH_INL_H
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float kLog2e = 0x1.715476p+0f;  // 1.442695
  // 0.69317627: 14 bits, so that n times it is exact for |n| < 2^10
  static constexpr float kLn2High = 0x1.62e8p-1f;
  static constexpr float kLn2Low = -0x1.e8082ep-16f;  // -2.9088971e-05
  // Adding it leaves the rounded integer in the low bits.
  static constexpr float kMagic = 0x1.8p+23f;
  static constexpr float kFar = 256, kDrop = 128, kWindow = 23;
  static constexpr double kLeastSum = 0x1p+31;  // 2^(boost - 33); 33 ln2 < kWindow
  static constexpr int kBias = 127, kMantissaBits = 23, kBoost = 64;
};

template <>
struct ExpConstants<double> {
  static constexpr double kLog2e = 0x1.71547652b82fep+0;
  // 40 bits: n times it is exact for |n| < 2^13
  static constexpr double kLn2High = 0x1.62e42fefa4p-1;
  static constexpr double kLn2Low = -0x1.8432a1b0e2634p-43;
  static constexpr double kMagic = 0x1.8p+52;
  static constexpr double kFar = 2048, kDrop = 870, kWindow = 111;
  static constexpr double kLeastSum = 0x1p+96;  // 2^(boost - 160); 160 ln2 < kWindow
  static constexpr int kBias = 1023, kMantissaBits = 52, kBoost = 256;
};

/// The parameters of scaled_exp that depend on the row.
template <class T>
struct Shift {
  T subtract;  // c
  T lowest;    // of x - c
  T magic;     // kMagic + boost - K + exponent bias, an integer
};

/// For a finite maximum. With `on_integer_exponent` false c = max always, and scaled_exp(max) =
/// 2^boost exactly.
template <class T>
HWY_INLINE Shift<T> shift_for(T max, bool on_integer_exponent = true) {
  using C = ExpConstants<T>;
  const T subtract = on_integer_exponent && max <= C::kFar && max >= -C::kFar ? T(0) : max;
  const T top = max - subtract;
  const T k = (top * C::kLog2e + C::kMagic) - C::kMagic;
  return {subtract, top - C::kDrop, C::kMagic + (T(C::kBoost + C::kBias) - k)};
}

/// max(lowest, v) that propagates NaN.
template <class D, class V>
HWY_INLINE V raise_to(D, V lowest, V v) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Max(lowest, v);  // x86 gives the second operand where either is NaN
#else
  return hn::IfThenElse(hn::Lt(v, lowest), lowest, v);
#endif
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_polynomial(D d, V r, float) {
  V p = hn::Set(d, 0x1.6ac704p-10f);
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.123ddep-7f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.555858p-5f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.55548cp-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.fffffcp-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  return hn::MulAdd(p, r, hn::Set(d, 1.0f));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_polynomial(D d, V r, double) {
  V p = hn::Set(d, 0x1.aacbcb10ee61ep-26);
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.28b161a6f09a4p-22));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.71e0cdc406581p-19));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.a0199630d367ap-16));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.a01a00748bc23p-13));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.6c16c1856b74ap-10));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.111111114765fp-7));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.55555555503ecp-5));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.5555555555485p-3));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.000000000000ap-1));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0));
  return hn::MulAdd(p, r, hn::Set(d, 1.0));
}

template <class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE V scaled_exp(D d, V x, const Shift<T>& shift) {
  using C = ExpConstants<T>;
  const hn::RebindToUnsigned<D> bits;
  const V t = raise_to(d, hn::Set(d, shift.lowest), hn::Sub(x, hn::Set(d, shift.subtract)));
  const V magic = hn::Set(d, shift.magic);
  const V quotient = hn::MulAdd(t, hn::Set(d, C::kLog2e), magic);
  // The low bits of `quotient` are the biased exponent of the scale; for a NaN the scale is
  // meaningless but the product is NaN.
  const V scale = hn::BitCast(d, hn::ShiftLeft<C::kMantissaBits>(hn::BitCast(bits, quotient)));
  const V n = hn::Sub(quotient, magic);
  V r = hn::NegMulAdd(n, hn::Set(d, C::kLn2High), t);
  r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), r);
  return hn::Mul(exp_polynomial(d, r, T()), scale);
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
