// SPDX-License-Identifier: Apache-2.0
// Every op's formula, written once for both kinds of number that enclose a real one: Bounded and
// Interval. Each has + - * /, exp_of, log1p_of (of a value >= 0), sign_of (0 where unknown) and
// infinite_times (inf * value).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "reference/bounded.h"
#include "reference/interval.h"
#include "reference/reference.h"
#include "reference/sided.h"
#include "reference/special.h"

namespace softmark {

template <class Number>
class Formulas {
 public:
  Formulas(const Problem& p, const RowFacts& f) : problem(p), facts(f) {}

  /// The work that all outputs share: exponentials and their sum, or the VJPs' sum.
  void prepare();
  /// Output `index`, one that the contract leaves open.
  Sided<Number> at(std::size_t index) const;

 protected:
  const Problem& problem;
  const RowFacts& facts;
  // exp of: x - max for ops on rows of logits, -|x| for those on single ones, x for the log-softmax
  // VJP.
  std::vector<Number> exps;
  // The sum of all exps but the first largest, of all, and its logarithm; the VJPs' sum, and that
  // of the softmax VJP without the first largest probability.
  Number others, total, log_total, row_sum, row_sum_of_others;

  /// The farthest from the maximum that differences are computed: no step of one overflows.
  static constexpr double kFarthest = -1e300;
  static double exponent_of_element(double x) { return -std::fabs(x); }
  void prepare_logits();
  void prepare_row_sum();
  template <class Argument>
  void prepare_exps(Argument argument) {
    exps.resize(problem.x.size());
    for (std::size_t i = 0; i < exps.size(); ++i)
      if (std::isfinite(problem.x[i])) exps[i] = exp_of(exact(argument(problem.x[i])));
  }
  void finish_logits() {
    total = exact(1) + others;
    log_total = log1p_of(others);
  }
  /// The sum of all exps but that of i.
  Number rest(std::size_t i) const { return i == facts.argmax ? others : total - exps[i]; }

 private:
  static Number exact(double value) { return Number(value); }
  Number shifted(std::size_t i) const { return exact(problem.x[i]) - exact(facts.max); }
  /// exp(x - max). Beyond kFarthest that serves: both are next to 0.
  Number exp_of_shifted(std::size_t i) const {
    return problem.x[i] - facts.max < kFarthest ? exp_of(exact(kFarthest)) : exp_of(shifted(i));
  }
  bool at_max(std::size_t i) const { return problem.x[i] == facts.max; }
  /// `whole` over the number of largest elements; one exact number where that division is exact.
  Number share(const Number& whole) const {
    return whole / exact(static_cast<double>(facts.at_max));
  }

