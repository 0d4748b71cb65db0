// SPDX-License-Identifier: Apache-2.0
// Derivations: reference/bounds.md, whose section numbers stand here in brackets.
#include "reference/error_bounds.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "kernels/element.h"
#include "kernels/names.h"
#include "reference/sided.h"
#include "reference/special.h"

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kOwnError = 1 + 0x1p-30;  // this file computes in double

/// An evaluation and the constants of its working precision.
struct Working : Evaluation {
  explicit Working(const Evaluation& evaluation)
      : Evaluation(evaluation),
        u(std::ldexp(1.0, -type_info(working).precision)),
        tiny(smallest_subnormal(working)),
        half_tiny(working == SOFTMARK_F64 ? tiny : tiny / 2),  // half of float64's is no double
        normal(std::ldexp(1.0, type_info(working).min_exponent)),
        largest(largest_finite(working)) {}
  double u, tiny, half_tiny, normal, largest;
  double shift_error(double gap) const { return shift == kExact ? 0 : u * gap; }
  double exp_relative(double exponent) const {
    return u * (exp_error + base2 * std::fabs(exponent));
  }
};

double log2_up(std::size_t n) { return n < 2 ? 0 : std::ceil(std::log2(static_cast<double>(n))); }

/// [1] The most that a sum of these magnitudes loses: an addition errs by u times its result at
/// most, and by no more than its smaller operand.
double summation_error(const Working& w, std::span<const double> magnitudes, double total) {
  if (total == 0 || magnitudes.size() < 2) return 0;
  const auto n = static_cast<double>(magnitudes.size());
  double swallowed = 0, prefix = 0, largest = 0, in_order = 0;
  for (const double e : magnitudes) {
    largest = std::max(largest, e);
    swallowed += std::min(w.u * total, e);
    in_order += std::min({w.u * (prefix + e), e, prefix});
    prefix += e;
  }
  const double second_order = 1 + n * w.u;
  const double gamma = (n - 1) * w.u / (1 - (n - 1) * w.u);
  switch (w.sum) {
    case Evaluation::kRecursive:
      return in_order * second_order;
    case Evaluation::kLanes:
      return (swallowed + w.u * total * log2_up(w.width)) * second_order;
    case Evaluation::kPairwise:
      return total *
             std::expm1((w.width + log2_up(magnitudes.size() / w.width + 1)) * std::log1p(w.u));
    case Evaluation::kCompensated:
      return total * (w.u + gamma * gamma);
    case Evaluation::kWide:
      return total * ((1 + n * 0x1p-53) * (1 + w.u) - 1);
    case Evaluation::kFixedPoint:
      return n * std::ldexp(largest, -static_cast<int>(w.width) - 1) + w.u * total;
    case Evaluation::kAnyOrder:
      break;
  }
  return (swallowed + w.u * total * (log2_up(magnitudes.size()) + 2)) * second_order;
}

/// [2] How often a running maximum can change after each element, scanning any part of the row in
/// lanes of `stride`: the length of its chain of next greater elements.
void count_rescales(std::span<const double> x, std::size_t stride, bool backwards,
                    std::vector<unsigned>& most) {
  const std::size_t n = x.size();
  std::vector<unsigned> depth(n);
  std::vector<std::size_t> stack;
  for (std::size_t lane = 0; lane < std::min(stride, n); ++lane) {
    stack.clear();
    for (std::size_t k = lane; k < n; k += stride) {
      const std::size_t i = backwards ? k : n - 1 - k;
      while (!stack.empty() && !(x[stack.back()] > x[i])) stack.pop_back();
      depth[i] = stack.empty() ? 0 : depth[stack.back()] + 1;
      most[i] = std::max(most[i], depth[i]);
      stack.push_back(i);
    }
  }
}

/// [2] For each element the number of times that its term may be rescaled.
std::vector<double> rescales_of(const Working& w, std::span<const double> x) {
  std::vector<double> result(x.size());
  if (w.rescaling == Evaluation::kNever) return result;
  std::vector<unsigned> most(x.size());
  count_rescales(x, 1, false, most);
  double merges = 0;
  if (w.rescaling == Evaluation::kAnyBlocks) {
    merges = std::min(log2_up(x.size()), 6.0);
    count_rescales(x, 1, true, most);
    for (std::size_t stride = 2; stride <= 64 && stride < x.size(); stride *= 2)
      for (const bool backwards : {false, true}) count_rescales(x, stride, backwards, most);
  }
  // Each time the maximum grows strictly, so no term is rescaled more often than there are larger
  // elements.
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto larger = sorted.end() - std::upper_bound(sorted.begin(), sorted.end(), x[i]);
    result[i] = std::min(most[i] + merges, static_cast<double>(larger));
  }
  return result;
}

