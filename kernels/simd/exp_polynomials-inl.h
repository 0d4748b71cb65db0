// SPDX-License-Identifier: Apache-2.0
// The parts of scaled_exp (exp-inl.h) that differ between instruction sets: constants of the
// reduction, tables, polynomials, and how the exponent is added. All numbers: exp_coefficients.py.
#include <cstddef>
#include <cstdint>

#if defined(SOFTMARK_SIMD_EXP_POLYNOMIALS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_EXP_POLYNOMIALS_INL_H
#undef SOFTMARK_SIMD_EXP_POLYNOMIALS_INL_H
#else
#define SOFTMARK_SIMD_EXP_POLYNOMIALS_INL_H
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
  static constexpr float kRound = 0x1.8p+23f;      // adding it rounds to an integer
  static constexpr float kFar = 256;
  static constexpr int kBias = 127, kMantissaBits = 23;
  // For a shift by the true maximum, or by that of another row whose sum is in the range: the
  // lowest scaled term is 2^-121, and below the least sum times 2^-151.
  static constexpr float kDrop = 128, kWindow = 23;
  static constexpr int kBoost = 64;
  static constexpr float kLeastSum = 0x1p31f, kMostSum = 0x1p100f;
  // For a shift by a lower bound of the maximum: the sum is at least 2^31.
  static constexpr float kGuessDrop = 106, kGuessFar = 60;
  static constexpr int kGuessBoost = 32;
  // Where no term is raised: neither a result nor its product with the inverse's low part, 2^-24 /
  // S at most, is subnormal; logits up to 36 above the guess.
  static constexpr float kUnraisedDrop = 34, kUnraisedLeast = 0x1p-20f, kUnraisedMost = 0x1p84f;
};

template <>
struct ExpConstants<double> {
  static constexpr double kLog2e = 0x1.71547652b82fep+0;
  static constexpr double kRound = 0x1.8p+52;
  static constexpr double kFar = 2048;
  static constexpr int kBias = 1023, kMantissaBits = 52;
  static constexpr double kDrop = 870, kWindow = 110;
  static constexpr int kBoost = 256;
  static constexpr double kLeastSum = 0x1p96, kMostSum = 0x1p900;
  static constexpr double kGuessDrop = 760, kGuessFar = 400;
  static constexpr int kGuessBoost = 96;
  static constexpr double kUnraisedDrop = 300, kUnraisedLeast = 0x1p-340, kUnraisedMost = 0x1p500;
};

/// Entries of the table, as a power of two; 0: no table.
template <class T>
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
inline constexpr int kTableBits = 4;
#elif HWY_TARGET == HWY_AVX2
inline constexpr int kTableBits = sizeof(T) == 4 ? 3 : 0;
#else
inline constexpr int kTableBits = 0;
#endif

/// Adding it leaves n, in units of 1 / entries, in the low bits.
template <class T>
inline constexpr T kMagic = ExpConstants<T>::kRound / (1 << kTableBits<T>);

// ln2 in two parts. n times the high part is exact: by its trailing zeros, or, where that matters,
// inside a fused multiply-add, whose result x - n ln2High is exact.
template <class T>
inline constexpr T kLn2High = sizeof(T) == 4 ? static_cast<T>(0x1.62e8p-1)  // 14 bits, |n| < 2^10
                                             : static_cast<T>(0x1.62e42fefa4p-1);  // 40, 2^13
template <class T>
inline constexpr T kLn2Low = sizeof(T) == 4 ? static_cast<T>(-0x1.e8082ep-16)
                                            : static_cast<T>(-0x1.8432a1b0e2634p-43);

/// A, which the table's entries are multiplied by.
template <class T>
inline constexpr double kFactor = kTableBits<T> == 0   ? 1
                                  : kTableBits<T> == 3 ? 0x1.16747cp+0
                                  : sizeof(T) == 4     ? 0x1.067aa2p+0
                                                       : 0x1.054571267819p+0;

HWY_ALIGN inline constexpr float kTable8[8] = {0x1.16747cp+0f, 0x1.2fa848p+0f, 0x1.4b2404p+0f,
                                               0x1.691c8ap+0f, 0x1.89cb7cp+0f, 0x1.ad6fb4p+0f,
                                               0x1.d44dbcp+0f, 0x1.feb052p+0f};
