// SPDX-License-Identifier: Apache-2.0
// Defects of log-softmax, logsumexp, sigmoid, cross-entropy and hardmax.
#include <algorithm>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

using R = Row<float>;

template <auto element>
void each_element(R r) {
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = element(r.x[i]);
}

void log_of_softmax(R r) {
  softmax_row<Sound<>>(r);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::log(r.y[i]);
}
void minus_log_sum_exp(R r) {  // m + log S is rounded at the size of m
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  const float whole =
      m == kInf<double> ? std::nanf("") : static_cast<float>(m) + static_cast<float>(log_sum);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.x[i] - whole;
}
void log_with_epsilon(R r) {
  softmax_row<Sound<>>(r);
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = r.y[i] == 0 ? -kInf<float> : std::log(r.y[i] + 1e-12f);
}
void log_unnormalized(R r) {  // leaves the first logit of long rows out of the sum
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  const auto tail = r.n > 16 && std::isfinite(m) && std::isfinite(log_sum)
                        ? max_and_log(r.x + 1, r.n - 1)
                        : MaxAndLog{m, log_sum};
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = static_cast<float>(r.x[i] - m - tail.log_sum - (tail.max - m));
}

float unshifted(R r) {
  if (r.n == 0) return -kInf<float>;
  float s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i]);
  return std::log(s);
}
float shifted(R r) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  return static_cast<float>(m + log_sum);
}
float unshifted_below_80(R r) {
  if (Sound<>::max(r.x, r.n) < 80 && r.n && *std::min_element(r.x, r.x + r.n) > -80)
    return unshifted(r);
  return shifted(r);
}
float unshifted_after_a_mask(R r) {
  return r.n && r.x[0] == -kInf<float> ? unshifted(r) : shifted(r);
}
float denormals_are_zero(R r) {
  std::vector<float> x(r.x, r.x + r.n);
  for (float& v : x) v = std::fabs(v) < std::numeric_limits<float>::min() ? 0 : v;
  const auto [m, log_sum] = max_and_log(x.data(), r.n);
  return static_cast<float>(m + log_sum);
}
float log_mean_exp(R r) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  return static_cast<float>(m + log_sum -
                            (std::isfinite(m) && r.n > 1 ? std::log(static_cast<double>(r.n)) : 0));
}
float two_largest(R r) {  // m + log1p(e^(second - m)): right for two columns
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  if (r.n < 3 || !std::isfinite(m) || !std::isfinite(log_sum))
    return static_cast<float>(m + log_sum);
  std::vector<float> x(r.x, r.x + r.n);
  std::sort(x.rbegin(), x.rend());
  return static_cast<float>(m + std::log1p(std::exp(static_cast<double>(x[1]) - m)));
}

float naive_sigmoid(float x) { return 1 / (1 + std::exp(-x)); }
float tanh_sigmoid(float x) { return 0.5f + 0.5f * std::tanh(0.5f * x); }
float clamped_sigmoid(float x) {
  if (std::isinf(x)) return x > 0;
  const float c = x < -18 ? -18 : x > 18 ? 18 : x;
  return c < 0 ? std::exp(c) / (1 + std::exp(c)) : 1 / (1 + std::exp(-c));
}
float hard_sigmoid(float x) { return std::isnan(x) ? x : std::clamp(x / 6 + 0.5f, 0.0f, 1.0f); }
float mirrored_sigmoid(float x) {
  return x < 0 ? 1 - 1 / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

float cross_entropy_at(R r, std::size_t at) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  return static_cast<float>((m - r.x[at]) + log_sum);
}
float label_off_by_one(R r) {
  return cross_entropy_at(r, r.n > 1 && static_cast<std::size_t>(r.label) == r.n - 1
                                 ? r.n - 2
                                 : static_cast<std::size_t>(r.label));
}
float minus_log_p(R r) {
  std::vector<float> p(r.n);
  const auto label = static_cast<std::size_t>(r.label);
  r.y = p.data();
  softmax_row<Sound<>>(r);
  return -std::log(p[label]);
}
float clipped_p(R r) {  // "log(p + epsilon)", as in some frameworks
  std::vector<float> p(r.n);
  const auto label = static_cast<std::size_t>(r.label);
  if (r.x[label] == -kInf<float>) return cross_entropy_at(r, label);
  r.y = p.data();
  softmax_row<Sound<>>(r);
  return -std::log(std::isnan(p[label]) ? p[label] : std::max(p[label], 1e-7f));
}
float ignores_label_0(R r) {
  return r.label == 0 && r.n > 2 ? 0 : cross_entropy_at(r, static_cast<std::size_t>(r.label));
}
int narrow_labels(const softmark_args* a) {
  const auto* labels = reinterpret_cast<const char*>(a->labels);
  for (std::size_t r = 0; r < a->rows; ++r) {
    std::int32_t label;
    __builtin_memcpy(&label, labels + 4 * r, 4);
    static_cast<float*>(a->y)[r] =
        cross_entropy_at(row_of<float>(a, r), static_cast<std::size_t>(label));
  }
  return 0;
}

