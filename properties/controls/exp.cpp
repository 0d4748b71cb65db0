// SPDX-License-Identifier: Apache-2.0
// Unusual exponentials, and evaluation in wider types.
#include <bit>

#include "properties/controls/control.h"

namespace softmark::controls {
namespace {

/// Evaluates the whole row in `Wide` and rounds once.
template <class Wide, class T>
void in_wider(Row<T> r) {
  const Wide m = shift_of(r.x, r.n);
  Wide s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(static_cast<Wide>(r.x[i]) - m);
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = static_cast<T>(std::exp(static_cast<Wide>(r.x[i]) - m) / s);
}

template <auto exponential>
void by_exp(Row<float> r) {
  const float m = shift_of(r.x, r.n);
  float s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += r.y[i] = exponential(r.x[i] - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] /= s;
}

// 2^(t log2 e), the product rounded to float: its error is that of the argument.
float by_exp2(float t) { return std::exp2(t * 0x1.715476p+0f); }

// 2^k T[j] (1 + r + r^2 / 2 + r^3 / 6), ln 2 / 32 in two parts.
float by_table(float t) {
  static const std::vector<float> table = [] {
    std::vector<float> entries;
    for (int j = 0; j < 32; ++j) entries.push_back(static_cast<float>(std::exp2(j / 32.0)));
    return entries;
  }();
  if (!(t > -110)) return std::isnan(t) ? t : 0;
  const float n = std::nearbyint(t * 46.1662413f);
  const float r = (t - n * 0x1.62p-6f) - n * 0x1.c85fdep-15f;
  const int k = static_cast<int>(n);
  return std::ldexp(
      table[static_cast<std::size_t>(k & 31)] * (1 + r * (1 + r * (0.5f + r * 0.166666667f))),
      k >> 5);
}

// A polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2]; the exponent is set by bits, in two steps for
// subnormal results.
float by_bits(float t) {
  if (!(t > -110)) return std::isnan(t) ? t : 0;
  const float n = std::nearbyint(t * 1.44269504f), r = (t - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
  const float p =
      1 + r * (1 + r * (0.5f +
                        r * (0x1.555556p-3f +
                             r * (0x1.555556p-5f + r * (0x1.111112p-7f + r * 0x1.6c16c2p-10f)))));
  const int k = static_cast<int>(n), half = k / 2;
  const auto power = [](int e) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(127 + e) << 23);
  };
  return p * power(half) * power(k - half);
}

// No subtraction: each exponential as 2^n f with an integer n; the largest n is subtracted at the
// end, exactly. Beyond 10^5 the logits' spacing makes x - max exact for every term that matters,
// while n ln 2 would not be.
void integer_shift(Row<float> r) {
  const float m = shift_of(r.x, r.n);
  if (std::isnan(m)) {
    for (std::size_t i = 0; i < r.n; ++i) r.y[i] = m;
    return;
  }
  const double base = std::fabs(m) > 1e5f ? m : 0,
               most = std::nearbyint((m - base) * 1.4426950408889634);
  std::vector<double> e(r.n);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) {
    const double x = r.x[i] - base, n = std::nearbyint(x * 1.4426950408889634);
    const double f = x - n * 0x1.62e42fefa3800p-1 - n * 0x1.ef35793c76730p-45;
    e[i] =
        n - most < -400 || std::isinf(x) ? 0 : std::ldexp(std::exp(f), static_cast<int>(n - most));
    s += e[i];
  }
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(e[i] / s);
}

// Entirely in logs: y = exp(x - max - log sum), the sum by log1p of the terms besides the largest.
void in_logs(Row<float> r) {
  const float m = shift_of(r.x, r.n);
  float rest = 0;
  bool seen = false;
  for (std::size_t i = 0; i < r.n; ++i)
    if (r.x[i] == m && !seen)
      seen = true;
    else
      rest += std::exp(r.x[i] - m);
  const float log_sum = std::log1p(rest);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp((r.x[i] - m) - log_sum);
}

/// exp with its own constant bias, at 0 too: (1 - 3u) exp(t).
float biased(float t) { return std::exp(t) * (1 - 0x3p-24f); }
void biased_softmax(Row<float> r) {
  const float m = shift_of(r.x, r.n);
  float s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += r.y[i] = biased(r.x[i] - m);
  const float over = 1 / s;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] *= over;
}
float biased_log_sum(Row<float> r, float m) {
  float s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += biased(r.x[i] - m);
  return std::log(s);
}
void biased_log_softmax(Row<float> r) {
  const float m = shift_of(r.x, r.n), log_sum = biased_log_sum(r, m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = (r.x[i] - m) - log_sum;
}
float biased_logsumexp(Row<float> r) {
  const float m = max_of(r.x, r.n);
  return std::isfinite(m) ? m + biased_log_sum(r, m) : m;
}

}  // namespace

Table exp_controls() {
  constexpr std::uint32_t kRow = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;
  return {
      SOFTMARK_CONTROL("biased_exp", "exp is 3 u too small everywhere, exp(0) too", SOFTMAX, F32, 0,
                       each<float, biased_softmax>),
      SOFTMARK_CONTROL("biased_exp", "exp is 3 u too small everywhere, exp(0) too", LOG_SOFTMAX,
                       F32, 0, each<float, biased_log_softmax>),
      SOFTMARK_CONTROL("biased_exp", "exp is 3 u too small everywhere, exp(0) too", LOGSUMEXP, F32,
                       0, each_scalar<float, biased_logsumexp>),
      SOFTMARK_CONTROL("via_double", "float rows in double", SOFTMAX, F32, kRow,
                       each<float, in_wider<double, float>>),
      SOFTMARK_CONTROL("via_long_double", "float rows in long double", SOFTMAX, F32, kRow,
                       each<float, in_wider<long double, float>>),
      SOFTMARK_CONTROL("via_long_double", "double rows in long double", SOFTMAX, F64, kRow,
                       each<double, in_wider<long double, double>>),
      SOFTMARK_CONTROL("exp_by_exp2", "2^(t log2 e), the product in float", SOFTMAX, F32, kRow,
                       each<float, by_exp<by_exp2>>),
      SOFTMARK_CONTROL("exp_by_table", "32 entries and a cubic", SOFTMAX, F32, kRow,
                       each<float, by_exp<by_table>>),
      SOFTMARK_CONTROL("exp_by_bits", "a polynomial, the exponent by its bits", SOFTMAX, F32, kRow,
                       each<float, by_exp<by_bits>>),
      SOFTMARK_CONTROL("integer_shift", "no x - max: integer exponents are subtracted instead",
                       SOFTMAX, F32, kRow, each<float, integer_shift>),
      SOFTMARK_CONTROL("in_logs", "exp(x - max - log1p(rest)), no division", SOFTMAX, F32, 0,
                       each<float, in_logs>),
  };
}

}  // namespace softmark::controls