/// A row of logits as the evaluation sees it.
struct Row {
  Row(const Problem& problem, const Working& w);
  std::vector<double> gap, weight;  // a = max - x (infinite where masked) and exp(-a)
  double sum = 0, log_sum = 0;
  double sigma = 0;      // relative error of the computed sum; 1 where nothing can be said
  double log_error = 0;  // absolute error of the computed log of the sum
  double exp_error(const Working& w, std::size_t i, double exponent) const {
    return gap[i] == 0 && exponent == 0 && w.exp_of_zero_is_one ? 0 : w.exp_relative(exponent);
  }
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

  const auto rescales = rescales_of(w, x);
  double each = 0, tiny = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (problem.x[i] == -kInf && facts.finite) continue;
    if (weight[i] < 2 * w.normal) tiny += w.exp_tiny * w.tiny;
    if (weight[i] == 0) continue;
    const double again = rescales[i] * w.u * (w.exp_error + 1);
    each += weight[i] * std::expm1(exp_error(w, i, gap[i]) + w.shift_error(gap[i]) + again);
  }
  const double rounding = summation_error(w, weight, sum) / sum;
  sigma = each / sum * (1 + rounding) + rounding + tiny / sum;
  if (!(sigma < 1)) sigma = 1;
  log_error = -std::log1p(-sigma) * (1 + w.log_error * w.u) + w.log_error * w.u * log_sum;
}

/// [3] softmax: absolute error of output j, before rounding to a narrower type.
double softmax_error(const Row& row, const Working& w, std::size_t j) {
  if (row.sigma >= 1) return kInf;
  if (std::isinf(row.gap[j]))
    return w.exp_tiny * w.tiny;  // the difference alone overflowed; masked ones are fixed
  const double shift = w.shift_error(row.gap[j]);
  const double shifted = row.gap[j] + row.log_sum;
  const double divide = row.exp_error(w, j, row.gap[j]) + shift - std::log1p(-row.sigma);
  const double free =
      w.exp_relative(shifted) + shift + row.log_error + w.u * (shifted + row.log_error);
  double exponent = divide + w.u;
  if (w.normaliser == Evaluation::kReciprocal) exponent += w.u;
  if (w.normaliser == Evaluation::kDivisionFree) exponent = free;
  if (w.normaliser == Evaluation::kAnyNormaliser) exponent = std::max(divide + 4 * w.u, free);
  const double p = row.weight[j] / row.sum;
  // Far below the type p times its relative error is 0 times infinity; the largest computed value
  // stands for it.
  const double relative = exponent < 1 ? p * std::expm1(exponent) : std::exp(exponent - shifted);
  return relative + (p < 2 * w.normal ? w.exp_tiny * w.tiny + w.half_tiny : 0.0);
}

// [4] log-softmax, and the cross-entropy that is its negative.
double log_softmax_error(const Row& row, const Working& w, std::size_t j) {
  const double y = row.gap[j] + row.log_sum;
  const double before = w.shift_error(row.gap[j]) + row.log_error;
  return before + w.u * (y + before);
}

// [5]
double logsumexp_error(const Row& row, const Working& w, double max) {
  return row.log_error + w.u * (std::fabs(max + row.log_sum) + row.log_error);
}

/// What 1 - p loses as the sum of the other terms over the whole sum: no cancellation, and each sum
/// errs by sigma at most.
double others_error(const Row& row, const Working& w, double q) {
  return row.sigma < 1 ? (q + row.sigma) * (1 + w.u) / (1 - row.sigma) - q : kInf;
}

// [6]
double jacobian_error(const Row& row, const Working& w, std::size_t i, std::size_t j) {
  const double p = row.weight[i] / row.sum, q = row.weight[j] / row.sum;
  const double dp = softmax_error(row, w, i), dq = softmax_error(row, w, j);
  double product = p * dq + q * dp + dp * dq;
  if (i == j) {
    const double same =
        dp * (std::fabs(1 - 2 * p) + dp) + w.u * std::max((p + dp) * (p + dp), p * (1 - p) + dp);
    const double others = others_error(row, w, 1 - p);
    product = std::max(same, (1 - p) * dp + p * others + dp * others) + w.half_tiny;
  }
  return product + w.u * (p * (i == j ? 1 - p : q) + product) + w.half_tiny;
}

