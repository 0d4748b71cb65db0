// SPDX-License-Identifier: Apache-2.0
// Numbers as the unevaluated sum of two doubles, with a proven bound of their error: the arithmetic
// of tiers 0 and 1.
//
// u = 2^-53. Joldes, Muller and Popescu (2017) bound the relative errors of these algorithms: sum
// 3u^2/(1-4u) (under cancellation too), product 7u^2, quotient 15u^2 + 56u^3. All are below
// kRounding = 64u^2; the tests hold every one against intervals. Where a part of a result may fall
// below the normal range, kUnderflow is added; an overflow turns the bound into NaN or infinity,
// which decides nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace softmark {

struct DoubleDouble {
  double hi = 0, lo = 0;
};

inline DoubleDouble two_sum(double a, double b) {
  const double sum = a + b, b_back = sum - a;
  return {sum, (a - (sum - b_back)) + (b - b_back)};
}
inline DoubleDouble fast_two_sum(double a, double b) {  // |a| >= |b|
  const double sum = a + b;
  return {sum, b - (sum - a)};
}
inline DoubleDouble split(double a) {  // two halves of 26 bits
  const double scaled = 0x1.0000002p+27 * a, high = scaled - (scaled - a);
  return {high, a - high};
}
inline DoubleDouble two_prod(double a, double b) {
  const DoubleDouble x = split(a), y = split(b);
  const double product = a * b;
  return {product, ((x.hi * y.hi - product) + x.hi * y.lo + x.lo * y.hi) + x.lo * y.lo};
}

inline DoubleDouble operator-(DoubleDouble a) { return {-a.hi, -a.lo}; }
inline DoubleDouble operator+(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble s = two_sum(a.hi, b.hi), t = two_sum(a.lo, b.lo);
  const DoubleDouble v = fast_two_sum(s.hi, s.lo + t.hi);
  return fast_two_sum(v.hi, t.lo + v.lo);
}
inline DoubleDouble operator-(DoubleDouble a, DoubleDouble b) { return a + -b; }
inline DoubleDouble operator*(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble p = two_prod(a.hi, b.hi);
  return fast_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}
inline DoubleDouble operator/(DoubleDouble a, DoubleDouble b) {
  const double first = a.hi / b.hi;
  const DoubleDouble rest = a - DoubleDouble{first} * b;
  return fast_two_sum(first, rest.hi / b.hi);
}

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

/// The error of a result of inexact parts: `carried` from the operands, its own rounding unless
/// `exact`.
inline Bounded bounded(DoubleDouble value, double carried, bool exact) {
  const double magnitude = std::fabs(value.hi);
  double own = exact ? 0 : magnitude * kRounding + (magnitude < 0x1p-800 ? kUnderflow : 0);
  if (carried > 0 && carried < 0x1p-900)
    own += 0x1p-1060;  // the bound's own arithmetic may have lost this
  return {value, (carried + own) * kOwnRounding};
}

inline bool is_double(DoubleDouble a) { return a.lo == 0; }
inline Bounded operator-(const Bounded& a) { return {-a.value, a.error}; }
inline Bounded operator+(const Bounded& a, const Bounded& b) {
  return bounded(a.value + b.value, a.error + b.error,
                 is_double(a.value) && is_double(b.value));  // two_sum is exact
}
inline Bounded operator-(const Bounded& a, const Bounded& b) { return a + -b; }
inline Bounded operator*(const Bounded& a, const Bounded& b) {
  const DoubleDouble product = a.value * b.value;
  double carried =
      std::fabs(a.value.hi) * b.error + std::fabs(b.value.hi) * a.error + a.error * b.error;
  if (a.error + b.error > 0) carried = std::max(carried, 0x1p-1070);
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
  const double carried = (a.error + std::fabs(quotient.hi) * b.error) / least;
  const double product = quotient.hi * b.value.hi;
  const DoubleDouble back = two_prod(quotient.hi, b.value.hi);
  const bool exact = is_double(a.value) && is_double(b.value) && std::fabs(product) > 0x1p-800 &&
                     back.hi == a.value.hi && back.lo == 0 && quotient.lo == 0;
  return bounded(quotient, carried * (1 + 0x1p-48), exact || a.value.hi == 0);
}

/// exp and log1p (of a value >= 0) of a bounded number. exp is defined up to 700, below -700 it is
/// within 2^-1009 of 0.
Bounded exp_of(const Bounded& t);
Bounded log1p_of(const Bounded& value);

}  // namespace softmark
