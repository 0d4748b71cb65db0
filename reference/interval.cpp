// SPDX-License-Identifier: Apache-2.0
#include "reference/interval.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/element.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

constexpr double kResidualWidth =
    0x1p-21;  // the middle is then within 2^-22 ulp, and its conversion far below

// exp(t) below -2000 - 4 bits is only known to lie in (0, 2^-(2885 + 5 bits)): log2(e) > 1.4427.
// Whatever it is added to, or multiplied by (a g below 2^1024 in the VJPs), ends far below the
// smallest subnormal 2^-1074 or far below an ulp of it; and where more precision is asked for
// because of it, more of it is known.
constexpr double kCut = 2000, kCutPerBit = 4;
constexpr long kTiny = 2885, kTinyPerBit = 5;

/// An mpfr number with the lifetime of a scope.
struct Real {
  explicit Real(mpfr_prec_t bits) { mpfr_init2(value, bits); }
  ~Real() { mpfr_clear(value); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  mpfr_t value;
};

/// Exponent of the type's spacing at a finite number, strictly inside the binade below where
/// `inward` is set and the number is a power of two.
long quantum(mpfr_srcptr value, const TypeInfo& type, bool inward) {
  long exponent = type.min_exponent;
  if (!mpfr_zero_p(value)) {
    exponent = mpfr_get_exp(value) - 1;
    if (inward && mpfr_cmp_si_2exp(value, mpfr_sgn(value), exponent) == 0) --exponent;
  }
  return std::clamp<long>(exponent, type.min_exponent, type.max_exponent) - type.precision + 1;
}

bool is_tie(mpfr_srcptr scaled) {
  Real twice(mpfr_get_prec(scaled));
  mpfr_mul_2ui(twice.value, scaled, 1, MPFR_RNDN);
  return mpfr_integer_p(twice.value) && !mpfr_integer_p(scaled);
}

/// To nearest, ties to even; with a `side`, the rounding of the numbers just above (1) or below
/// (-1) the value.
double round_real(mpfr_srcptr value, softmark_dtype dtype, int side) {
  const TypeInfo type = type_info(dtype);
  if (mpfr_zero_p(value)) return mpfr_signbit(value) ? -0.0 : 0.0;
  if (mpfr_inf_p(value) || mpfr_get_exp(value) > type.max_exponent + 1)
    return mpfr_sgn(value) * kInf;
  const long q = quantum(value, type, false);
  Real scaled(mpfr_get_prec(value) + 1);  // one more bit: rounding up may carry
  mpfr_mul_2si(scaled.value, value, -q, MPFR_RNDN);
  if (side != 0 && is_tie(scaled.value))
    mpfr_rint(scaled.value, scaled.value, side > 0 ? MPFR_RNDU : MPFR_RNDD);
  else
    mpfr_roundeven(scaled.value, scaled.value);
  const double rounded = std::ldexp(mpfr_get_d(scaled.value, MPFR_RNDN), static_cast<int>(q));
  return std::fabs(rounded) > largest_finite(dtype) ? std::copysign(kInf, rounded) : rounded;
}

/// (value - rounded) / 2^q, to the nearest double.
double in_ulps(mpfr_srcptr value, double rounded, long q) {
  Real difference(mpfr_get_prec(value) + 64);
  mpfr_sub_d(difference.value, value, rounded, MPFR_RNDN);
  mpfr_mul_2si(difference.value, difference.value, -q, MPFR_RNDN);
  return mpfr_get_d(difference.value, MPFR_RNDN);
}

}  // namespace

PrecisionScope::PrecisionScope(long bits) : before_(Interval::thread_default_precision()) {
  Interval::thread_default_precision(
      static_cast<unsigned>(std::ceil(static_cast<double>(bits) * 0.30103)));
}
PrecisionScope::~PrecisionScope() { Interval::thread_default_precision(before_); }

Interval up_to_power(long exponent) {
  Interval tiny = 0;
  mpfi_interv_d(tiny.backend().data(), 0, 1);
  mpfi_mul_2si(tiny.backend().data(), tiny.backend().data(), exponent);
  return tiny;
}

