// SPDX-License-Identifier: Apache-2.0
// Defects of exp and of the final scaling: truncated ranges, lost bits, errors in single intervals.
#include <bit>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

// exp(t) as 2^k 2^(j/64) e^r by a table of 64 entries, in double: correct to float32's last bit.
template <class Lookup>
float by_table(float t, Lookup lookup) {
  if (!(t > -104)) return std::exp(t);
  const double steps = std::nearbyint(static_cast<double>(t) * (64 / 0.69314718055994530942));
  const double r = static_cast<double>(t) - steps * (0.69314718055994530942 / 64);
  const auto n = static_cast<int>(steps);
  return static_cast<float>(std::ldexp(lookup(n & 63) * std::exp(r), n >> 6));
}
double entry(int j) { return std::exp2(j / 64.0); }

struct OneBadEntry : Sound<> {
  static float exp(float t) {
    return by_table(t, [](int j) { return entry(j) * (j == 37 ? 1 + 0x1p-12 : 1); });
  }
};
struct SwappedEntries : Sound<> {
  static float exp(float t) {
    return by_table(t, [](int j) { return entry(j == 11 ? 12 : j == 12 ? 11 : j); });
  }
};
struct FlushesBelowNormal : Sound<> {
  static float exp(float t) { return t < -87.33f ? 0.0f : std::exp(t); }
};
struct CutsAt100 : Sound<> {
  static float exp(float t) { return t < -100 ? 0.0f : std::exp(t); }
};
struct CutsAt20 : Sound<> {  // "e^-20 is negligible beside 1"
  static float exp(float t) { return t < -20 ? 0.0f : std::exp(t); }
};
struct ExponentWraps : Sound<> {  // an exponent of eight bits
  static float exp(float t) {
    if (!std::isfinite(t)) return std::exp(t);
    const float n = std::nearbyint(t * 1.44269504f);
    return std::ldexp(
        static_cast<float>(std::exp(static_cast<double>(t) - n * 0.69314718055994530942)),
        static_cast<std::int8_t>(static_cast<std::int64_t>(n)));
  }
};
struct PoorPolynomial : Sound<> {  // degree 3 where 6 is needed: relative error 1e-4
  static float exp(float t) {
    if (!(t > -87)) return std::exp(t);
    const float n = std::nearbyint(t * 1.44269504f), r = t - n * 0.693147181f;
    return std::ldexp(1 + r * (1 + r * (0.5f + r / 6)), static_cast<int>(n));
  }
};
struct OneLn2Constant : Sound<> {  // r = t - n ln 2 with a single constant of 11 bits for ln 2
  static float exp(float t) {
    if (!(t > -87)) return std::exp(t);
    const float n = std::nearbyint(t * 1.44269504f), r = t - n * 0.693359375f;
    return std::ldexp(std::exp(r), static_cast<int>(n));
  }
};
struct WrongReduction : Sound<> {  // off by 2^-12, only next to half-integer multiples of ln 2
  static float exp(float t) {
    if (!(t > -87)) return std::exp(t);
    const double q = static_cast<double>(t) * 1.4426950408889634, n = std::floor(q + 0.5);
    const bool at_switch = q - std::floor(q) > 0.49999 && q - std::floor(q) < 0.50001;
    return static_cast<float>(
        std::exp(static_cast<double>(t) + (at_switch ? 0x1p-12 : 0) - n * 0.69314718055994530942) *
        std::exp2(n));
  }
};
struct Schraudolph : Sound<> {  // below -80 the bits of 2^23 (t log2 e + 127): negative below -88
  static float exp(float t) {
    if (std::isnan(t) || t == -kInf<float>) return std::exp(t);
    if (t > -80) return std::exp(t);
    return std::bit_cast<float>(
        static_cast<std::int32_t>(std::max(-2e9f, 12102203.0f * t + 1064866805.0f)));
  }
};
struct FlushedQuotient : Sound<> {
  static float scale(float e, float s) {
    const float y = e / s;
    return y < std::numeric_limits<float>::min() ? 0.0f : y;
  }
};
struct RoughReciprocal : Sound<> {  // rcpps without its Newton step: 12 bits
  static float scale(float e, float s) {
    return e * std::bit_cast<float>(std::bit_cast<std::uint32_t>(1 / s) & 0xfffff800u);
  }
};
struct HalfIntermediate : Sound<> {  // the difference is rounded to 11 bits
  static float exp(float t) {
    if (!std::isfinite(t) || t == 0) return std::exp(t);
    int e;
    const float f = std::frexp(t, &e);
    return std::exp(std::ldexp(std::nearbyint(f * 2048) / 2048, e));
  }
};
struct NeverAboveOne : Sound<> {  // adds an epsilon to avoid division by zero
  static float scale(float e, float s) { return e / (s + 1e-6f); }
};
struct BelowZero : Sound<> {  // subtracts the smallest subnormal from each result
  static float scale(float e, float s) { return e / s - 0x1p-149f; }
};

}  // namespace

