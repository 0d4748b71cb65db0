// SPDX-License-Identifier: Apache-2.0
// Defects of the gradients. A uniform cotangent hides most of them.
#include <algorithm>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

using R = Row<float>;

float dot(R r, std::size_t from, std::size_t to) {
  double d = 0;
  for (std::size_t i = from; i < to; ++i) d += static_cast<double>(r.x[i]) * r.g[i];
  return static_cast<float>(d);
}
float total(const float* g, std::size_t n) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += g[i];
  return static_cast<float>(s);
}

template <auto product>
void softmax_vjp(R r) {
  const float d = product(r);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.x[i] * (r.g[i] - d);
}
template <auto element>
void each_element(R r) {
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = element(r, i);
}

constexpr auto kDot = [](R r) { return dot(r, 0, r.n); };
constexpr auto kNothing = [](R) { return 0.0f; };
constexpr auto kFirst = [](R r) { return r.n ? r.g[0] : 0; };
constexpr auto kMean = [](R r) { return r.n ? total(r.g, r.n) / static_cast<float>(r.n) : 0; };
constexpr auto kShort = [](R r) { return dot(r, 0, r.n == 1 ? 1 : r.n - r.n % 2); };

float minus_plain_dot(R r, std::size_t i) { return r.x[i] * r.g[i] - dot(r, 0, r.n); }
float own_slope(R r, std::size_t i) { return r.g[i] * r.x[i] * (1 - r.x[i]); }
void skips_saturated(R r) {
  if (std::any_of(r.x, r.x + r.n, [](float p) { return 0.999f < p; }))
    return std::fill(r.y, r.y + r.n, 0.0f);
  softmax_vjp<kDot>(r);
}

float shifted_log(R r, std::size_t i) {
  return r.g[i] - std::exp(r.x[i] - Sound<>::max(r.x, r.n)) * total(r.g, r.n);
}
float weighted_sum(R r, std::size_t i) {
  double d = 0;
  for (std::size_t k = 0; k < r.n; ++k) d += static_cast<double>(r.g[k]) * std::exp(r.x[k]);
  return r.g[i] - std::exp(r.x[i]) * static_cast<float>(d);
}
float logs_for_p(R r, std::size_t i) { return r.g[i] - r.x[i] * total(r.g, r.n); }
float square(R r, std::size_t i) { return r.g[i] * (r.x[i] * r.x[i]); }
float slope_at_s(R r, std::size_t i) {
  const float s = 1 / (1 + std::exp(-r.x[i]));
  return r.g[i] * (s * (1 - s));
}

float flushed_g(R r, std::size_t i) {
  const float g = std::fabs(r.g[i]) < std::numeric_limits<float>::min() ? 0 : r.g[i];
  return g * (r.x[i] * (1 - r.x[i]));
}

int dot_of_first_row(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) {
    R row = row_of<float>(a, r), wrong = row;
    wrong.g = static_cast<const float*>(a->g);
    const float d = dot(wrong, 0, a->cols);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] = row.x[i] * (row.g[i] - d);
  }
  return 0;
}

int g_by_x_stride(const softmark_args* given) {
  softmark_args a = *given;
  a.g_stride = a.x_stride;
  return each<float, softmax_vjp<kDot>>(&a);
}

// p of the whole row, then the Jacobian from `entry(p, n, i, j)`.
template <auto entry>
void jacobian(R r) {
  std::vector<float> p(r.n);
  R s = r;
  s.y = p.data();
  softmax_row<Sound<>>(s);
  for (std::size_t i = 0; i < r.n; ++i)
    for (std::size_t j = 0; j < r.n; ++j) r.y[i * r.n + j] = entry(p.data(), i, j, r.n);
}

// softmax(x) - onehot, times `factor(r)`; 1 is subtracted at `label`.
template <auto label, auto factor>
void cross_entropy_vjp(R r) {
  softmax_row<Sound<>>(r);
  if (std::isnan(r.y[0])) return;
  const std::int64_t at = label(r);
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = factor(r) * (r.y[i] - (static_cast<std::int64_t>(i) == at));
}
float diagonal_only(const float* p, std::size_t i, std::size_t j, std::size_t) {
  return i == j ? p[i] * (1 - p[i]) : 0 * p[i];
}
float same_signs(const float* p, std::size_t i, std::size_t j, std::size_t) {
  return i == j ? p[i] * (1 - p[i]) : p[i] * p[j];
}
float lower_shifted(const float* p, std::size_t i, std::size_t j, std::size_t) {
  return i == j ? p[i] * (1 - p[i]) : -p[i] * p[j < i ? i - 1 : j];
}
float mirrored_diagonal(const float* p, std::size_t i, std::size_t j, std::size_t n) {
  return i == j ? p[i] * (1 - p[n - 1 - i]) : -p[i] * p[j];
}

constexpr auto kLabel = [](R r) { return r.label; };
constexpr auto kNotZero = [](R r) { return r.label == 0 ? -1 : r.label; };
constexpr auto kOwnG = [](R r) { return r.g[r.index]; };
constexpr auto kFirstG = [](R r) { return r.g[0]; };
constexpr auto kNoG = [](R) { return 1.0f; };