Interval exp_of(const Interval& t) {
  Interval result;
  const long bits = static_cast<long>(mpfi_get_prec(result.backend().data()));
  if (t < -kCut - kCutPerBit * static_cast<double>(bits))
    return up_to_power(-kTiny - kTinyPerBit * bits);
  mpfi_exp(result.backend().data(), t.backend().data());
  return result;
}

Interval log1p_of(const Interval& value) {
  Interval result;
  mpfi_log1p(result.backend().data(), value.backend().data());
  return result;
}

int sign_of(const Interval& value) {
  return mpfi_is_strictly_pos(value.backend().data()) -
         mpfi_is_strictly_neg(value.backend().data());
}

Interval infinite_times(const Interval& value) {
  Interval result = 0;
  if (sign_of(value) != 0) return Interval(sign_of(value) * kInf);
  if (mpfi_is_zero(value.backend().data()))
    return Interval(std::numeric_limits<double>::quiet_NaN());
  mpfi_interv_d(result.backend().data(), -kInf, kInf);
  return result;
}

std::optional<Exact> certify(const Sided<Interval>& number, softmark_dtype dtype) {
  const auto* interval = number.value.backend().data();
  mpfr_srcptr low = &interval->left;
  mpfr_srcptr high = &interval->right;
  if (mpfr_nan_p(low) || mpfr_nan_p(high))
    return Exact{std::numeric_limits<double>::quiet_NaN(), 0};

  // An end at or past the limit stands for "just beside the limit".
  mpfr_srcptr limit = &number.limit.backend().data()->left;
  const int side = mpfr_equal_p(limit, &number.limit.backend().data()->right) ? number.side : 0;
  const bool cut_low = side > 0 && mpfr_cmp(low, limit) <= 0,
             cut_high = side < 0 && mpfr_cmp(high, limit) >= 0;
  if (cut_low) low = limit;
  if (cut_high) high = limit;
  // The limit itself is excluded: an enclosure of nothing else says nothing.
  if ((cut_low || cut_high) && mpfr_equal_p(low, high)) return std::nullopt;

  double rounded = round_real(low, dtype, cut_low ? side : 0);
  if (rounded != round_real(high, dtype, cut_high ? side : 0)) return std::nullopt;
  if (std::isinf(rounded)) {  // the end nearer to 0 may be beyond float64
    const double largest = largest_finite(dtype);
    const double ulps = in_ulps(rounded < 0 ? high : low, std::copysign(largest, rounded),
                                std::ilogb(spacing(dtype, largest)));
    return Exact{rounded, std::min(std::fabs(ulps), 4.0)};
  }
  if (rounded == 0) rounded = mpfr_sgn(low) < 0 && mpfr_sgn(high) <= 0 ? -0.0 : 0.0;

  const TypeInfo type = type_info(dtype);
  const bool point = mpfr_equal_p(low, high) && !cut_low && !cut_high;
  const long q = quantum(low, type, cut_low && mpfr_sgn(limit) < 0);
  // An end that is cut off at a power of two belongs to the binade nearer to 0 where the range lies
  // on that side of it.
  if (q != quantum(high, type, cut_high && mpfr_sgn(limit) > 0)) return std::nullopt;
  if (point && mpfr_cmp_d(low, rounded) == 0) return Exact{rounded, 0};

  const double from = in_ulps(low, rounded, q), to = in_ulps(high, rounded, q);
  if (!(to - from <= kResidualWidth)) return std::nullopt;
  double residual = std::clamp(from + (to - from) / 2, -0.5, 0.5);
  // Keep the sign by which ulp_of knows the binade where the middle was rounded to nothing.
  const double inward = rounded > 0 ? -1 : 1;
  if (std::ldexp(1.0, static_cast<int>(q)) < spacing(dtype, rounded) && residual * inward <= 0)
    residual = inward * std::numeric_limits<double>::min();
  return Exact{rounded, residual};
}

}  // namespace softmark