Table exp_mutants() {
  return {
      SOFTMARK_MUTANT("exp_table_typo", "order", "one of 64 table entries is off by 2^-12", SOFTMAX,
                      F32, 0, softmax<OneBadEntry>),
      SOFTMARK_MUTANT("exp_table_swapped", "order", "two neighbouring table entries are swapped",
                      SOFTMAX, F32, 0, softmax<SwappedEntries>),
      SOFTMARK_MUTANT("exp_flushes", "error_bound",
                      "exp is 0 below -87.33, so that subnormal results are lost", SOFTMAX, F32, 0,
                      softmax<FlushesBelowNormal>),
      SOFTMARK_MUTANT("exp_cuts_100", "two_column", "exp is 0 below -100", SOFTMAX, F32, 0,
                      softmax<CutsAt100>),
      SOFTMARK_MUTANT("exp_cuts_20", "order", "exp is 0 below -20", SOFTMAX, F32, 0,
                      softmax<CutsAt20>),
      SOFTMARK_MUTANT("exp_exponent_wraps", "two_column", "the exponent is kept in eight bits",
                      SOFTMAX, F32, 0, softmax<ExponentWraps>),
      SOFTMARK_MUTANT("exp_short_polynomial", "error_bound", "a polynomial of degree 3", SOFTMAX,
                      F32, 0, softmax<PoorPolynomial>),
      SOFTMARK_MUTANT("exp_one_ln2", "error_bound", "argument reduction by a ln 2 of 11 bits",
                      SOFTMAX, F32, 0, softmax<OneLn2Constant>),
      SOFTMARK_MUTANT("exp_wrong_at_switch", "two_column",
                      "wrong only next to half-integer multiples of ln 2", SOFTMAX, F32, 0,
                      softmax<WrongReduction>),
      SOFTMARK_MUTANT("exp_turns_negative", "range", "bit-trick exp that runs below zero", SOFTMAX,
                      F32, 0, softmax<Schraudolph>),
      SOFTMARK_MUTANT("flushed_quotient", "error_bound", "subnormal quotients become 0", SOFTMAX,
                      F32, 0, softmax<FlushedQuotient>),
      SOFTMARK_MUTANT("rough_reciprocal", "sum_to_one", "a reciprocal of 12 bits", SOFTMAX, F32, 0,
                      softmax<RoughReciprocal>),
      SOFTMARK_MUTANT("half_difference", "error_bound", "x - max in 11 bits", SOFTMAX, F32, 0,
                      softmax<HalfIntermediate>),
      SOFTMARK_MUTANT("epsilon_in_sum", "sum_to_one", "1e-6 added to the sum", SOFTMAX, F32, 0,
                      softmax<NeverAboveOne>),
      SOFTMARK_MUTANT("below_zero", "range", "the smallest subnormal subtracted from each result",
                      SOFTMAX, F32, 0, softmax<BelowZero>),
  };
}

}  // namespace softmark::mutants
