// SPDX-License-Identifier: Apache-2.0
// Numbers as the unevaluated sum of two doubles.
//
// u = 2^-53. Joldes, Muller and Popescu (2017) bound the relative errors of these algorithms: sum
// 3u^2/(1-4u) (under cancellation too), product 7u^2, quotient 15u^2 + 56u^3.
#pragma once

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
inline bool is_double(DoubleDouble a) { return a.lo == 0; }

}  // namespace softmark
