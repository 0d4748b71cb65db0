// SPDX-License-Identifier: Apache-2.0
// The generic envelope: what a sane evaluation may lose on this row. Derivations: reference/bounds.md (the section
// numbers below are its).
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/names.h"
#include "reference/element.h"
#include "reference/reference.h"
#include "reference/special.h"

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kExpUlp = 8;   // relative error of exp and log, in u: 4 ulp, what vector libraries promise
constexpr double kShift = 2.25; // error of the exponent per u (a + ln S): shift, and base 2 or a second subtraction
constexpr double kTinyUlp = 4;  // absolute error of exp below the normal range, in subnormals
constexpr double kOwnError = 1 + 0x1p-30;  // this file computes in double

/// Working precision and range: float32 below float64.
struct Working {
  explicit Working(softmark_dtype dtype)
      : type(dtype == SOFTMARK_F64 ? SOFTMARK_F64 : SOFTMARK_F32),
        u(std::ldexp(1.0, -type_info(type).precision)),
        tiny(smallest_subnormal(type)),
        normal(std::ldexp(1.0, type_info(type).min_exponent)),
        largest(largest_finite(type)) {}
  softmark_dtype type;
  double u, tiny, normal, largest;
};

double log2_up(std::size_t n) { return n < 2 ? 0 : std::ceil(std::log2(static_cast<double>(n))); }

/// (1) The most that summation in any usual order loses: u total * (K + ceil(log2 n) + 2).
double summation_error(const Working& w, std::span<const double> magnitudes, double total) {
  if (total == 0) return 0;
  double terms = 0;
  for (const double e : magnitudes) terms += std::min(w.u * total, e);
  return terms + w.u * total * (log2_up(magnitudes.size()) + 2);
}

/// (2) How often a running maximum can change after each element, scanning any part of the row in lanes of `stride`,
/// forwards or backwards: the length of its chain of next greater elements.
void count_rescales(std::span<const double> x, std::size_t stride, bool backwards, std::vector<unsigned>& most) {
  const std::size_t n = x.size();
  const auto at = [&](std::size_t k) { return backwards ? k : n - 1 - k; };
  std::vector<unsigned> depth(n);
  std::vector<std::size_t> stack;
  for (std::size_t lane = 0; lane < std::min(stride, n); ++lane) {
    stack.clear();
    for (std::size_t k = lane; k < n; k += stride) {
      const std::size_t i = at(k);
      while (!stack.empty() && !(x[stack.back()] > x[i])) stack.pop_back();
      depth[i] = stack.empty() ? 0 : depth[stack.back()] + 1;
      most[i] = std::max(most[i], depth[i]);
      stack.push_back(i);
    }
  }
}

/// A row of logits as every evaluation sees it.
struct Row {
  Row(const Problem& problem, const Working& w);
  std::vector<double> gap, weight;  // a = max - x (infinite where masked) and exp(-a)
  double sum = 0, log_sum = 0;
  double sigma = 0;       // relative error of the computed sum; >= 1 where nothing can be said
  double log_error = 0;   // absolute error of the computed log of the sum
};

Row::Row(const Problem& problem, const Working& w) {
  const auto& x = problem.x;
  const RowFacts facts = facts_of(x);
  gap.resize(x.size());
  weight.resize(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    gap[i] = facts.finite ? facts.max - x[i] : 0;  // a masked row is uniform here
    weight[i] = std::exp(-gap[i]);
    sum += weight[i];
  }
  log_sum = std::log(sum);

  std::vector<unsigned> rescales(x.size());
  for (const std::size_t stride : {1, 2, 4, 8, 16, 32, 64})
    for (const bool backwards : {false, true})
      if (stride == 1 || stride < x.size()) count_rescales(x, stride, backwards, rescales);
  const double merges = std::min(log2_up(x.size()), 6.0);
  double each = 0, tiny = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (weight[i] == 0) continue;
    const double losses = gap[i] > 0 ? rescales[i] + merges : 0;
    each += weight[i] * std::expm1(w.u * (kExpUlp + kShift * gap[i] + losses * (kExpUlp + 1)));
    tiny += weight[i] < 2 * w.normal ? kTinyUlp * w.tiny : 0;
  }
  const double rounding = summation_error(w, weight, sum) / sum;
  sigma = each / sum * (1 + rounding) + rounding + tiny / sum;
  if (!(sigma < 1)) sigma = 1;
  log_error = -std::log1p(-sigma) * (1 + kExpUlp * w.u) + kExpUlp * w.u * log_sum;
}

/// (3) softmax: absolute error of output j, before rounding to a narrower type.
double softmax_error(const Row& row, const Working& w, std::size_t j) {
  if (row.sigma >= 1) return kInf;
  const double p = row.weight[j] / row.sum;
  if (std::isinf(row.gap[j])) return w.tiny * kTinyUlp;  // the difference alone overflowed; masked ones are fixed
  const double exponent = w.u * (kExpUlp + kShift * (row.gap[j] + row.log_sum) + kExpUlp * row.log_sum + 4);
  const double relative = std::expm1(exponent - std::log1p(-row.sigma));
  return p * relative + (p < 2 * w.normal ? (kTinyUlp + 0.5) * w.tiny : 0);
}

