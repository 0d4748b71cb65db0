// SPDX-License-Identifier: Apache-2.0
// A double-double with a proven bound of its error: the arithmetic of the tiers float64 and
// double-double.
//
// All relative errors of double_double.h are below kRounding = 64u^2; the tests check each against
// intervals. Where a part of a result may fall below the normal range, kUnderflow is added; an
// overflow turns the bound into NaN or infinity, which decides nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "reference/double_double.h"
#include "reference/reference.h"
#include "reference/sided.h"

namespace softmark {

/// A real number within `error` of `value`.
struct Bounded {
  Bounded() = default;
  explicit Bounded(double exact) : value{exact, 0} {}
  Bounded(DoubleDouble v, double e) : value(v), error(e) {}
  DoubleDouble value;
  double error = 0;
};

inline constexpr double kRounding = 0x1p-100;
inline constexpr double kUnderflow = 0x1p-1000;
inline constexpr double kOwnRounding =
    1 + 0x1p-40;  // the bounds are sums of a few doubles themselves
/// Added to an error that came out of products: more than they lost below the normal range.
inline constexpr double kLost = 0x1p-1070;

/// The error of a result of inexact parts: `carried` from the operands, its own rounding unless
/// `exact`.
inline Bounded bounded(DoubleDouble value, double carried, bool exact) {
  const double magnitude = std::fabs(value.hi);
  double own = exact ? 0 : magnitude * kRounding + (magnitude < 0x1p-800 ? kUnderflow : 0);
  if (carried > 0 && carried < 0x1p-900)
    own += 0x1p-1060;  // the bound's own arithmetic may have lost this
  return {value, (carried + own) * kOwnRounding};
}

inline Bounded operator-(const Bounded& a) { return {-a.value, a.error}; }
inline Bounded operator+(const Bounded& a, const Bounded& b) {
  return bounded(a.value + b.value, a.error + b.error,
                 is_double(a.value) && is_double(b.value));  // two_sum is exact
}
inline Bounded operator-(const Bounded& a, const Bounded& b) { return a + -b; }
inline bool is_zero(const Bounded& a) { return a.value.hi == 0 && a.error == 0; }
/// 0 where the error leaves the sign open.
int sign_of(const Bounded& value);
inline Bounded operator*(const Bounded& a, const Bounded& b) {
  const DoubleDouble product = a.value * b.value;
  if ((is_zero(a) && sign_of(b) != 0) || (is_zero(b) && sign_of(a) != 0))
    return Bounded(a.value.hi * b.value.hi);
  double carried =
      std::fabs(a.value.hi) * b.error + std::fabs(b.value.hi) * a.error + a.error * b.error;
  if (a.error + b.error > 0) carried += kLost;
  // two_prod is exact, unless its error term leaves the normal range.
  const bool zero = a.value.hi == 0 || b.value.hi == 0;
  const bool exact =
      zero || (is_double(a.value) && is_double(b.value) && std::fabs(product.hi) > 0x1p-800);
  return bounded(product, carried * (1 + 0x1p-50), exact);
}
inline Bounded operator/(const Bounded& a, const Bounded& b) {
  const DoubleDouble quotient = a.value / b.value;
  const double least = std::fabs(b.value.hi) * (1 - 0x1p-50) - b.error;  // of the divisor
  if (!(least > 0)) return {quotient, std::numeric_limits<double>::infinity()};
  double carried = 0;
  if (a.error + b.error > 0)
    carried = (a.error + std::fabs(quotient.hi) * b.error + kLost) / least + kLost;
  const double product = quotient.hi * b.value.hi;
  const DoubleDouble back = two_prod(quotient.hi, b.value.hi);
  const bool exact = is_double(a.value) && is_double(b.value) && std::fabs(product) > 0x1p-800 &&
                     back.hi == a.value.hi && back.lo == 0 && quotient.lo == 0;
  return bounded(quotient, carried * (1 + 0x1p-48), exact || a.value.hi == 0);
}

/// exp, defined up to 700; below -700 it is within 2^-1009 of 0.
Bounded exp_of(const Bounded& t);
/// exp(t) 2^kTinyScale, for t from -600 down to any: results far below the smallest float64.
inline constexpr int kTinyScale = 900;
Bounded scaled_exp_of(const Bounded& t);
/// log(1 + value) of a value >= 0.
Bounded log1p_of(const Bounded& value);
/// inf * value: without a bound, which leaves it to intervals.
Bounded infinite_times(const Bounded& value);

/// The rounding and the residual, where the error leaves one rounding, one binade and 2^-20 ulp.
std::optional<Exact> certify(const Sided<Bounded>& number, softmark_dtype dtype);
/// The same for the float64 nearest to scaled / 2^kTinyScale; `sign` is that of the exact value, 0
/// where it is not known or the value may be 0.
std::optional<Exact> certify_scaled(const Sided<Bounded>& scaled, int sign);

}  // namespace softmark
