// SPDX-License-Identifier: Apache-2.0
#include "reference/bounded.h"

#include "support/non_finite.h"

namespace softmark {
namespace {

// ln 2 in three parts; the products of the first two with |k| < 2048 are exact (36 bits and 11).
constexpr double kLn2[] = {0x1.62e42fefap-1, 0x1.cf79abc9ep-40, 0x1.d9cc01f97b57ap-79};
constexpr double kLog2E = 0x1.71547652b82fep+0;

// expm1(r) for |r| <= 0.35: q = expm1(r/512) by its Taylor series, then nine times q -> 2q + q^2.
//   Truncation: |r/512| < 2^-10.5, so what is left out of the series is below 2^-116 of its first
//   term. Horner: all but the last steps are scaled by 2^-10.5 or less; 4u^2 for the last, 7u^2 for
//   the product with r/512. Doubling: 5u^2 a step, and relative errors grow by (1+q)/(1+q/2), less
//   than 1.25 over all nine.
// Together less than 1.25 * (11 + 45) u^2 + ... < 2^-99 relative; kExpm1Error leaves room.
DoubleDouble expm1_reduced(DoubleDouble r) {
  static const DoubleDouble inverse[] = {{1, 0},
                                         {0.5, 0},
                                         DoubleDouble{1} / DoubleDouble{3},
                                         {0.25, 0},
                                         DoubleDouble{1} / DoubleDouble{5},
                                         DoubleDouble{1} / DoubleDouble{6},
                                         DoubleDouble{1} / DoubleDouble{7},
                                         {0.125, 0},
                                         DoubleDouble{1} / DoubleDouble{9}};
  const DoubleDouble small{r.hi * 0x1p-9, r.lo * 0x1p-9};
  DoubleDouble sum{1};
  for (int k = 8; k >= 1; --k) sum = DoubleDouble{1} + small * inverse[k] * sum;
  DoubleDouble q = small * sum;
  for (int step = 0; step < 9; ++step) q = DoubleDouble{2 * q.hi, 2 * q.lo} + q * q;
  return q;
}

struct Reduced {
  DoubleDouble r;
  double k;
};

// r = t - k ln 2: the parts of ln 2 leave less than 2^-120, the three sums err by 3u^2 of less than
// 1 each: r is within 2^-103 absolutely; for k = 0 it is t itself.
Reduced reduce(DoubleDouble t) {
  const double k = std::nearbyint(t.hi * kLog2E);
  if (k == 0) return {t, 0};
  DoubleDouble r = t + DoubleDouble{-k * kLn2[0]};
  r = r + DoubleDouble{-k * kLn2[1]};
  return {r + DoubleDouble{-k * kLn2[2]}, k};
}

constexpr double kExpm1Error = 0x1p-97;

/// exp(t) 2^scale.
Bounded exp_times_power(const Bounded& t, int scale) {
  const Reduced reduced = reduce(t.value);
  const DoubleDouble e = DoubleDouble{1} + expm1_reduced(reduced.r);
  const int power = static_cast<int>(reduced.k) + scale;
  const DoubleDouble value{std::ldexp(e.hi, power), std::ldexp(e.lo, power)};
  // expm1 contributes 0.42 of its error, the sum 3u^2, the reduction 2^-103; then the argument's
  // own error.
  const double carried =
      t.error < 0.5 ? t.error * (1 + t.error) : std::expm1(t.error) * (1 + 0x1p-40);
  return bounded(value, value.hi * (kExpm1Error + carried), false);
}

}  // namespace

Bounded exp_of(const Bounded& t) {
  if (t.value.hi == 0 && t.error == 0) return {{1, 0}, 0};
  if (t.value.hi + t.error < -700) return {{0, 0}, 0x1p-1009};
  if (!(std::fabs(t.value.hi) + t.error <= 700)) return {{0, 0}, kInf};
  return exp_times_power(t, 0);
}

// exp(-1300) 2^900 < 2^-975.
Bounded scaled_exp_of(const Bounded& t) {
  if (!(t.value.hi + t.error < -599)) return {{0, 0}, kInf};
  if (t.value.hi + t.error < -1300) return {{0x1p-976, 0}, 0x1p-976};
  if (!(t.value.hi - t.error > -1400)) return {{0, 0}, kInf};
  return exp_times_power(t, kTinyScale);
}

// y0 = log1p(s) from the C library, whatever its error; then log1p(s) = y0 + log1p(z), z = (1+s)
// exp(-y0) - 1, and z - z^2/2 is within |z|^3 of that. With q = expm1(-y0) the residual is z = s +
// q + s q. Its error is at most kExpm1Error (1+s)|q| + 2^-103 (1+s) exp(-y0) (only where y0 needed
// reduction, y0 > 0.34) + three roundings of at most (s + |q|) 2^-100, where |q| <= y0 and (1+s)|q|
// <= s (1 + |z|): relative to log1p(s) >= s/(1+s) all is carried along with its size.
Bounded log1p_of(const Bounded& given) {
  const DoubleDouble s = given.value;
  if (!(s.hi >= 0) || !(s.hi <= 0x1p+900)) return {{0, 0}, kInf};
  // d log1p(s) <= ds, and <= ds / (1 + s - ds).
  const double slope_at = std::max(s.hi * (1 - 0x1p-50) - given.error, 0.0);
  const double carried = given.error / (1 + slope_at);
  if (s.hi == 0) return {{0, 0}, carried * kOwnRounding};
  if (s.hi < 0x1p-400)
    return {s, (carried + s.hi * s.hi) * kOwnRounding + kUnderflow};  // log1p(s) = s - s^2/2 + ...
  const double guess = std::log1p(s.hi);
  const Reduced reduced = reduce({-guess, 0});
  DoubleDouble z, y = {guess, 0};
  double error;
  if (reduced.k == 0) {
    const DoubleDouble q = expm1_reduced(reduced.r);
    z = (s + q) + s * q;
    error = (2 * kExpm1Error + 8 * kRounding) * (s.hi + std::fabs(q.hi));
  } else {
    const Bounded inverse = exp_of({{-guess, 0}, 0});
    if (!(inverse.error < kInf)) return {{0, 0}, kInf};
    z = (DoubleDouble{1} + s) * inverse.value - DoubleDouble{1};
    error = (1 + s.hi) * inverse.error + 8 * kRounding;
  }
  const DoubleDouble half_square{z.hi * z.hi / 2, 0};
  y = y + (z - half_square);
  error += std::fabs(z.hi * z.hi * z.hi) + z.hi * z.hi * 0x1p-50;
  return bounded(y, carried + error, false);
}

int sign_of(const Bounded& value) {
  const bool known = std::fabs(value.value.hi) * (1 - 0x1p-50) > value.error;
  return !known ? 0 : value.value.hi > 0 ? 1 : -1;
}

Bounded infinite_times(const Bounded&) { return {{0, 0}, kInf}; }

}  // namespace softmark