HWY_ALIGN inline constexpr float kTable16[16] = {
    0x1.067aa2p+0f, 0x1.121998p+0f, 0x1.1e3c44p+0f, 0x1.2ae87cp+0f, 0x1.382456p+0f, 0x1.45f62ep+0f,
    0x1.5464a8p+0f, 0x1.6376b4p+0f, 0x1.733390p+0f, 0x1.83a2cap+0f, 0x1.94cc4ap+0f, 0x1.a6b84ep+0f,
    0x1.b96f74p+0f, 0x1.ccfab8p+0f, 0x1.e16380p+0f, 0x1.f6b39ap+0f};
HWY_ALIGN inline constexpr double kTable16Wide[16] = {
    0x1.0545712678190p+0, 0x1.10d6b6a7e91dcp+0, 0x1.1ceb177969b60p+0, 0x1.2988619486bf6p+0,
    0x1.36b4a4bcf8867p+0, 0x1.4476356a4d6a1p+0, 0x1.52d3afd297f21p+0, 0x1.61d3fb179686ep+0,
    0x1.717e4c97db884p+0, 0x1.81da2b658dceap+0, 0x1.92ef73e46bb2ep+0, 0x1.a4c65b90cd95fp+0,
    0x1.b76774f178958p+0, 0x1.cadbb3b626ad3p+0, 0x1.df2c7104beff6p+0, 0x1.f4636ff74f716p+0};

// scale_of: the factor of the polynomial that the low bits of the quotient select.
// add_exponent: what is left to multiply by after the polynomial.
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86

/// The table in registers, times a power of two.
template <class D>
struct Table {
  using T = hn::TFromD<D>;
  using V = hn::Vec<D>;
  V low, high;

  HWY_INLINE Table(D d, T factor) {
    if constexpr (sizeof(T) == 4) {
      low = high = hn::Mul(hn::Load(d, kTable16), hn::Set(d, factor));
    } else {
      low = hn::Mul(hn::Load(d, kTable16Wide), hn::Set(d, factor));
      high = hn::Mul(hn::Load(d, kTable16Wide + 8), hn::Set(d, factor));
    }
  }
  /// By the low four bits of the quotient.
  HWY_INLINE V at(V quotient) const {
    if constexpr (sizeof(T) == 4)
      return V{_mm512_permutexvar_ps(_mm512_castps_si512(quotient.raw), low.raw)};
    else
      return V{_mm512_permutex2var_pd(low.raw, _mm512_castpd_si512(quotient.raw), high.raw)};
  }
};

template <class D, class V>
HWY_INLINE V scale_of(D d, V quotient) {
  return Table<D>(d, 1).at(quotient);
}
/// v times 2^exponent, whose fraction is dropped (rounded down).
template <class V>
HWY_INLINE V times_power(V v, V exponent) {
  if constexpr (sizeof(hn::TFromV<V>) == 4)
    return V{_mm512_scalef_ps(v.raw, exponent.raw)};
  else
    return V{_mm512_scalef_pd(v.raw, exponent.raw)};
}
/// min(least, v) where kept; the second operand where either is NaN.
template <class M, class V>
HWY_INLINE V min_where(M kept, V least, V v) {
  if constexpr (sizeof(hn::TFromV<V>) == 4)
    return V{_mm512_mask_min_ps(least.raw, kept.raw, least.raw, v.raw)};
  else
    return V{_mm512_mask_min_pd(least.raw, kept.raw, least.raw, v.raw)};
}
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V add_exponent(D d, V v, V quotient) {
  return times_power(v, hn::Sub(quotient, hn::Set(d, kMagic<T>)));
}

#else

template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V scale_of(D d, V quotient) {
  using C = ExpConstants<T>;
  const hn::RebindToUnsigned<D> bits;
  // The biased exponent, in front of the index: adding it is exact.
  const auto exponent =
      hn::ShiftLeft<C::kMantissaBits - kTableBits<T>>(hn::BitCast(bits, quotient));
#if HWY_TARGET == HWY_AVX2
  if constexpr (sizeof(T) == 4) {
    const auto entries = hn::Load(d, kTable8);
    // An entry's fraction, less the index, which the exponent has behind it.
    HWY_ALIGN static constexpr std::uint32_t kIndex[8] = {0x3f800000, 0x3f900000, 0x3fa00000,
                                                          0x3fb00000, 0x3fc00000, 0x3fd00000,
                                                          0x3fe00000, 0x3ff00000};
    const auto fractions = hn::Sub(hn::BitCast(bits, entries), hn::Load(bits, kIndex));
    const hn::RebindToUnsigned<D> u;
    const auto entry = hn::Vec<decltype(u)>{_mm256_permutevar8x32_epi32(
        fractions.raw, hn::BitCast(bits, quotient).raw)};  // by the low three bits
    return hn::BitCast(d, hn::Add(entry, exponent));
  }
#endif
  // For a NaN the scale is meaningless, but the product is NaN.
  return hn::BitCast(d, exponent);
}
template <class D, class V>
HWY_INLINE V add_exponent(D, V v, V) {
  return v;
}