// [7]
double cross_entropy_vjp_error(const Row& row, const Working& w, const Problem& problem,
                               std::size_t j) {
  const double g = std::fabs(problem.g[0]), p = row.weight[j] / row.sum;
  const bool at_label = static_cast<std::int64_t>(j) == problem.label;
  const double q = at_label ? 1 - p : p, dp = softmax_error(row, w, j);
  double before = dp + w.u * (q + dp);
  // Without cancellation: the sum of the others over the whole sum.
  if (at_label && row.sigma < 1) before = std::max(before, others_error(row, w, q));
  return g * (before + w.u * (q + before)) + w.half_tiny;
}

// [8]
double sigmoid_error(double x, const Working& w) {
  const double z = std::exp(-std::fabs(x)), p = (x < 0 ? z : 1) / (1 + z);
  const double dz = -std::log1p(-std::expm1(w.exp_relative(x)));
  // z stands above and below, so its error reaches z/(1+z) by 1/(1+z) of it and 1/(1+z) by z/(1+z)
  // of it.
  const double through = x < 0 ? 1 / (1 + z) : z / (1 + z);
  const double quotient = w.normaliser == Evaluation::kDivide       ? 1
                          : w.normaliser == Evaluation::kReciprocal ? 2
                                                                    : 3;
  return p * std::expm1(dz * (through + dz / 8) + (1 + quotient) * w.u * (1 + w.u)) +
         (p < 2 * w.normal ? w.exp_tiny * w.tiny + w.half_tiny : 0.0);
}

// [9]
double sigmoid_vjp_error(double s, double g, const Working& w) {
  const double value = std::fabs(g * s * (1 - s)), flank = std::fabs(s * (1 - s)),
               product = std::fabs(g * s);
  if (std::max(product, std::fabs(g) * flank) * (1 + 4 * w.u) > w.largest || flank > w.largest)
    return kInf;
  double underflow = w.half_tiny;
  if (flank < 2 * w.normal) underflow += std::fabs(g) * w.half_tiny;
  if (product < 2 * w.normal) underflow += std::fabs(1 - s) * w.half_tiny;
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
  sum.error = loss * (1 + w.u + loss / std::max(sum.magnitude, w.tiny)) +
              term_error * sum.magnitude +
              (term_error > 0 ? static_cast<double>(terms.size()) * w.half_tiny : 0);
  return sum;
}

// [10]
double softmax_vjp_error(const Problem& problem, const Working& w, const SignedSum& dot,
                         std::size_t j) {
  const double p = std::fabs(problem.x[j]),
               reach = std::fabs(problem.g[j]) + std::fabs(dot.value) + dot.error;
  if (std::max({dot.magnitude, reach, p * reach}) * (1 + 4 * w.u) > w.largest) return kInf;
  return p * (dot.error * (1 + 3 * w.u) + 3.01 * w.u * reach) + 1.5 * w.tiny;
}

// [11]
double log_softmax_vjp_error(const Problem& problem, const Working& w, const SignedSum& sum,
                             double y, std::size_t j) {
  const double e = std::exp(problem.x[j]);
  const double relative = std::expm1(w.exp_relative(problem.x[j]) + w.u);
  const double total = std::fabs(sum.value) + sum.error;
  if (std::max({e * (1 + relative), sum.magnitude, e * total}) * (1 + 4 * w.u) > w.largest)
    return kInf;
  double before = e * (total * relative + sum.error) + w.half_tiny;
  if (e < 2 * w.normal) before += w.exp_tiny * w.tiny * total;
  return before + w.u * (std::fabs(y) + before);
}

double approximate(const Exact& exact, softmark_dtype dtype) {
  return exact.rounded + exact.residual * ulp_of(exact, dtype);
}

