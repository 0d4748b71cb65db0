// SPDX-License-Identifier: Apache-2.0
#include "reference/special.h"

#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

std::vector<Exact> filled(std::size_t count, double value) {
  return std::vector<Exact>(count, Exact{value, 0});
}

std::vector<Exact> hardmax(std::span<const double> x) {
  auto y = filled(x.size(), 0);
  std::size_t best = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i])) {
      best = i;
      break;
    }
    if (x[i] > x[best]) best = i;
  }
  if (!y.empty()) y[best].rounded = 1;
  return y;
}

/// The sum of terms of which at least one is not finite, by IEEE; no finite part can matter.
double special_sum(std::span<const double> terms) {
  bool up = false, down = false;
  for (const double term : terms) {
    if (std::isnan(term)) return kNan;
    up |= term == kInf;
    down |= term == -kInf;
  }
  return up && down ? kNan : up ? kInf : down ? -kInf : 0;
}

bool all_finite(std::span<const double> values) {
  for (const double value : values)
    if (!std::isfinite(value)) return false;
  return true;
}

// A VJP with a p or g that is not finite: sum_k g_k p_k is not finite then, and neither is any
// output.
std::vector<Exact> special_softmax_vjp(const Problem& problem) {
  std::vector<double> products(problem.x.size());
  for (std::size_t i = 0; i < products.size(); ++i) {
    products[i] = problem.x[i] * problem.g[i];
    if (std::isfinite(problem.x[i]) && std::isfinite(problem.g[i]))
      products[i] = 0;  // not an overflow of ours
  }
  const double dot = special_sum(products);
  auto y = filled(products.size(), 0);
  for (std::size_t i = 0; i < y.size(); ++i) y[i].rounded = problem.x[i] * (problem.g[i] - dot);
  return y;
}

// With a g that is not finite; exp(x) is taken in the type, so that exp(-1000) * inf is 0 * inf.
std::vector<Exact> special_log_softmax_vjp(const Problem& problem) {
  const double sum = special_sum(problem.g);
  auto y = filled(problem.x.size(), 0);
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i].rounded = problem.g[i] - round_to(problem.dtype, std::exp(problem.x[i])) * sum;
  return y;
}

// A row of nothing but -inf (the uniform policy has made it a row of equal logits before).
std::vector<Exact> masked(const Problem& problem, std::size_t outputs) {
  if (problem.masked_row == SOFTMARK_MASKED_NAN) return filled(outputs, kNan);
  auto y = filled(outputs, problem.op == SOFTMARK_LOG_SOFTMAX ? -kInf : 0);
  if (problem.op == SOFTMARK_CROSS_ENTROPY_VJP)
    y[static_cast<std::size_t>(problem.label)].rounded = -problem.g[0];
  return y;
}

std::optional<std::vector<Exact>> fixed_cross_entropy(const Problem& problem,
                                                      const RowFacts& facts) {
  if (facts.has_nan || problem.x.empty()) return filled(1, kNan);
  const double label = problem.x[static_cast<std::size_t>(problem.label)];
  if (facts.has_pos_inf) return filled(1, kInf - label);
  if (facts.finite == 0) return filled(1, kNan);
  if (label == -kInf) return filled(1, kInf);
  if (facts.finite == 1) return filled(1, 0);
  return std::nullopt;
}

std::optional<std::vector<Exact>> fixed_cross_entropy_vjp(const Problem& problem,
                                                          const RowFacts& facts) {
  const double g = problem.g[0];
  if (facts.has_nan || facts.has_pos_inf || std::isnan(g)) return filled(problem.x.size(), kNan);
  if (std::isfinite(g)) {
    if (facts.finite == 0) return masked(problem, problem.x.size());
    return std::nullopt;
  }
  // An infinite g: by IEEE from the softmax of the row, rounded to the type.
  Problem softmax = problem;
  softmax.op = SOFTMARK_SOFTMAX;
  softmax.g = {};
  auto y = exact_row(softmax);
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = {g * (y[i].rounded - (static_cast<std::int64_t>(i) == problem.label)), 0};
  return y;
}

std::optional<std::vector<Exact>> fixed_logits_row(const Problem& problem, const RowFacts& facts) {
  const std::size_t outputs = outputs_of(problem.op, problem.x.size());
  if (facts.has_nan || facts.has_pos_inf) return filled(outputs, kNan);
  if (facts.finite == 0) return masked(problem, outputs);
  if (facts.finite > 1) return std::nullopt;
  auto y = filled(outputs, problem.op == SOFTMARK_LOG_SOFTMAX ? -kInf : 0);
  if (problem.op == SOFTMARK_SOFTMAX) y[facts.argmax].rounded = 1;
  if (problem.op == SOFTMARK_LOG_SOFTMAX) y[facts.argmax].rounded = 0;
  return y;  // the Jacobian of a row with one finite element is zero
}