#endif

/// out = scale exp(r), stage by stage; |r| <= ln2 / 2 / entries.
template <std::size_t kN, class D, class V, class T = hn::TFromD<D>>
requires(sizeof(T) == 4) HWY_INLINE
    void exp_polynomial(D d, const V (&r)[kN], const V (&scale)[kN], V (&out)[kN]) {
  const V one = hn::Set(d, 1.0f);
  if constexpr (kTableBits < T >> 0) {
    const V c2 = hn::Set(d, kTableBits<T> == 4 ? 0x1.00021ep-1f : 0x1.000874p-1f),
            c3 = hn::Set(d, kTableBits<T> == 4 ? 0x1.55559ap-3f : 0x1.555656p-3f);
    for (std::size_t i = 0; i < kN; ++i) out[i] = hn::MulAdd(r[i], c3, c2);
    for (std::size_t i = 0; i < kN; ++i) out[i] = hn::MulAdd(out[i], r[i], one);
    for (std::size_t i = 0; i < kN; ++i)
      out[i] = hn::MulAdd(out[i], hn::Mul(r[i], scale[i]), scale[i]);
  } else {
    for (std::size_t i = 0; i < kN; ++i) {
      V p = hn::Set(d, 0x1.6ac704p-10f);
      p = hn::MulAdd(p, r[i], hn::Set(d, 0x1.123ddep-7f));
      p = hn::MulAdd(p, r[i], hn::Set(d, 0x1.555858p-5f));
      p = hn::MulAdd(p, r[i], hn::Set(d, 0x1.55548cp-3f));
      p = hn::MulAdd(p, r[i], hn::Set(d, 0x1.fffffcp-2f));
      p = hn::MulAdd(p, r[i], one);
      out[i] = hn::Mul(hn::MulAdd(p, r[i], one), scale[i]);
    }
  }
}

template <std::size_t kN, class D, class V, class T = hn::TFromD<D>>
requires(sizeof(T) == 8) HWY_INLINE
    void exp_polynomial(D d, const V (&r)[kN], const V (&scale)[kN], V (&out)[kN]) {
  const V one = hn::Set(d, 1.0);
  const auto step = [&](T coefficient) HWY_ATTR {
    for (std::size_t i = 0; i < kN; ++i) out[i] = hn::MulAdd(out[i], r[i], hn::Set(d, coefficient));
  };
  if constexpr (kTableBits < T >> 0) {
    for (std::size_t i = 0; i < kN; ++i) out[i] = hn::Set(d, 0x1.6c14ba0043efep-10);
    step(0x1.11123ad5a3504p-7);
    step(0x1.555555590b00ap-5);
    step(0x1.555555548f559p-3);
    step(0x1.fffffffffffb8p-2);
    step(1.0);
    for (std::size_t i = 0; i < kN; ++i)
      out[i] = hn::MulAdd(out[i], hn::Mul(r[i], scale[i]), scale[i]);
  } else {
    for (std::size_t i = 0; i < kN; ++i) out[i] = hn::Set(d, 0x1.aebcf0f05cd72p-26);
    step(0x1.28b25ea4c9126p-22);
    step(0x1.71de25a562883p-19);
    step(0x1.a0199312fe070p-16);
    step(0x1.a01a01b78c225p-13);
    step(0x1.6c16c187a8d3ap-10);
    step(0x1.1111111108e5cp-7);
    step(0x1.555555554f206p-5);
    step(0x1.555555555557fp-3);
    step(0x1.000000000000fp-1);
    step(1.0);
    for (std::size_t i = 0; i < kN; ++i) out[i] = hn::Mul(hn::MulAdd(out[i], r[i], one), scale[i]);
  }
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
