// SPDX-License-Identifier: Apache-2.0
// exp for a whole row, once per instruction set: scaled_exp(x) = A 2^(boost - K) exp(x - c), where
// K and c depend on the row and A on the instruction set.
//
// The shift by the maximum is done on the integer exponent: x = n ln2 + r is reduced without a
// subtraction, and the result is scaled by 2^(n - K), K = rint(max log2 e). Scaling by a power of
// two is exact, which avoids the rounding of x - max, up to 64 ulps of an f32 result. Beyond |max|
// > far (2^8 in f32, 2^11 in f64) the reduction would run out of bits, but there x - max is exact
// for every element that matters: those within 104 (745) of the maximum share a binary grid with it
// that is fine enough to hold the difference in 24 (53) bits. So c = max there, and 0 elsewhere.
//
// K may also belong to a guess of the maximum, in [max - window, max]: the power of two cancels in
// the quotient, so that no bit of a result depends on it, as long as nothing overflows.
//
// With a table in a register, n is a multiple of 1/16 (AVX-512) or 1/8 (AVX2), r is that much
// smaller, and exp(r) 2^(j/16) = T + T r (1 + r (c2 + r c3)) takes 7 multiplications and
// fused additions an element in f32, reduction included; without one (degree 6) it takes 10. The
// table holds A 2^(j/16) with an A for which all entries happen to be nearly exact; A cancels, too.
//
// The boost lifts every scaled term that matters into the normal range; only the last
// multiplication by 1 / sum may round into the subnormals. Logits below max - drop are raised to
// it: their results round to +0 in the end, and -inf becomes an ordinary number on the way.
//
// Error of scaled_exp, in units of 2^-p (p = 24, 53), eta below: the last step 1, the entry 0.29
// (0.08 on AVX2), the polynomial 0.03 (0.43 on AVX2; f64 0.11), the rounding of r and of T r 0.06:
// 1.4, on AVX2 1.6. Without a table: polynomial 0.06 (f64 0.04), last step 1, the rounding of r
// 0.25: 1.3, and 1.8 without fused multiply-add. exp_coefficients.py computes the constants,
// simd_test measures the results.
#include <cstddef>
#include <cstdint>

#if defined(SOFTMARK_SIMD_EXP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_EXP_INL_H
#undef SOFTMARK_SIMD_EXP_INL_H
#else
#define SOFTMARK_SIMD_EXP_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/exp_polynomials-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Whether the exponent is added by an instruction that takes any number (AVX-512's scalef), so
/// that overflow gives infinity, or by integer arithmetic, which needs |n - K| to be small.
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
inline constexpr bool kAnyExponent = true;
#else
inline constexpr bool kAnyExponent = false;
#endif

/// The parameters of scaled_exp that depend on the row. kFar: c may differ from 0.
template <class T, bool kFar = false>
struct Shift {
  T subtract;  // c
  T lowest;    // of x - c
  T magic;     // Exp::kMagic + boost - K, plus the exponent's bias where it is added as an integer
};

/// Whether c = max.
template <class T>
HWY_INLINE bool is_far(T max) {
  return !(max <= ExpConstants<T>::kFar && max >= -ExpConstants<T>::kFar);
}

/// For a finite maximum; if kFar, c = max, else |max| must be at most far and c = 0.
template <class T, bool kFar>
HWY_INLINE Shift<T, kFar> shift_for(T max, int boost = ExpConstants<T>::kBoost,
                                    T drop = ExpConstants<T>::kDrop) {
  using C = ExpConstants<T>;
  const T top = kFar ? T(0) : max;
  const T k = (top * C::kLog2e + C::kRound) - C::kRound;
  const int bias = kAnyExponent ? 0 : C::kBias;
  return {max, top - drop, kMagic<T> + (static_cast<T>(boost + bias) - k)};
}

/// What becomes of logits far below: they are raised to the lowest one; there are none, or they are
/// found afterwards; those below `masked` have terms of 0, and others are found afterwards.
enum class Low { kRaised, kNone, kMasked };