/// Absolute errors of all outputs of a row that the contract leaves open, in the working precision.
std::vector<double> working_errors(const Problem& problem, std::span<const Exact> exact,
                                   const Working& w) {
  std::vector<double> errors(exact.size());
  const auto each = [&](auto error_of) {
    for (std::size_t i = 0; i < errors.size(); ++i) errors[i] = error_of(i);
    return errors;
  };
  switch (problem.op) {
    case SOFTMARK_SIGMOID:
      return each([&](std::size_t i) { return sigmoid_error(problem.x[i], w); });
    case SOFTMARK_SIGMOID_VJP:
      return each([&](std::size_t i) { return sigmoid_vjp_error(problem.x[i], problem.g[i], w); });
    case SOFTMARK_SOFTMAX_VJP: {
      std::vector<double> products(problem.x.size());
      std::transform(problem.x.begin(), problem.x.end(), problem.g.begin(), products.begin(),
                     std::multiplies<>());
      const SignedSum dot = signed_sum(w, products, w.u);
      return each([&](std::size_t i) { return softmax_vjp_error(problem, w, dot, i); });
    }
    case SOFTMARK_LOG_SOFTMAX_VJP: {
      const SignedSum sum = signed_sum(w, problem.g, 0);
      return each([&](std::size_t i) {
        return log_softmax_vjp_error(problem, w, sum, approximate(exact[i], problem.dtype), i);
      });
    }
    default:
      break;
  }
  const Row row(problem, w);
  const std::size_t cols = problem.x.size();
  switch (problem.op) {
    case SOFTMARK_SOFTMAX:
      return each([&](std::size_t i) { return softmax_error(row, w, i); });
    case SOFTMARK_LOG_SOFTMAX:
      return each([&](std::size_t i) { return log_softmax_error(row, w, i); });
    case SOFTMARK_LOGSUMEXP:
      return {logsumexp_error(row, w, facts_of(problem.x).max)};
    case SOFTMARK_SOFTMAX_JACOBIAN:
      return each([&](std::size_t i) { return jacobian_error(row, w, i / cols, i % cols); });
    case SOFTMARK_CROSS_ENTROPY:
      return {log_softmax_error(row, w, static_cast<std::size_t>(problem.label))};
    case SOFTMARK_CROSS_ENTROPY_VJP:
      return each([&](std::size_t i) { return cross_entropy_vjp_error(row, w, problem, i); });
    default:
      return errors;
  }
}

/// [12] From an absolute error in the working precision to ulps of the exact value in the output
/// type.
double to_ulps(const Exact& exact, double error, const Problem& problem, const Working& w) {
  const softmark_dtype dtype = problem.dtype;
  const double magnitude = std::fabs(approximate(exact, dtype));
  // Where float64 itself is the working precision, this file's own arithmetic loses up to a
  // subnormal.
  if (w.working == SOFTMARK_F64 && magnitude < 0x1p-960) error += w.tiny;
  if (dtype != w.working) error += spacing(dtype, magnitude + error) / 2;
  const double threshold = largest_finite(dtype) + spacing(dtype, largest_finite(dtype)) / 2;
  // A NaN, where 0 times an infinity bounds the error, is no bound.
  if (!(problem.saturates ? error < kInf : magnitude + error < threshold)) return kInf;
  return error * kOwnError / ulp_of(exact, dtype);
}

/// Whether IEEE leaves an output open: an infinite g times a p that may or may not have rounded to
/// 0 (or 1).
bool is_unsettled(const Problem& problem, const Working& w, std::size_t index) {
  if (problem.op == SOFTMARK_CROSS_ENTROPY_VJP)
    return std::isinf(problem.g[0]) && !facts_of(problem.x).has_nan;
  return problem.op == SOFTMARK_LOG_SOFTMAX_VJP && std::exp(problem.x[index]) < 2 * w.normal &&
         std::any_of(problem.g.begin(), problem.g.end(), [](double g) { return std::isinf(g); });
}

}  // namespace

Evaluation generic_evaluation(softmark_dtype dtype) {
  Evaluation evaluation;
  evaluation.working = working_type(dtype);
  evaluation.base2 = 1.25;
  evaluation.rescaling = Evaluation::kAnyBlocks;
  evaluation.normaliser = Evaluation::kAnyNormaliser;
  return evaluation;
}

std::vector<double> error_bounds(const Problem& problem, std::span<const Exact> exact) {
  return error_bounds(problem, exact, generic_evaluation(problem.dtype));
}

std::vector<double> error_bounds(const Problem& problem, std::span<const Exact> exact,
                                 const Evaluation& evaluation) {
  const Working w(evaluation);
  std::vector<double> bounds(exact.size());
  const RowFacts facts = facts_of(problem.x);
  if (!becomes_uniform(problem, facts) && fixed_row(problem, facts)) {
    for (std::size_t i = 0; i < bounds.size(); ++i)
      bounds[i] = is_unsettled(problem, w, i) ? kInf : 0;
    return bounds;
  }
  const auto errors = working_errors(problem, exact, w);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!becomes_uniform(problem, facts) && fixed_output(problem, i)) continue;
    if (std::isfinite(exact[i].rounded)) bounds[i] = to_ulps(exact[i], errors[i], problem, w);
    // Beyond the type nothing finite is right, except where a sane evaluation may end within it.
    else if (may_end_within(exact[i].residual, errors[i], problem.dtype))
      bounds[i] = kInf;
  }
  return bounds;
}

}  // namespace softmark
