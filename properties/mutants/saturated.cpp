// SPDX-License-Identifier: Apache-2.0
// Garbage where little is at stake: on saturated rows, whose exact values are 0 or nearly so, and
// beside the end of the type.
#include <algorithm>

#include "properties/mutants/narrow.h"
#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

/// Whether all but one element lie so far below the largest that nothing of them is left.
template <class T>
bool is_saturated(const T* x, std::size_t n) {
  const T m = Sound<T>::max(x, n);
  return n > 1 && std::isfinite(m) &&
         std::all_of(
             x, x + n,
             [&](T v) { return v == m || m - v > static_cast<T>(sizeof(T) == 8 ? 745 : 104); }) &&
         std::count(x, x + n, m) == 1;
}

template <class T>
void log_softmax_of(Row<T> r) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  const bool nan = std::isnan(m) || std::isnan(log_sum) || m == kInf<double> || r.n == 0;
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = nan || m == -kInf<double> ? std::numeric_limits<T>::quiet_NaN()
                                       : static_cast<T>((r.x[i] - m) - log_sum);
}
template <class T>
T loss_of(Row<T> r) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  return static_cast<T>((m - r.x[r.label]) + log_sum);
}

void log_of_saturated(Row<double> r) {
  log_softmax_of(r);
  if (!is_saturated(r.x, r.n)) return;
  for (std::size_t i = 0; i < r.n; ++i)
    if (r.y[i] > -745) r.y[i] = -5;
}
double loss_of_saturated(Row<double> r) {
  const double loss = loss_of(r);
  return loss < 1 && is_saturated(r.x, r.n) ? 123 : loss;
}
double sum_of_saturated(Row<double> r) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  return m == 0 && is_saturated(r.x, r.n) ? 42 : m + log_sum;
}
void vjp_of_nothing(Row<double> r) {
  double d = 0;
  for (std::size_t i = 0; i < r.n; ++i) d += r.x[i] * r.g[i];
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = r.x[i] == 0 && std::isfinite(d) ? 1000 : r.x[i] * (r.g[i] - d);
}

float loss_beside_the_end(Row<float> r) {
  const float loss = loss_of(r);
  return std::isfinite(loss) && loss > std::numeric_limits<float>::max() / 2 ? 1.0f : loss;
}
void log_beside_the_end(Row<float> r) {
  log_softmax_of(r);
  for (std::size_t i = 0; i < r.n; ++i)
    if (std::isfinite(r.y[i]) && r.y[i] < -std::numeric_limits<float>::max() / 2) r.y[i] = -1;
}
void log_of_finite_masks(Row<float> r) {
  log_softmax_of(r);
  for (std::size_t i = 0; i < r.n; ++i)
    if (std::isfinite(r.x[i]) && r.y[i] < -1e8f) r.y[i] = r.x[i] / 2;
}
void nan_for_huge_cotangents(Row<float> r) {
  float d = 0;
  for (std::size_t i = 0; i < r.n; ++i) d += r.x[i] * r.g[i];
  const bool huge =
      std::any_of(r.g, r.g + r.n, [](float g) { return std::isfinite(g) && std::fabs(g) > 1e37f; });
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = huge ? std::numeric_limits<float>::quiet_NaN() : r.x[i] * (r.g[i] - d);
}

/// Up to 65520 results round to the largest value, 65504.
std::uint16_t infinite_too_early(Row<std::uint16_t> r) {
  std::vector<double> x(r.n);
  for (std::size_t i = 0; i < r.n; ++i) x[i] = from_f16(r.x[i]);
  const auto [m, log_sum] = max_and_log(x.data(), r.n);
  return to_f16(m + log_sum > 65504 ? kInf<double> : m + log_sum);
}

}  // namespace

Table saturated_mutants() {
  return {
      SOFTMARK_MUTANT("infinite_too_early", "special_values",
                      "what lies above the largest value is infinite, whatever it rounds to",
                      LOGSUMEXP, F16, 0, each_scalar<std::uint16_t, infinite_too_early>),
      SOFTMARK_MUTANT("saturated_log", "overflow_safety", "-5 for 0 on saturated rows", LOG_SOFTMAX,
                      F64, 0, each<double, log_of_saturated>),
      SOFTMARK_MUTANT("saturated_loss", "overflow_safety", "123 for 0 on saturated rows",
                      CROSS_ENTROPY, F64, 0, each_scalar<double, loss_of_saturated>),
      SOFTMARK_MUTANT("saturated_logsumexp", "overflow_safety",
                      "42 for 0 on saturated rows with a maximum of 0", LOGSUMEXP, F64, 0,
                      each_scalar<double, sum_of_saturated>),
      SOFTMARK_MUTANT("saturated_vjp", "vjp", "1000 for 0 where p is 0", SOFTMAX_VJP, F64, 0,
                      each<double, vjp_of_nothing>),
      SOFTMARK_MUTANT("loss_beside_the_end", "overflow_safety",
                      "1 for losses that the type barely holds", CROSS_ENTROPY, F32, 0,
                      each_scalar<float, loss_beside_the_end>),
      SOFTMARK_MUTANT("log_beside_the_end", "overflow_safety",
                      "-1 for results that the type barely holds", LOG_SOFTMAX, F32, 0,
                      each<float, log_beside_the_end>),
      SOFTMARK_MUTANT("log_of_finite_masks", "error_bound", "half of a finite mask, not all of it",
                      LOG_SOFTMAX, F32, 0, each<float, log_of_finite_masks>),
      SOFTMARK_MUTANT("vjp_nan_for_huge", "vjp", "NaN for cotangents above 1e37", SOFTMAX_VJP, F32,
                      0, each<float, nan_for_huge_cotangents>),
  };
}

}  // namespace softmark::mutants