/// An op on single logits that grows with them has the ends of its range as its limits.
std::optional<double> fixed_monotone(const OpInfo& op, double x) {
  if (std::isnan(x)) return kNan;
  if (std::isinf(x)) return x > 0 ? op.high : op.low;
  return std::nullopt;
}

}  // namespace

RowFacts facts_of(std::span<const double> x) {
  RowFacts facts;
  facts.max = -kInf;
  for (std::size_t i = 0; i < x.size(); ++i) {
    facts.has_nan |= std::isnan(x[i]);
    facts.has_pos_inf |= x[i] == kInf;
    if (!std::isfinite(x[i])) continue;
    ++facts.finite;
    if (x[i] > facts.max) {
      facts.max = x[i];
      facts.argmax = i;
      facts.at_max = 0;
    }
    facts.at_max += x[i] == facts.max;
  }
  if (facts.finite == 0) facts.max = 0;
  return facts;
}

bool becomes_uniform(const Problem& problem, const RowFacts& facts) {
  if (problem.masked_row != SOFTMARK_MASKED_UNIFORM || facts.has_nan || facts.has_pos_inf ||
      facts.finite)
    return false;
  return problem.op == SOFTMARK_SOFTMAX || problem.op == SOFTMARK_LOG_SOFTMAX ||
         problem.op == SOFTMARK_SOFTMAX_JACOBIAN || problem.op == SOFTMARK_CROSS_ENTROPY_VJP;
}

std::optional<std::vector<Exact>> fixed_row(const Problem& problem, const RowFacts& facts) {
  if (problem.op == SOFTMARK_LOGSUMEXP) {
    if (facts.has_nan) return filled(1, kNan);
    if (facts.has_pos_inf) return filled(1, kInf);
    if (facts.finite == 0) return filled(1, -kInf);
    if (facts.finite == 1) return filled(1, facts.max);
    return std::nullopt;
  }
  if (problem.x.empty() && problem.op != SOFTMARK_CROSS_ENTROPY) return std::vector<Exact>{};
  if (op_info(problem.op).elementwise) return std::nullopt;
  switch (problem.op) {
    case SOFTMARK_HARDMAX:
      return hardmax(problem.x);
    case SOFTMARK_CROSS_ENTROPY:
      return fixed_cross_entropy(problem, facts);
    case SOFTMARK_CROSS_ENTROPY_VJP:
      return fixed_cross_entropy_vjp(problem, facts);
    case SOFTMARK_SOFTMAX_VJP:
      if (all_finite(problem.x) && all_finite(problem.g)) return std::nullopt;
      return special_softmax_vjp(problem);
    case SOFTMARK_LOG_SOFTMAX_VJP:
      if (all_finite(problem.g)) return std::nullopt;
      return special_log_softmax_vjp(problem);
    default:
      return fixed_logits_row(problem, facts);
  }
}

std::optional<double> fixed_output(const Problem& problem, std::size_t index) {
  const std::size_t cols = problem.x.size();
  const auto masked_at = [&](std::size_t i) { return problem.x[i] == -kInf; };
  const OpInfo& op = op_info(problem.op);
  if (takes_logits(problem.op) && op.elementwise && op.monotone)
    return fixed_monotone(op, problem.x[index]);
  switch (problem.op) {
    case SOFTMARK_SOFTMAX:
      if (masked_at(index)) return 0.0;
      break;
    case SOFTMARK_LOG_SOFTMAX:
      if (masked_at(index)) return -kInf;
      break;
    case SOFTMARK_SOFTMAX_JACOBIAN:
      if (masked_at(index / cols) || masked_at(index % cols)) return 0.0;
      break;
    case SOFTMARK_CROSS_ENTROPY_VJP:
      if (masked_at(index))
        return static_cast<std::int64_t>(index) == problem.label ? -problem.g[0] : 0.0;
      break;
    case SOFTMARK_LOG_SOFTMAX_VJP:
      // exp(-inf) is 0 and leaves g; beyond that IEEE: NaN, and inf * 0 where the g sum to nothing.
      if (std::isnan(problem.x[index])) return kNan;
      if (masked_at(index)) return problem.g[index];
      break;
    case SOFTMARK_SIGMOID_VJP: {
      const double s = problem.x[index], g = problem.g[index];
      if (!std::isfinite(s) || !std::isfinite(g)) return g * (s * (1 - s));
      break;
    }
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace softmark