/// The same for |max| or a guess of it up to kGuessFar, where scalef adds the exponent: c = 0, and
/// 2^(boost - K) is in the table, which saves a subtraction an element.
template <class T, Low kLow = Low::kRaised>
struct NearShift {
  T lowest, factor, masked;
};

/// Whether a shift is right only if no element, but for masked ones, is below its `lowest`.
template <class S>
inline constexpr bool kIsUnraised = false;
template <class T, Low kLow>
inline constexpr bool kIsUnraised<NearShift<T, kLow>> = kLow != Low::kRaised;

template <class T, Low kLow = Low::kRaised>
HWY_INLINE NearShift<T, kLow> near_shift_for(T max) {
  using C = ExpConstants<T>;
  using Bits = hwy::MakeUnsigned<T>;
  const T k = (max * C::kLog2e + C::kRound) - C::kRound;
  const int exponent = C::kGuessBoost - static_cast<int>(k) + C::kBias;
  const Bits bits = static_cast<Bits>(exponent) << C::kMantissaBits;
  T factor;
  hwy::CopySameSize(&bits, &factor);
  if (kLow == Low::kRaised) return {max - C::kGuessDrop, factor, T(0)};
  // What is masked has results of 0 even in rows whose own maximum is the lowest logit.
  return {max - C::kUnraisedDrop, factor, max - C::kUnraisedDrop - C::kGuessDrop};
}

/// A near shift by a guess of the maximum, and whether the guess allows one.
template <class T, Low kLow>
struct Guess {
  NearShift<T, kLow> shift;
  bool suits = false;

  HWY_INLINE Guess() {}
  HWY_INLINE explicit Guess(T max) {
    using C = ExpConstants<T>;
    suits = max <= C::kGuessFar && max >= -C::kGuessFar;
    shift = near_shift_for<T, kLow>(suits ? max : T(0));
  }
};

/// max(lowest, v) that propagates NaN.
template <class D, class V>
HWY_INLINE V raise_to(D, V lowest, V v) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Max(lowest, v);  // x86 gives the second operand where either is NaN
#else
  return hn::IfThenElse(hn::Lt(v, lowest), lowest, v);
#endif
}

/// The parameters of kN vectors, with c = 0.
template <class V, std::size_t kN>
struct LaneShifts {
  HWY_INLINE LaneShifts() {}  // an implicit one lacks the target's instructions, says GCC for NEON
  V lowest[kN], magic[kN];
};

/// kN vectors at a time, stage by stage: one chain of dependent operations is longer than what a
/// processor looks ahead.
template <std::size_t kN, class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE void scaled_exp(D d, V (&v)[kN], const LaneShifts<V, kN>& shift) {
  using C = ExpConstants<T>;
  V quotient[kN], scale[kN], r[kN];
  for (std::size_t i = 0; i < kN; ++i) v[i] = raise_to(d, shift.lowest[i], v[i]);
  for (std::size_t i = 0; i < kN; ++i)
    quotient[i] = hn::MulAdd(v[i], hn::Set(d, C::kLog2e), shift.magic[i]);
  for (std::size_t i = 0; i < kN; ++i) scale[i] = scale_of(d, quotient[i]);
  for (std::size_t i = 0; i < kN; ++i) {
    const V n = hn::Sub(quotient[i], shift.magic[i]);
    r[i] = hn::NegMulAdd(n, hn::Set(d, kLn2High<T>), v[i]);
    r[i] = hn::NegMulAdd(n, hn::Set(d, kLn2Low<T>), r[i]);
  }
  exp_polynomial(d, r, scale, v);
  for (std::size_t i = 0; i < kN; ++i) v[i] = add_exponent(d, v[i], quotient[i]);
}

/// Lane by lane.
template <class V>
struct LaneShift {
  V lowest, magic;
};
template <std::size_t kN, class D, class V = hn::Vec<D>>
HWY_INLINE void scaled_exp(D d, V (&v)[kN], const LaneShift<V>& shift) {
  LaneShifts<V, kN> all;
  for (std::size_t i = 0; i < kN; ++i) all.lowest[i] = shift.lowest;
  for (std::size_t i = 0; i < kN; ++i) all.magic[i] = shift.magic;
  scaled_exp(d, v, all);
}