  Sided<Number> softmax(std::size_t i) const;
  Sided<Number> log_softmax(std::size_t i) const;
  Sided<Number> jacobian(std::size_t i, std::size_t j) const;
  Sided<Number> sigmoid(std::size_t i) const;
  Sided<Number> cross_entropy() const;
  Sided<Number> cross_entropy_vjp(std::size_t i) const;
  Sided<Number> softmax_vjp(std::size_t i) const;
  Sided<Number> log_softmax_vjp(std::size_t i) const;
};

template <class Number>
void Formulas<Number>::prepare_logits() {
  exps.resize(problem.x.size());
  others = exact(0);
  for (std::size_t i = 0; i < exps.size(); ++i) {
    if (!std::isfinite(problem.x[i])) continue;
    // Equal logits are common (ties, padding): no exponential for a neighbour's twin.
    exps[i] = i > 0 && problem.x[i] == problem.x[i - 1] ? exps[i - 1] : exp_of_shifted(i);
    if (i != facts.argmax) others = others + exps[i];
  }
  finish_logits();
}

template <class Number>
void Formulas<Number>::prepare_row_sum() {
  row_sum = exact(0);
  const bool weighted = problem.op == SOFTMARK_SOFTMAX_VJP;
  const auto term = [&](std::size_t i) {
    return weighted ? exact(problem.x[i]) * exact(problem.g[i]) : exact(problem.g[i]);
  };
  for (std::size_t i = 0; i < problem.x.size(); ++i)
    if (!weighted || i != facts.argmax) row_sum = row_sum + term(i);
  if (!weighted) return;
  row_sum_of_others = row_sum;
  row_sum = row_sum + term(facts.argmax);
}

template <class Number>
void Formulas<Number>::prepare() {
  switch (problem.op) {
    case SOFTMARK_SOFTMAX_VJP:
      return prepare_row_sum();
    case SOFTMARK_LOG_SOFTMAX_VJP:
      prepare_row_sum();
      // An x beyond 4000 takes the result out of every type, however small the sum.
      return prepare_exps([](double x) { return std::min(x, 4000.0); });
    case SOFTMARK_SIGMOID:
      return prepare_exps(exponent_of_element);
    case SOFTMARK_SIGMOID_VJP:
      break;
    default:
      prepare_logits();
  }
}

// One of the largest is strictly below 1 over their number, unless all are equal, and any other
// below 1/2; the larger of two is above it.
template <class Number>
Sided<Number> Formulas<Number>::softmax(std::size_t i) const {
  const Number value = exps[i] / total;
  if (!at_max(i)) return {value, exact(0.5), -1};
  if (facts.all_equal()) return {value, share(exact(1)), 0};
  const bool near_half = problem.x.size() == 2 && facts.max - problem.x[1 - i] < 1;
  if (near_half) return {value, exact(0.5), 1};
  return {value, share(exact(1)), -1};
}

// Strictly below x - max.
template <class Number>
Sided<Number> Formulas<Number>::log_softmax(std::size_t i) const {
  return {shifted(i) - log_total, shifted(i), -1};
}

// With s = 1 over the number of largest elements: on the diagonal theirs are strictly below s (1 -
// s) where s <= 1/2, since p (1 - p) grows up to there; off it strictly above -s^2.
template <class Number>
Sided<Number> Formulas<Number>::jacobian(std::size_t i, std::size_t j) const {
  const Number p = exps[i] / total;
  const bool open = !facts.all_equal() && at_max(i) && at_max(j);
  if (i != j) return {-(p * (exps[j] / total)), -share(share(exact(1))), open ? 1 : 0};
  const auto more = static_cast<double>(facts.at_max) - 1;
  return {p * (rest(i) / total), share(share(exact(more))), open && more > 0 ? -1 : 0};
}

// Beside 1/2 on the side of x, and below 1.
template <class Number>
Sided<Number> Formulas<Number>::sigmoid(std::size_t i) const {
  const double x = problem.x[i];
  const Number& small = exps[i];
  if (x < 0) return {small / (exact(1) + small), exact(0.5), -1};
  const Number value = exact(1) / (exact(1) + small);
  if (x == 0) return {value, exact(0), 0};
  return {value, exact(x < 1 ? 0.5 : 1), x < 1 ? 1 : -1};
}

// Strictly above max - x[label].
template <class Number>
Sided<Number> Formulas<Number>::cross_entropy() const {
  const Number gap = exact(facts.max) - exact(problem.x[static_cast<std::size_t>(problem.label)]);
  return {gap + log_total, gap, 1};
}

// g p, for one of the s largest strictly nearer to 0 than g/s. For the label -g (1 - p), strictly
// nearer to 0 than -g, and for one of several largest strictly farther than -g (s-1)/s. Divided
// last: among equal logits g (s-1)/s may be a tie where (s-1)/s has no end.
template <class Number>
Sided<Number> Formulas<Number>::cross_entropy_vjp(std::size_t i) const {
  const Number g = exact(problem.g[0]);
  const int toward_zero = -sign_of(g);
  const bool one_of_largest = at_max(i) && !facts.all_equal();
  if (static_cast<std::int64_t>(i) != problem.label)
    return {g * exps[i] / total, share(g), one_of_largest ? toward_zero : 0};
  const Number value = -(g * rest(i) / total);
  if (!at_max(i) || facts.at_max == 1) return {value, -g, -toward_zero};
  return {value, -share(g * exact(static_cast<double>(facts.at_max) - 1)),
          one_of_largest ? toward_zero : 0};
}

// p (g - sum), for the largest p as p (g (1 - p) - sum of the others): next to 1 nothing cancels.
template <class Number>
Sided<Number> Formulas<Number>::softmax_vjp(std::size_t i) const {
  const Number p = exact(problem.x[i]), g = exact(problem.g[i]);
  if (i != facts.argmax) return {p * (g - row_sum), exact(0), 0};
  return {p * (g * (exact(1) - p) - row_sum_of_others), exact(0), 0};
}

// g - exp(x) sum g, strictly beside g.
template <class Number>
Sided<Number> Formulas<Number>::log_softmax_vjp(std::size_t i) const {
  if (std::isinf(problem.x[i])) return {infinite_times(-row_sum), exact(0), 0};
  return {exact(problem.g[i]) - exps[i] * row_sum, exact(problem.g[i]), -sign_of(row_sum)};
}

template <class Number>
Sided<Number> Formulas<Number>::at(std::size_t index) const {
  const std::size_t cols = problem.x.size();
  switch (problem.op) {
    case SOFTMARK_SOFTMAX:
      return softmax(index);
    case SOFTMARK_LOG_SOFTMAX:
      return log_softmax(index);
    case SOFTMARK_LOGSUMEXP:
      return {exact(facts.max) + log_total, exact(facts.max), 1};
    case SOFTMARK_SOFTMAX_VJP:
      return softmax_vjp(index);
    case SOFTMARK_LOG_SOFTMAX_VJP:
      return log_softmax_vjp(index);
    case SOFTMARK_SOFTMAX_JACOBIAN:
      return jacobian(index / cols, index % cols);
    case SOFTMARK_SIGMOID:
      return sigmoid(index);
    case SOFTMARK_SIGMOID_VJP: {
      const Number s = exact(problem.x[index]);
      return {exact(problem.g[index]) * s * (exact(1) - s), exact(0), 0};
    }
    case SOFTMARK_CROSS_ENTROPY:
      return cross_entropy();
    case SOFTMARK_CROSS_ENTROPY_VJP:
      return cross_entropy_vjp(index);
    case SOFTMARK_HARDMAX:
      break;
  }
  return {};
}

}  // namespace softmark