// (4) log-softmax, and the cross-entropy that is its negative.
double log_softmax_error(const Row& row, const Working& w, std::size_t j) {
  const double y = row.gap[j] + row.log_sum;
  const double before = w.u * row.gap[j] + row.log_error;
  return before + w.u * (y + before);
}

// (5)
double logsumexp_error(const Row& row, const Working& w, double max) {
  return row.log_error + w.u * (std::fabs(max + row.log_sum) + row.log_error);
}

// (6)
double jacobian_error(const Row& row, const Working& w, std::size_t i, std::size_t j) {
  const double p = row.weight[i] / row.sum, q = row.weight[j] / row.sum;
  const double dp = softmax_error(row, w, i), dq = softmax_error(row, w, j);
  if (i == j) return (dp * (1 + dp) + 2 * w.u * (p + dp)) * (1 + w.u) + w.u * p * (1 - p) + w.tiny;
  const double product = p * dq + q * dp + dp * dq;
  return product + w.u * (p * q + product) + w.tiny / 2;
}

// (7)
double cross_entropy_vjp_error(const Row& row, const Working& w, const Problem& problem, std::size_t j) {
  const double g = std::fabs(problem.g[0]), p = row.weight[j] / row.sum;
  const double q = static_cast<std::int64_t>(j) == problem.label ? 1 - p : p;
  const double dp = softmax_error(row, w, j);
  const double before = dp + w.u * (q + dp);
  return g * (before + w.u * (q + before)) + w.tiny / 2;
}

// (8)
double sigmoid_error(double x, const Working& w) {
  const double z = std::exp(-std::fabs(x)), p = (x < 0 ? z : 1) / (1 + z);
  const double dz = std::expm1(w.u * (kExpUlp + (kShift - 1) * std::fabs(x)));
  const double small = x < 0 ? dz : 0;
  const double below = z / (1 + z) * dz + 2 * w.u;
  return p * ((1 + small) * (1 + 3 * w.u) / (1 - below) - 1) + (p < 2 * w.normal ? (kTinyUlp + 0.5) * w.tiny : 0);
}

// (9)
double sigmoid_vjp_error(double s, double g, const Working& w) {
  const double value = std::fabs(g * s * (1 - s)), flank = std::fabs(s * (1 - s)), product = std::fabs(g * s);
  if (std::max(product, std::fabs(g) * flank) * (1 + 4 * w.u) > w.largest || flank > w.largest) return kInf;
  double underflow = w.tiny / 2;
  if (flank < 2 * w.normal) underflow += std::fabs(g) * w.tiny / 2;
  if (product < 2 * w.normal) underflow += std::fabs(1 - s) * w.tiny / 2;
  return value * 3.01 * w.u + underflow * (1 + 3 * w.u);
}

/// A sum of signed terms: its magnitude and what it may lose.
struct SignedSum {
  double value = 0, magnitude = 0, error = 0;
};
SignedSum signed_sum(const Working& w, std::span<const double> terms, double term_error) {
  SignedSum sum;
  std::vector<double> magnitudes(terms.size());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    magnitudes[i] = std::fabs(terms[i]);
    sum.value += terms[i];
    sum.magnitude += magnitudes[i];
  }
  const double loss = summation_error(w, magnitudes, sum.magnitude);
  sum.error = loss * (1 + w.u + loss / std::max(sum.magnitude, w.tiny)) + term_error * sum.magnitude +
              (term_error > 0 ? static_cast<double>(terms.size()) * w.tiny / 2 : 0);
  return sum;
}

// (10)
double softmax_vjp_error(const Problem& problem, const Working& w, const SignedSum& dot, std::size_t j) {
  const double p = std::fabs(problem.x[j]), reach = std::fabs(problem.g[j]) + std::fabs(dot.value) + dot.error;
  if (std::max({dot.magnitude, reach, p * reach}) * (1 + 4 * w.u) > w.largest) return kInf;
  return p * (dot.error * (1 + 3 * w.u) + 3.01 * w.u * reach) + 1.5 * w.tiny;
}

// (11)
double log_softmax_vjp_error(const Problem& problem, const Working& w, const SignedSum& sum, double y, std::size_t j) {
  const double e = std::exp(problem.x[j]);
  const double relative = std::expm1(w.u * (kExpUlp + (kShift - 1) * std::fabs(problem.x[j]) + 1));
  const double total = std::fabs(sum.value) + sum.error;
  if (std::max({e * (1 + relative), sum.magnitude, e * total}) * (1 + 4 * w.u) > w.largest) return kInf;
  double before = e * (total * relative + sum.error) + w.tiny / 2;
  if (e < 2 * w.normal) before += kTinyUlp * w.tiny * total;
  return before + w.u * (std::fabs(y) + before);
}

