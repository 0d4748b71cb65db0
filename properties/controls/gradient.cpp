// SPDX-License-Identifier: Apache-2.0
// The other ops, by formulas other than the usual ones.
#include <algorithm>

#include "properties/controls/control.h"

namespace softmark::controls {
namespace {

using R = Row<float>;

// p g - p dot, in double: right although both products may be far larger than the result.
void vjp_of_products(R r) {
  double dot = 0;
  for (std::size_t i = r.n; i-- > 0;) dot += static_cast<double>(r.x[i]) * r.g[i];
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = static_cast<float>(static_cast<double>(r.x[i]) * r.g[i] -
                                static_cast<double>(r.x[i]) * dot);
}
// p (g - dot) with the dot product fused.
void vjp_by_fma(R r) {
  float dot = 0;
  for (std::size_t i = 0; i < r.n; ++i) dot = std::fma(r.x[i], r.g[i], dot);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.x[i] * (r.g[i] - dot);
}
void log_vjp_by_fma(R r) {
  float sum = 0;
  for (std::size_t i = r.n; i-- > 0;) sum += r.g[i];
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::fma(-std::exp(r.x[i]), sum, r.g[i]);
}

float cross_entropy_log1p(R r) {
  const float m = max_of(r.x, r.n), x = r.x[r.label];
  if (std::isnan(m) || m == -kInf<float>) return kNan<float>;
  if (m == kInf<float>) return m - x;
  float rest = 0;
  const auto at = static_cast<std::size_t>(std::find(r.x, r.x + r.n, m) - r.x);
  for (std::size_t i = 0; i < r.n; ++i)
    if (i != at) rest += std::exp(r.x[i] - m);
  return (m - x) + std::log1p(rest);
}
// By differences to the label itself, in double: log sum exp(x - x[label]).
float cross_entropy_of_differences(R r) {
  const double x = r.x[r.label];
  double m = -kInf<double>, s = 0;
  for (std::size_t i = 0; i < r.n; ++i) {
    const double d = r.x[i] - x;
    if (std::isnan(d)) return cross_entropy_log1p(r);
    m = std::max(m, d);
  }
  if (std::isinf(m)) return static_cast<float>(m);
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - x - m);
  return static_cast<float>(m + std::log(s));
}
// A running maximum, and in double the sum of exp(x - maximum), rescaled when the maximum grows.
float logsumexp_online(R r) {
  float m = -kInf<float>;
  double s = 0;
  bool infinite = false;
  for (std::size_t i = 0; i < r.n; ++i) {
    if (std::isnan(r.x[i])) return r.x[i];
    infinite |= r.x[i] == kInf<float>;
    if (r.x[i] == -kInf<float> || infinite) continue;
    if (r.x[i] > m) s = s * std::exp(static_cast<double>(m) - r.x[i]), m = r.x[i];
    s += std::exp(static_cast<double>(r.x[i]) - m);
  }
  return infinite ? kInf<float> : m == -kInf<float> ? m : static_cast<float>(m + std::log(s));
}

void log_softmax_pairwise(R r) {
  const float m = shift_of(r.x, r.n);
  std::vector<float> e(r.n);
  for (std::size_t i = 0; i < r.n; ++i) e[i] = std::exp(r.x[i] - m);
  for (std::size_t width = 1; width < r.n; width *= 2)
    for (std::size_t i = 0; i + width < r.n; i += 2 * width) e[i] += e[i + width];
  const float log_sum = r.n ? std::log(e[0]) : 0;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = (r.x[i] - m) - log_sum;
}

// z / (1 + z) below 0 and 1 / (1 + z) above: one exponential z = exp(-|x|) serves both.
void sigmoid_one_exp(R r) {
  for (std::size_t i = 0; i < r.n; ++i) {
    const float z = std::exp(-std::fabs(r.x[i])), s = 1 / (1 + z);
    r.y[i] = r.x[i] < 0 ? z * s : s;
  }
}
void sigmoid_vjp_difference(R r) {
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.g[i] * (r.x[i] * (1 - r.x[i]));
}

void jacobian_by_columns(R r) {
  const float m = shift_of(r.x, r.n);
  std::vector<float> p(r.n);
  float s = 0;
  for (std::size_t i = r.n; i-- > 0;) s += p[i] = std::exp(r.x[i] - m);
  for (float& v : p) v *= 1 / s;
  for (std::size_t j = r.n; j-- > 0;)
    for (std::size_t i = r.n; i-- > 0;)
      r.y[i * r.n + j] = (static_cast<float>(i == j) - p[j]) * p[i];
}

void hardmax_backwards(R r) {
  std::size_t at = 0;
  float best = -kInf<float>;
  for (std::size_t i = r.n; i-- > 0;)
    if (std::isnan(r.x[i]) || (!std::isnan(best) && r.x[i] >= best)) best = r.x[i], at = i;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = i == at;
}

}  // namespace

Table gradient_controls() {
  return {
      SOFTMARK_CONTROL("products", "p g - p dot", SOFTMAX_VJP, F32, 0,
                       each<float, vjp_of_products>),
      SOFTMARK_CONTROL("fused", "the dot product by fma", SOFTMAX_VJP, F32,
                       SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE, each<float, vjp_by_fma>),
      SOFTMARK_CONTROL("fused", "g - p sum g by fma", LOG_SOFTMAX_VJP, F32, SOFTMARK_IN_PLACE,
                       each<float, log_vjp_by_fma>),
      SOFTMARK_CONTROL("log1p", "(max - x) + log1p(rest)", CROSS_ENTROPY, F32, 0,
                       each_scalar<float, cross_entropy_log1p>),
      SOFTMARK_CONTROL("differences", "log sum exp(x - x[label]), in double", CROSS_ENTROPY, F32, 0,
                       each_scalar<float, cross_entropy_of_differences>),
      SOFTMARK_CONTROL("online", "running maximum and sum", LOGSUMEXP, F32, 0,
                       each_scalar<float, logsumexp_online>),
      SOFTMARK_CONTROL("tree", "a tree in place over the exponentials", LOG_SOFTMAX, F32,
                       SOFTMARK_IN_PLACE, each<float, log_softmax_pairwise>),
      SOFTMARK_CONTROL("one_exp", "one exponential of -|x|", SIGMOID, F32, SOFTMARK_IN_PLACE,
                       each<float, sigmoid_one_exp>),
      SOFTMARK_CONTROL("difference", "g (s (1 - s))", SIGMOID_VJP, F32, SOFTMARK_IN_PLACE,
                       each<float, sigmoid_vjp_difference>),
      SOFTMARK_CONTROL("by_columns", "column by column from the last", SOFTMAX_JACOBIAN, F32, 0,
                       each<float, jacobian_by_columns>),
      SOFTMARK_CONTROL("backwards", "scans from the last column", HARDMAX, F32, 0,
                       each<float, hardmax_backwards>),
  };
}

}  // namespace softmark::controls
