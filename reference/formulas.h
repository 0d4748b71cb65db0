// SPDX-License-Identifier: Apache-2.0
// Every op's formula, written once for every kind of number that encloses a real one (Interval, Bounded). A Number has
// + - * /, and, declared before this file is included: exp_of, log1p_of (of a value >= 0), sign_of (0 where unknown),
// infinite_times (inf * value).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "reference/enclosed.h"
#include "reference/reference.h"
#include "reference/special.h"

namespace softmark {

template <class Number>
class Formulas {
 public:
  Formulas(const Problem& p, const RowFacts& f) : problem(p), facts(f) {}

  /// The work that all outputs share: exponentials and their sum, or the VJPs' sum.
  void prepare();
  /// Output `index`, one that the contract leaves open.
  Enclosed<Number> at(std::size_t index) const;

 protected:
  const Problem& problem;
  const RowFacts& facts;
  // exp of: x - max for ops on logits, -|x| for the sigmoid, x for the log-softmax VJP.
  std::vector<Number> exps;
  // The sum of all exps but the first largest, of all, and its logarithm; the VJPs' sum.
  Number others, total, log_total, row_sum;

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

 private:
  static Number exact(double value) { return Number(value); }
  Number shifted(std::size_t i) const { return exact(problem.x[i]) - exact(facts.max); }
  bool at_max(std::size_t i) const { return problem.x[i] == facts.max; }
  /// The sum of all exps but that of i.
  Number rest(std::size_t i) const { return i == facts.argmax ? others : total - exps[i]; }
  bool counts_power_of_two() const { return std::has_single_bit(facts.at_max); }

  Enclosed<Number> softmax(std::size_t i) const;
  Enclosed<Number> log_softmax(std::size_t i) const;
  Enclosed<Number> jacobian(std::size_t i, std::size_t j) const;
  Enclosed<Number> sigmoid(std::size_t i) const;
  Enclosed<Number> cross_entropy() const;
  Enclosed<Number> cross_entropy_vjp(std::size_t i) const;
  Enclosed<Number> log_softmax_vjp(std::size_t i) const;
};

/// Whether b - a is a double (TwoSum leaves no error), so that it can stand as a limit.
inline bool exact_difference(double b, double a) {
  const double difference = b - a, minus_a = difference - b;
  const double error = (b - (difference - minus_a)) + (-a - minus_a);
  return std::isfinite(difference) && error == 0;
}

template <class Number>
void Formulas<Number>::prepare_logits() {
  exps.resize(problem.x.size());
  others = exact(0);
  for (std::size_t i = 0; i < exps.size(); ++i) {
    if (!std::isfinite(problem.x[i])) continue;
    // Equal logits are common (ties, padding): no exponential for a neighbour's twin.
    exps[i] = i > 0 && problem.x[i] == problem.x[i - 1] ? exps[i - 1] : exp_of(shifted(i));
    if (i != facts.argmax) others = others + exps[i];
  }
  finish_logits();
}

template <class Number>
void Formulas<Number>::prepare_row_sum() {
  row_sum = exact(0);
  for (std::size_t i = 0; i < problem.x.size(); ++i)
    row_sum = row_sum +
              (problem.op == SOFTMARK_SOFTMAX_VJP ? exact(problem.x[i]) * exact(problem.g[i]) : exact(problem.g[i]));
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
      return prepare_exps([](double x) { return -std::fabs(x); });
    case SOFTMARK_SIGMOID_VJP:
      break;
    default:
      prepare_logits();
  }
}

// Strictly below 1 over the number of largest elements, unless all are equal.
template <class Number>
Enclosed<Number> Formulas<Number>::softmax(std::size_t i) const {
  const double share = 1.0 / static_cast<double>(facts.at_max);
  const bool below = at_max(i) && !facts.all_equal() && counts_power_of_two();
  return {exps[i] / total, share, below ? -1 : 0};
}

// Strictly below x - max.
template <class Number>
Enclosed<Number> Formulas<Number>::log_softmax(std::size_t i) const {
  const double x = problem.x[i];
  return {shifted(i) - log_total, x - facts.max, exact_difference(x, facts.max) ? -1 : 0};
}