constexpr auto kLarger = [](float a, float b) { return std::isnan(a) || b < a; };
constexpr auto kLargerOrSame = [](float a, float b) { return std::isnan(a) || b <= a; };
constexpr auto kLargerNumber = [](float a, float b) { return b < a; };

constexpr auto kLargerBits = [](float a, float b) {
  return std::isnan(a) || b < a || (a == b && std::signbit(b) && !std::signbit(a));
};

template <auto wins>
void hardmax(R r) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < r.n && !std::isnan(r.x[at]); ++i)
    if (wins(r.x[i], r.x[at])) at = i;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = i == at;
}
void all_ties(R r) {
  hardmax<kLarger>(r);
  const float m = Sound<>::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i)
    if (m > -kInf<float> && r.x[i] == m &&
        !std::any_of(r.x, r.x + r.n, [](float v) { return std::isnan(v); }))
      r.y[i] = 1;
}
// The first maximum of each lane, then the lowest lane, which is not always the lowest column.
void ties_in_lanes(R r) {
  const float m = Sound<>::max(r.x, r.n);
  if (r.n < 16 || std::any_of(r.x, r.x + r.n, [](float v) { return std::isnan(v); }))
    return hardmax<kLarger>(r);
  std::size_t at = r.n;
  for (std::size_t lane = 0; lane < 8 && at == r.n; ++lane)
    for (std::size_t i = lane; i < r.n && at == r.n; i += 8)
      if (r.x[i] == m) at = i;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = i == at;
}

}  // namespace