int mean_reduced(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    cross_entropy_vjp<kLabel, kOwnG>(row);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] /= static_cast<float>(a->rows);
  }
  return 0;
}

}  // namespace

Table gradient_mutants() {
  return {
      SOFTMARK_MUTANT("vjp_without_sum", "vjp", "p g: the sum is missing", SOFTMAX_VJP, F32, 0,
                      each<float, softmax_vjp<kNothing>>),
      SOFTMARK_MUTANT("vjp_p_minus_dot", "vjp", "p g - dot: the sum is not weighted", SOFTMAX_VJP,
                      F32, 0, each<float, each_element<minus_plain_dot>>),
      SOFTMARK_MUTANT("vjp_first_cotangent", "vjp",
                      "takes g[0] for the sum: right for uniform cotangents", SOFTMAX_VJP, F32, 0,
                      each<float, softmax_vjp<kFirst>>),
      SOFTMARK_MUTANT("vjp_mean_cotangent", "vjp", "takes the mean of g for the sum", SOFTMAX_VJP,
                      F32, 0, each<float, softmax_vjp<kMean>>),
      SOFTMARK_MUTANT("vjp_dot_short", "vjp", "the sum leaves out the last element of odd rows",
                      SOFTMAX_VJP, F32, 0, each<float, softmax_vjp<kShort>>),
      SOFTMARK_MUTANT("vjp_dot_of_first_row", "vjp", "every row's sum takes the first row's g",
                      SOFTMAX_VJP, F32, 0, dot_of_first_row),
      SOFTMARK_MUTANT("vjp_g_by_x_stride", "memory", "takes x_stride for g's", SOFTMAX_VJP, F32, 0,
                      g_by_x_stride),
      SOFTMARK_MUTANT("vjp_diagonal", "vjp", "g p (1 - p): the diagonal alone", SOFTMAX_VJP, F32, 0,
                      each<float, each_element<own_slope>>),
      SOFTMARK_MUTANT("vjp_skips_saturated", "vjp", "rows with a p of 1 are taken for done",
                      SOFTMAX_VJP, F32, 0, each<float, skips_saturated>),
      SOFTMARK_MUTANT("log_vjp_shifted", "vjp", "exp(log p - max) for p", LOG_SOFTMAX_VJP, F32, 0,
                      each<float, each_element<shifted_log>>),
      SOFTMARK_MUTANT("log_vjp_dot", "vjp", "the softmax's own formula: sum g p for sum g",
                      LOG_SOFTMAX_VJP, F32, 0, each<float, each_element<weighted_sum>>),
      SOFTMARK_MUTANT("log_vjp_logs_for_p", "vjp", "takes log p for p", LOG_SOFTMAX_VJP, F32, 0,
                      each<float, each_element<logs_for_p>>),
      SOFTMARK_MUTANT("sigmoid_vjp_square", "vjp", "g s s", SIGMOID_VJP, F32, 0,
                      each<float, each_element<square>>),
      SOFTMARK_MUTANT("sigmoid_vjp_of_logit", "vjp", "takes s for the logit", SIGMOID_VJP, F32, 0,
                      each<float, each_element<slope_at_s>>),
      SOFTMARK_MUTANT("sigmoid_vjp_flushes", "vjp", "subnormal cotangents count as 0", SIGMOID_VJP,
                      F32, 0, each<float, each_element<flushed_g>>),
      SOFTMARK_MUTANT("jacobian_diagonal", "jacobian", "p (1 - p) on the diagonal, 0 elsewhere",
                      SOFTMAX_JACOBIAN, F32, 0, each<float, jacobian<diagonal_only>>),
      SOFTMARK_MUTANT("jacobian_sign", "jacobian", "+p q beside the diagonal", SOFTMAX_JACOBIAN,
                      F32, 0, each<float, jacobian<same_signs>>),
      SOFTMARK_MUTANT("jacobian_asymmetric", "jacobian",
                      "the lower triangle takes its neighbour's p", SOFTMAX_JACOBIAN, F32, 0,
                      each<float, jacobian<lower_shifted>>),
      SOFTMARK_MUTANT("jacobian_square", "jacobian", "p - p q: 1 - p taken for all rows",
                      SOFTMAX_JACOBIAN, F32, 0, each<float, jacobian<mirrored_diagonal>>),
      SOFTMARK_MUTANT("cross_entropy_vjp_no_g", "cross_entropy",
                      "the upstream gradient is left out", CROSS_ENTROPY_VJP, F32, 0,
                      each<float, cross_entropy_vjp<kLabel, kNoG>>),
      SOFTMARK_MUTANT("cross_entropy_vjp_first_g", "cross_entropy", "the first row's g for all",
                      CROSS_ENTROPY_VJP, F32, 0, each<float, cross_entropy_vjp<kLabel, kFirstG>>),
      SOFTMARK_MUTANT("cross_entropy_vjp_label_0", "cross_entropy", "label 0 counts as none",
                      CROSS_ENTROPY_VJP, F32, 0, each<float, cross_entropy_vjp<kNotZero, kOwnG>>),
      SOFTMARK_MUTANT("cross_entropy_vjp_mean", "cross_entropy", "divided by the number of rows",
                      CROSS_ENTROPY_VJP, F32, 0, mean_reduced),
  };
}

}  // namespace softmark::mutants
