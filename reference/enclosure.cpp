// SPDX-License-Identifier: Apache-2.0
#include "reference/enclosure.h"

#include <cmath>
#include <limits>
#include <vector>

#include "reference/interval.h"

namespace softmark {
namespace {

// exp(t) below this t is only known to lie in (0, 2^kTiny): 2000 log2(e) > 2885. Whatever it is added to, or multiplied
// by (a g below 2^1024 in the VJPs), ends far below the smallest subnormal 2^-1074 or far below an ulp of it.
constexpr double kCut = -2000;
constexpr long kTiny = -2885;

Interval exact(double value) { return Interval(value); }

Interval exp_of(const Interval& t) {
  if (t < kCut) return up_to_power(kTiny);
  Interval result;
  mpfi_exp(result.backend().data(), t.backend().data());
  return result;
}

Interval log1p_of(const Interval& value) {
  Interval result;
  mpfi_log1p(result.backend().data(), value.backend().data());
  return result;
}

/// 1, -1, or 0 where the interval does not exclude 0.
int sign(const Interval& value) {
  return mpfi_is_strictly_pos(value.backend().data()) - mpfi_is_strictly_neg(value.backend().data());
}


/// inf * value: by IEEE NaN where the value is 0, anything where its sign is not known.
Interval infinite_times(const Interval& value) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  Interval result = 0;
  if (sign(value) != 0) return exact(sign(value) * inf);
  if (mpfi_is_zero(value.backend().data())) return exact(std::numeric_limits<double>::quiet_NaN());
  mpfi_interv_d(result.backend().data(), -inf, inf);
  return result;
}

}  // namespace

struct Enclosure::State {
  State(const Problem& p, const RowFacts& f, long b) : problem(p), facts(f), bits(b) {}

  const Problem& problem;
  const RowFacts& facts;
  long bits;
  // Logits: exp(x - max), the sum of all but the first largest, that of all, and its logarithm. VJPs: the row's sum.
  std::vector<Interval> exps;
  Interval others, total, log_total, row_sum;

  void prepare();
  void prepare_logits();
  Enclosed at(std::size_t index) const;
  Interval shifted(std::size_t i) const { return exact(problem.x[i]) - exact(facts.max); }
  bool at_max(std::size_t i) const { return problem.x[i] == facts.max; }
  Interval complement(std::size_t i) const { return (i == facts.argmax ? others : total - exps[i]) / total; }
  /// `whole` over the number of largest elements; a point where that division is exact.
  Interval share(const Interval& whole) const { return whole / facts.at_max; }

  Enclosed softmax(std::size_t i) const;
  Enclosed log_softmax(std::size_t i) const;
  Enclosed jacobian(std::size_t i, std::size_t j) const;
  Enclosed sigmoid(std::size_t i) const;
  Enclosed cross_entropy() const;
  Enclosed cross_entropy_vjp(std::size_t i) const;
  Enclosed log_softmax_vjp(std::size_t i) const;
};

void Enclosure::State::prepare_logits() {
  exps.resize(problem.x.size());
  others = 0;
  for (std::size_t i = 0; i < exps.size(); ++i) {
    if (!std::isfinite(problem.x[i])) continue;
    // Equal logits are common (ties, padding): no exponential for a neighbour's twin.
    exps[i] = i > 0 && problem.x[i] == problem.x[i - 1] ? exps[i - 1] : exp_of(shifted(i));
    if (i != facts.argmax) others += exps[i];
  }
  total = 1 + others;
  log_total = log1p_of(others);
}

void Enclosure::State::prepare() {
  switch (problem.op) {
    case SOFTMARK_SOFTMAX_VJP:
      row_sum = 0;
      for (std::size_t i = 0; i < problem.x.size(); ++i) row_sum += exact(problem.x[i]) * exact(problem.g[i]);
      break;
    case SOFTMARK_LOG_SOFTMAX_VJP:
      row_sum = 0;
      for (const double g : problem.g) row_sum += exact(g);
      break;
    case SOFTMARK_SIGMOID:
    case SOFTMARK_SIGMOID_VJP: break;
    default: prepare_logits();
  }
}

// One of the largest is strictly below 1 over their number, unless all are equal.
Enclosed Enclosure::State::softmax(std::size_t i) const {
  return {exps[i] / total, share(1), at_max(i) && !facts.all_equal() ? -1 : 0};
}