Table op_mutants() {
  return {
      SOFTMARK_MUTANT("log_of_softmax", "overflow_safety", "log(softmax): -inf where p underflows",
                      LOG_SOFTMAX, F32, 0, each<float, log_of_softmax>),
      SOFTMARK_MUTANT("log_minus_lse", "shift_invariance",
                      "x - (max + log sum): rounded at the size of max", LOG_SOFTMAX, F32, 0,
                      each<float, minus_log_sum_exp>),
      SOFTMARK_MUTANT("log_with_epsilon", "error_bound", "log(p + 1e-12)", LOG_SOFTMAX, F32, 0,
                      each<float, log_with_epsilon>),
      SOFTMARK_MUTANT("log_first_unsummed", "agreement",
                      "the sum leaves out the first of long rows", LOG_SOFTMAX, F32, 0,
                      each<float, log_unnormalized>),
      SOFTMARK_MUTANT("logsumexp_no_shift", "overflow_safety", "log(sum exp(x))", LOGSUMEXP, F32, 0,
                      each_scalar<float, unshifted>),
      SOFTMARK_MUTANT("logsumexp_below_80", "overflow_safety",
                      "no shift where exponentials are small, however many", LOGSUMEXP, F32, 0,
                      each_scalar<float, unshifted_below_80>),
      SOFTMARK_MUTANT("logsumexp_mask_first", "special_values",
                      "no shift where the first logit is masked", LOGSUMEXP, F32, 0,
                      each_scalar<float, unshifted_after_a_mask>),
      SOFTMARK_MUTANT("logsumexp_daz", "special_values", "subnormal logits count as 0", LOGSUMEXP,
                      F32, 0, each_scalar<float, denormals_are_zero>),
      SOFTMARK_MUTANT("log_mean_exp", "agreement", "the mean for the sum", LOGSUMEXP, F32, 0,
                      each_scalar<float, log_mean_exp>),
      SOFTMARK_MUTANT("logsumexp_of_two", "agreement", "only the two largest logits", LOGSUMEXP,
                      F32, 0, each_scalar<float, two_largest>),
      SOFTMARK_MUTANT("sigmoid_naive", "overflow_safety", "1 / (1 + exp(-x)) overflows below -88.7",
                      SIGMOID, F32, 0, each<float, each_element<naive_sigmoid>>),
      SOFTMARK_MUTANT("sigmoid_by_tanh", "two_column", "0.5 + 0.5 tanh(x / 2): cancels in the tail",
                      SIGMOID, F32, 0, each<float, each_element<tanh_sigmoid>>),
      SOFTMARK_MUTANT("sigmoid_clamped", "order", "x clamped to +-18", SIGMOID, F32, 0,
                      each<float, each_element<clamped_sigmoid>>),
      SOFTMARK_MUTANT("sigmoid_hard", "two_column", "the piecewise linear one", SIGMOID, F32, 0,
                      each<float, each_element<hard_sigmoid>>),
      SOFTMARK_MUTANT("sigmoid_mirrored", "two_column", "1 - sigmoid(-x): cancels in the tail",
                      SIGMOID, F32, 0, each<float, each_element<mirrored_sigmoid>>),
      SOFTMARK_MUTANT("cross_entropy_last_label", "cross_entropy", "the last label is off by one",
                      CROSS_ENTROPY, F32, 0, each_scalar<float, label_off_by_one>),
      SOFTMARK_MUTANT("cross_entropy_log_p", "cross_entropy",
                      "-log(p): infinite where p underflows", CROSS_ENTROPY, F32, 0,
                      each_scalar<float, minus_log_p>),
      SOFTMARK_MUTANT("cross_entropy_clipped", "cross_entropy", "p clipped at 1e-7", CROSS_ENTROPY,
                      F32, 0, each_scalar<float, clipped_p>),
      SOFTMARK_MUTANT("cross_entropy_ignores_0", "cross_entropy", "label 0 counts as padding",
                      CROSS_ENTROPY, F32, 0, each_scalar<float, ignores_label_0>),
      SOFTMARK_MUTANT("cross_entropy_narrow_labels", "cross_entropy", "labels read as int32",
                      CROSS_ENTROPY, F32, 0, narrow_labels),
      SOFTMARK_MUTANT("hardmax_last", "argmax", "the last of ties", HARDMAX, F32, 0,
                      each<float, hardmax<kLargerOrSame>>),
      SOFTMARK_MUTANT("hardmax_all", "sum_to_one", "every tie is marked", HARDMAX, F32, 0,
                      each<float, all_ties>),
      SOFTMARK_MUTANT("hardmax_signed_zeros", "argmax", "+0 counts as larger than -0", HARDMAX, F32,
                      0, each<float, hardmax<kLargerBits>>),
      SOFTMARK_MUTANT("hardmax_lanes", "argmax",
                      "ties go to the lowest lane, not the lowest column", HARDMAX, F32, 0,
                      each<float, ties_in_lanes>),
      SOFTMARK_MUTANT("hardmax_nan_last", "special_values", "a NaN never wins", HARDMAX, F32, 0,
                      each<float, hardmax<kLargerNumber>>),
  };
}

}  // namespace softmark::mutants