// p_i (1 - p_i) is below 1/4, and p_i p_j below the square of the largest elements' common limit.
template <class Number>
Enclosed<Number> Formulas<Number>::jacobian(std::size_t i, std::size_t j) const {
  const Number p = exps[i] / total;
  const bool open = !facts.all_equal();
  if (i == j) return {p * (rest(i) / total), 0.25, open ? -1 : 0};
  const double share = 1.0 / static_cast<double>(facts.at_max);
  const bool both = at_max(i) && at_max(j) && counts_power_of_two();
  return {-(p * (exps[j] / total)), -share * share, open && both ? 1 : 0};
}

// Beside 1/2 on the side of x, and below 1.
template <class Number>
Enclosed<Number> Formulas<Number>::sigmoid(std::size_t i) const {
  const double x = problem.x[i];
  const Number& small = exps[i];
  if (x < 0) return {small / (exact(1) + small), 0.5, -1};
  const Number value = exact(1) / (exact(1) + small);
  if (x == 0) return {value, 0, 0};
  return {value, x < 1 ? 0.5 : 1, x < 1 ? 1 : -1};
}

// Strictly above max - x[label].
template <class Number>
Enclosed<Number> Formulas<Number>::cross_entropy() const {
  const double x = problem.x[static_cast<std::size_t>(problem.label)];
  const Number gap = exact(facts.max) - exact(x);
  return {gap + log_total, facts.max - x, exact_difference(facts.max, x) ? 1 : 0};
}

// g p, strictly nearer to 0 than g over the number of largest elements; for the label -g (1 - p), which is strictly
// nearer to 0 than -g, and for one of two largest elements strictly farther than -g/2. Divided last: among equal
// logits g (n-1)/n may be a tie where (n-1)/n has no end.
template <class Number>
Enclosed<Number> Formulas<Number>::cross_entropy_vjp(std::size_t i) const {
  const double g = problem.g[0];
  const int toward_zero = g > 0 ? -1 : g < 0 ? 1 : 0;
  if (static_cast<std::int64_t>(i) != problem.label) {
    const Enclosed<Number> p = softmax(i);
    const double limit = g * p.limit;
    return {exact(g) * exps[i] / total, limit, p.side && limit / p.limit == g ? toward_zero : 0};
  }
  const Number value = -(exact(g) * rest(i) / total);
  const bool half = at_max(i) && facts.at_max == 2;
  if (half) return {value, -g / 2, !facts.all_equal() && g / 2 * 2 == g ? toward_zero : 0};
  return {value, -g, -toward_zero};
}

// g - exp(x) sum g, strictly beside g.
template <class Number>
Enclosed<Number> Formulas<Number>::log_softmax_vjp(std::size_t i) const {
  if (std::isinf(problem.x[i])) return {infinite_times(-row_sum), 0, 0};
  return {exact(problem.g[i]) - exps[i] * row_sum, problem.g[i], -sign_of(row_sum)};
}

template <class Number>
Enclosed<Number> Formulas<Number>::at(std::size_t index) const {
  const std::size_t cols = problem.x.size();
  switch (problem.op) {
    case SOFTMARK_SOFTMAX:
      return softmax(index);
    case SOFTMARK_LOG_SOFTMAX:
      return log_softmax(index);
    case SOFTMARK_LOGSUMEXP:
      return {exact(facts.max) + log_total, facts.max, 1};
    case SOFTMARK_SOFTMAX_VJP:
      return {exact(problem.x[index]) * (exact(problem.g[index]) - row_sum), 0, 0};
    case SOFTMARK_LOG_SOFTMAX_VJP:
      return log_softmax_vjp(index);
    case SOFTMARK_SOFTMAX_JACOBIAN:
      return jacobian(index / cols, index % cols);
    case SOFTMARK_SIGMOID:
      return sigmoid(index);
    case SOFTMARK_SIGMOID_VJP: {
      const Number s = exact(problem.x[index]);
      return {exact(problem.g[index]) * s * (exact(1) - s), 0, 0};
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