template <std::size_t kN, class D, class V = hn::Vec<D>, class T = hn::TFromD<D>, bool kFar>
HWY_INLINE void scaled_exp(D d, V (&v)[kN], const Shift<T, kFar>& shift) {
  if constexpr (kFar)
    for (std::size_t i = 0; i < kN; ++i) v[i] = hn::Sub(v[i], hn::Set(d, shift.subtract));
  scaled_exp(d, v, LaneShift<V>{hn::Set(d, shift.lowest), hn::Set(d, shift.magic)});
}

/// Keeps the smallest term beside, lane by lane.
template <std::size_t kN, class D, class V = hn::Vec<D>, class S>
HWY_INLINE void scaled_exp(D d, V (&v)[kN], const S& shift, V& least) {
  scaled_exp(d, v, shift);
  for (std::size_t i = 0; i < kN; ++i) least = hn::Min(least, v[i]);
}

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
/// Keeps the smallest logit beside, lane by lane, if the shift raises none, or else the smallest
/// term.
template <std::size_t kN, class D, class V = hn::Vec<D>, class T = hn::TFromD<D>, Low kLow>
HWY_INLINE void scaled_exp(D d, V (&v)[kN], const NearShift<T, kLow>& shift, V& least) {
  using C = ExpConstants<T>;
  const V magic = hn::Set(d, kMagic<T>);
  const Table<D> table(d, shift.factor);
  V n[kN], scale[kN], r[kN];
  hn::Mask<D> kept[kN];
  for (std::size_t i = 0; i < kN; ++i) {
    if constexpr (kLow == Low::kRaised) v[i] = raise_to(d, hn::Set(d, shift.lowest), v[i]);
    if constexpr (kLow == Low::kNone) least = hn::Min(least, v[i]);
    if constexpr (kLow == Low::kMasked) {  // a NaN is kept
      kept[i] = hn::Not(hn::Lt(v[i], hn::Set(d, shift.masked)));
      least = min_where(kept[i], least, v[i]);
    }
  }
  for (std::size_t i = 0; i < kN; ++i) n[i] = hn::MulAdd(v[i], hn::Set(d, C::kLog2e), magic);
  for (std::size_t i = 0; i < kN; ++i) scale[i] = table.at(n[i]);
  for (std::size_t i = 0; i < kN; ++i) {
    n[i] = hn::Sub(n[i], magic);
    r[i] = hn::NegMulAdd(n[i], hn::Set(d, kLn2High<T>), v[i]);
    r[i] = hn::NegMulAdd(n[i], hn::Set(d, kLn2Low<T>), r[i]);
  }
  exp_polynomial(d, r, scale, v);
  for (std::size_t i = 0; i < kN; ++i) {
    v[i] = times_power(v[i], n[i]);
    if constexpr (kLow == Low::kMasked) v[i] = hn::IfThenElseZero(kept[i], v[i]);
    if constexpr (kLow == Low::kRaised) least = hn::Min(least, v[i]);
  }
}
template <std::size_t kN, class D, class V = hn::Vec<D>, class T = hn::TFromD<D>, Low kLow>
HWY_INLINE void scaled_exp(D d, V (&v)[kN], const NearShift<T, kLow>& shift) {
  V unused = hn::Zero(d);
  scaled_exp(d, v, shift, unused);
}
#endif

template <class D, class V = hn::Vec<D>, class S>
HWY_INLINE V scaled_exp(D d, V x, const S& shift) {
  V v[1] = {x};
  scaled_exp(d, v, shift);
  return v[0];
}
template <class D, class V = hn::Vec<D>, class S>
HWY_INLINE V scaled_exp(D d, V x, const S& shift, V& least) {
  V v[1] = {x};
  scaled_exp(d, v, shift, least);
  return v[0];
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