// Strictly below x - max.
Enclosed Enclosure::State::log_softmax(std::size_t i) const { return {shifted(i) - log_total, shifted(i), -1}; }

// With s = 1 over the number of largest elements: theirs are strictly below s (1 - s) where s <= 1/2, since p (1 - p) grows
// up to there, and off the diagonal strictly above -s^2.
Enclosed Enclosure::State::jacobian(std::size_t i, std::size_t j) const {
  const Interval p = exps[i] / total;
  const bool open = !facts.all_equal() && at_max(i) && at_max(j);
  if (i == j) return {p * complement(i), share(share(facts.at_max - 1)), open && facts.at_max > 1 ? -1 : 0};
  return {-(p * (exps[j] / total)), -share(share(1)), open ? 1 : 0};
}

// Beside 1/2 on the side of x, and below 1.
Enclosed Enclosure::State::sigmoid(std::size_t i) const {
  const double x = problem.x[i];
  const Interval small = exp_of(exact(-std::fabs(x)));
  if (x < 0) return {small / (1 + small), exact(0.5), -1};
  if (x == 0) return {1 / (1 + small)};
  if (x < 1) return {1 / (1 + small), exact(0.5), 1};
  return {1 / (1 + small), exact(1), -1};
}

// Strictly above max - x[label].
Enclosed Enclosure::State::cross_entropy() const {
  const Interval gap = exact(facts.max) - exact(problem.x[static_cast<std::size_t>(problem.label)]);
  return {gap + log_total, gap, 1};
}

// g p, for one of the largest strictly nearer to 0 than g over their number s. For the label -g (1 - p), strictly nearer to 0
// than -g, and for one of several largest strictly farther than -g (1 - 1/s).
Enclosed Enclosure::State::cross_entropy_vjp(std::size_t i) const {
  const Interval g = exact(problem.g[0]);
  if (static_cast<std::int64_t>(i) != problem.label) return {g * softmax(i).value, share(g), softmax(i).side * sign(g)};
  const bool one_of_many = at_max(i) && facts.at_max > 1;
  if (one_of_many) return {-(g * complement(i)), -share(g * (facts.at_max - 1)), facts.all_equal() ? 0 : -sign(g)};
  return {-(g * complement(i)), -g, sign(g)};
}

// g - exp(x) sum g, strictly beside g. An x beyond 4000 takes the result out of every type, however small the sum.
Enclosed Enclosure::State::log_softmax_vjp(std::size_t i) const {
  const double x = problem.x[i];
  if (std::isinf(x)) return {infinite_times(-row_sum)};
  return {exact(problem.g[i]) - exp_of(exact(std::min(x, 4000.0))) * row_sum, exact(problem.g[i]), -sign(row_sum)};
}

Enclosed Enclosure::State::at(std::size_t index) const {
  const std::size_t cols = problem.x.size();
  switch (problem.op) {
    case SOFTMARK_SOFTMAX: return softmax(index);
    case SOFTMARK_LOG_SOFTMAX: return log_softmax(index);
    case SOFTMARK_LOGSUMEXP: return {exact(facts.max) + log_total, exact(facts.max), 1};
    case SOFTMARK_SOFTMAX_VJP: return {exact(problem.x[index]) * (exact(problem.g[index]) - row_sum)};
    case SOFTMARK_LOG_SOFTMAX_VJP: return log_softmax_vjp(index);
    case SOFTMARK_SOFTMAX_JACOBIAN: return jacobian(index / cols, index % cols);
    case SOFTMARK_SIGMOID: return sigmoid(index);
    case SOFTMARK_SIGMOID_VJP: {
      const Interval s = exact(problem.x[index]);
      return {exact(problem.g[index]) * s * (1 - s)};
    }
    case SOFTMARK_CROSS_ENTROPY: return cross_entropy();
    case SOFTMARK_CROSS_ENTROPY_VJP: return cross_entropy_vjp(index);
    case SOFTMARK_HARDMAX: break;
  }
  return {};
}

Enclosure::Enclosure(const Problem& problem, const RowFacts& facts, long bits)
    : state_(std::make_unique<State>(problem, facts, bits)) {
  PrecisionScope precision(bits);
  state_->prepare();
}
Enclosure::~Enclosure() = default;

std::optional<Exact> Enclosure::decide(std::size_t index) const {
  PrecisionScope precision(state_->bits);
  return certify(state_->at(index), state_->problem.dtype);
}

}  // namespace softmark