double approximate(const Exact& exact, softmark_dtype dtype) { return exact.rounded + exact.residual * ulp_of(exact, dtype); }

/// Absolute errors of all outputs of a row that the contract leaves open, in the working precision.
std::vector<double> working_errors(const Problem& problem, std::span<const Exact> exact, const Working& w) {
  std::vector<double> errors(exact.size());
  const auto each = [&](auto error_of) {
    for (std::size_t i = 0; i < errors.size(); ++i) errors[i] = error_of(i);
    return errors;
  };
  switch (problem.op) {
    case SOFTMARK_SIGMOID: return each([&](std::size_t i) { return sigmoid_error(problem.x[i], w); });
    case SOFTMARK_SIGMOID_VJP:
      return each([&](std::size_t i) { return sigmoid_vjp_error(problem.x[i], problem.g[i], w); });
    case SOFTMARK_SOFTMAX_VJP: {
      std::vector<double> products(problem.x.size());
      std::transform(problem.x.begin(), problem.x.end(), problem.g.begin(), products.begin(), std::multiplies<>());
      const SignedSum dot = signed_sum(w, products, w.u);
      return each([&](std::size_t i) { return softmax_vjp_error(problem, w, dot, i); });
    }
    case SOFTMARK_LOG_SOFTMAX_VJP: {
      const SignedSum sum = signed_sum(w, problem.g, 0);
      return each([&](std::size_t i) {
        return log_softmax_vjp_error(problem, w, sum, approximate(exact[i], problem.dtype), i);
      });
    }
    default: break;
  }
  const Row row(problem, w);
  const std::size_t cols = problem.x.size();
  switch (problem.op) {
    case SOFTMARK_SOFTMAX: return each([&](std::size_t i) { return softmax_error(row, w, i); });
    case SOFTMARK_LOG_SOFTMAX: return each([&](std::size_t i) { return log_softmax_error(row, w, i); });
    case SOFTMARK_LOGSUMEXP: return {logsumexp_error(row, w, facts_of(problem.x).max)};
    case SOFTMARK_SOFTMAX_JACOBIAN: return each([&](std::size_t i) { return jacobian_error(row, w, i / cols, i % cols); });
    case SOFTMARK_CROSS_ENTROPY: return {log_softmax_error(row, w, static_cast<std::size_t>(problem.label))};
    case SOFTMARK_CROSS_ENTROPY_VJP:
      return each([&](std::size_t i) { return cross_entropy_vjp_error(row, w, problem, i); });
    default: return errors;
  }
}

/// (12) From an absolute error in the working precision to ulps of the exact value in the output type.
double to_ulps(const Exact& exact, double error, softmark_dtype dtype, const Working& w) {
  const double magnitude = std::fabs(approximate(exact, dtype));
  // Where float64 itself is the working precision, this file's own arithmetic loses up to a subnormal.
  if (w.type == SOFTMARK_F64 && magnitude < 0x1p-960) error += w.tiny;
  if (dtype != w.type) error += spacing(dtype, magnitude + error) / 2;
  const double threshold = largest_finite(dtype) + spacing(dtype, largest_finite(dtype)) / 2;
  if (!(magnitude + error < threshold)) return kInf;
  return error * kOwnError / ulp_of(exact, dtype);
}

/// Whether IEEE leaves an output open: an infinite g times a p that may or may not have rounded to 0 (or 1).
bool is_unsettled(const Problem& problem, const Working& w, std::size_t index) {
  if (problem.op == SOFTMARK_CROSS_ENTROPY_VJP) return std::isinf(problem.g[0]);
  return problem.op == SOFTMARK_LOG_SOFTMAX_VJP && std::exp(problem.x[index]) < 2 * w.normal &&
         std::any_of(problem.g.begin(), problem.g.end(), [](double g) { return std::isinf(g); });
}

}  // namespace

std::vector<double> bound_row(const Problem& problem, std::span<const Exact> exact) {
  const Working w(problem.dtype);
  std::vector<double> bounds(exact.size());
  const RowFacts facts = facts_of(problem.x);
  if (!becomes_uniform(problem, facts) && fixed_row(problem, facts)) {
    for (std::size_t i = 0; i < bounds.size(); ++i)
      if (!std::isnan(exact[i].rounded) || problem.op == SOFTMARK_LOG_SOFTMAX_VJP || problem.op == SOFTMARK_CROSS_ENTROPY_VJP)
        bounds[i] = is_unsettled(problem, w, i) ? kInf : 0;
    return bounds;
  }
  const auto errors = working_errors(problem, exact, w);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!becomes_uniform(problem, facts) && fixed_output(problem, i)) continue;
    if (std::isfinite(exact[i].rounded)) bounds[i] = to_ulps(exact[i], errors[i], problem.dtype, w);
    // Beyond the type: only an infinity is right, except where the working precision itself may end.
    else if (std::isinf(exact[i].rounded) && !std::isfinite(errors[i])) bounds[i] = kInf;
  }
  return bounds;
}

}  // namespace softmark
