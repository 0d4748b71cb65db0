// SPDX-License-Identifier: Apache-2.0
// The tiers float64 and double-double: the formulas on numbers with an error bound.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/ops.h"
#include "reference/float64.h"
#include "reference/formulas.h"
#include "reference/row_evaluation.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

constexpr double kTinyExponent = -601;  // exps below are scaled
constexpr double kTinyFactor = 0x1p-700;
constexpr double kHugeFactor = 0x1p+900;
constexpr int kHugeScale = -200;

bool is_linear_in_cotangents(softmark_op op) {
  return op == SOFTMARK_SOFTMAX_VJP || op == SOFTMARK_LOG_SOFTMAX_VJP || op == SOFTMARK_SIGMOID_VJP;
}

/// The problem with its cotangents times 2^power, where that keeps float64 ones away from the ends
/// of the range in which double-double arithmetic is exact, and is exact itself.
struct ScaledProblem {
  explicit ScaledProblem(const Problem& given) : scaled_problem(given) {
    if (given.dtype != SOFTMARK_F64 || !is_linear_in_cotangents(given.op)) return;
    double most = 0;
    for (const double v : given.g) most = std::max(most, std::isnan(v) ? kInf : std::fabs(v));
    const int wanted = most > 0 && most < kTinyFactor              ? kTinyScale
                       : most > kHugeFactor && std::isfinite(most) ? kHugeScale
                                                                   : 0;
    if (wanted == 0) return;
    for (const double v : given.g) {
      scaled_g.push_back(std::ldexp(v, wanted));
      if (std::ldexp(scaled_g.back(), -wanted) != v) return;
    }
    power = wanted;
    scaled_problem.g = scaled_g;
  }
  ScaledProblem(const ScaledProblem&) = delete;
  ScaledProblem& operator=(const ScaledProblem&) = delete;
  Problem scaled_problem;
  std::vector<double> scaled_g;
  int power = 0;
};

Bounded times_power(const Bounded& a, int power) {
  return {{std::ldexp(a.value.hi, power), std::ldexp(a.value.lo, power)},
          std::ldexp(a.error, power)};
}

class BoundedRow final : ScaledProblem, public RowEvaluation, Formulas<Bounded> {
 public:
  BoundedRow(const Problem& p, const RowFacts& f, Tier tier)
      : ScaledProblem(p), Formulas<Bounded>(scaled_problem, f) {
    if (tier == Tier::kFloat64)
      prepare_float64();
    else
      prepare();
    if (p.dtype == SOFTMARK_F64) sum_tiny_others();
  }
  std::optional<Exact> decide(std::size_t index) const override {
    if (power != 0) return decide_scaled(at(index));
    if (problem.dtype == SOFTMARK_F64) {
      if (const auto tiny = tiny_result(index)) return certify_scaled({tiny->value}, tiny->sign);
      const bool distance =
          problem.op == SOFTMARK_LOG_SOFTMAX || problem.op == SOFTMARK_CROSS_ENTROPY;
      const std::size_t at_x =
          problem.op == SOFTMARK_CROSS_ENTROPY ? static_cast<std::size_t>(problem.label) : index;
      if (distance && std::isinf(problem.x[at_x] - facts.max)) return beyond_float64(at_x);
    }
    return certify(at(index), problem.dtype);
  }

 private:
  struct Tiny {
    Bounded value;  // times 2^kTinyScale
    int sign;       // of the exact value; 0: unknown
  };
  std::optional<Exact> decide_scaled(const Sided<Bounded>& result) const;
  std::optional<Tiny> tiny_result(std::size_t index) const;
  std::optional<Tiny> tiny_jacobian(std::size_t i, std::size_t j) const;
  std::optional<Tiny> tiny_cross_entropy_vjp(std::size_t i) const;
  bool is_tiny(std::size_t i) const { return problem.x[i] - facts.max < kTinyExponent; }
  Bounded tiny_exp(std::size_t index) const;
  void sum_tiny_others();
  void sum_tiny_products();
  std::optional<Exact> beyond_float64(std::size_t i) const;
  void prepare_float64();
  DoubleDouble take(std::span<const double> x, double shift, std::size_t at);

  // The sum of all exps but the largest times 2^kTinyScale, where it is not 0 and each of them is
  // tiny; of all p g for the softmax VJP.
  std::optional<Bounded> tiny_others_;
};

/// A result of scaled cotangents.
std::optional<Exact> BoundedRow::decide_scaled(const Sided<Bounded>& result) const {
  if (power < 0)
    return certify(
        {times_power(result.value, -power), times_power(result.limit, -power), result.side},
        problem.dtype);
  // An exact zero has no sign that is known.
  if (is_zero(result.value)) return certify(result, problem.dtype);
  return certify_scaled(result, sign_of(result.value));
}

/// exp(x - max) 2^kTinyScale.
Bounded BoundedRow::tiny_exp(std::size_t i) const {
  const bool fits = problem.x[i] - facts.max >= kFarthest;
  return scaled_exp_of(fits ? Bounded(problem.x[i]) - Bounded(facts.max) : Bounded(-2000));
}

void BoundedRow::sum_tiny_others() {
  const std::size_t n = problem.x.size();
  if (problem.op == SOFTMARK_SOFTMAX_VJP) return sum_tiny_products();
  if (!takes_logits(problem.op) || op_info(problem.op).elementwise || facts.at_max != 1) return;
  for (std::size_t i = 0; i < n; ++i)
    if (i != facts.argmax && !is_tiny(i)) return;
  Bounded sum(0);
  for (std::size_t i = 0; i < n; ++i)
    if (i != facts.argmax && std::isfinite(problem.x[i])) sum = sum + tiny_exp(i);
  // Below 2^-800: what log1p(s) and s/(1 + s)^2 differ by from s is far less.
  if (!is_zero(sum)) tiny_others_ = Bounded{sum.value, sum.error + sum.value.hi * 0x1p-400};
}

/// Of one probability that is 1 and others that are tiny.
void BoundedRow::sum_tiny_products() {
  const std::size_t n = problem.x.size();
  if (facts.max != 1 || power != 0) return;
  for (std::size_t i = 0; i < n; ++i)
    if (i != facts.argmax && !(std::fabs(problem.x[i]) < kTinyFactor)) return;
  Bounded sum(0);
  for (std::size_t i = 0; i < n; ++i)
    if (i != facts.argmax)
      sum = sum + Bounded(std::ldexp(problem.x[i], kTinyScale)) * Bounded(problem.g[i]);
  if (!is_zero(sum)) tiny_others_ = sum;
}

/// x - max - log(sum) where x - max is beyond float64, by halves: an infinity, if it is clear that
/// it is one.
std::optional<Exact> BoundedRow::beyond_float64(std::size_t i) const {
  constexpr double kHalfOfLargest = std::numeric_limits<double>::max() / 2, kHalfUlp = 0x1p+970;
  const Bounded half =
      Bounded(facts.max / 2) - Bounded(problem.x[i] / 2) + times_power(log_total, -1);
  const double ulps = ((half.value.hi - kHalfOfLargest) + half.value.lo) / kHalfUlp,
               error = half.error / kHalfUlp + 0x1p-40;
  if (!(ulps - error > 0.5) || !(error < 0x1p-21 || ulps - error > 4)) return std::nullopt;
  return Exact{problem.op == SOFTMARK_LOG_SOFTMAX ? -kInf : kInf, std::min(ulps, 4.0)};
}

/// p (1 - p) and -p q, of which one factor is tiny.
std::optional<BoundedRow::Tiny> BoundedRow::tiny_jacobian(std::size_t i, std::size_t j) const {
  if (i == j && i == facts.argmax && tiny_others_) return Tiny{*tiny_others_, 1};
  if (!is_tiny(i) && !is_tiny(j)) return std::nullopt;
  const std::size_t tiny = is_tiny(i) ? i : j, other = tiny == i ? j : i;
  const Bounded factor = tiny_exp(tiny) / total;
  if (i == j) return Tiny{factor * (rest(i) / total), 1};
  return Tiny{-(factor * (exps[other] / total)), -1};
}

std::optional<BoundedRow::Tiny> BoundedRow::tiny_cross_entropy_vjp(std::size_t i) const {
  const double g = problem.g[0];
  if (static_cast<std::int64_t>(i) == problem.label) {
    if (i != facts.argmax || !tiny_others_) return std::nullopt;
    return Tiny{-(Bounded(g) * *tiny_others_), -sign_of(Bounded(g))};
  }
  const bool tiny_g = g != 0 && std::fabs(g) < kTinyFactor;
  if (!tiny_g && !is_tiny(i)) return std::nullopt;
  const Bounded value = tiny_g ? Bounded(std::ldexp(g, kTinyScale)) * exps[i] / total
                               : Bounded(g) * tiny_exp(i) / total;
  return Tiny{value, sign_of(Bounded(g))};
}

/// A float64 result near or below the smallest one, where its formula is a product with something
/// that small.
std::optional<BoundedRow::Tiny> BoundedRow::tiny_result(std::size_t i) const {
  const double x = problem.x[gives_matrix(problem.op) ? 0 : i];
  const auto scaled = [](double factor) { return Bounded(std::ldexp(factor, kTinyScale)); };
  switch (problem.op) {
    case SOFTMARK_SOFTMAX:
      if (!is_tiny(i)) break;
      return Tiny{tiny_exp(i) / total, 1};
    case SOFTMARK_LOG_SOFTMAX:
      if (i != facts.argmax || !tiny_others_) break;
      return Tiny{-*tiny_others_, -1};
    case SOFTMARK_LOGSUMEXP:
      if (facts.max != 0 || !tiny_others_) break;
      return Tiny{*tiny_others_, 1};
    case SOFTMARK_CROSS_ENTROPY:
      if (static_cast<std::size_t>(problem.label) != facts.argmax || !tiny_others_) break;
      return Tiny{*tiny_others_, 1};
    case SOFTMARK_SOFTMAX_JACOBIAN:
      return tiny_jacobian(i / problem.x.size(), i % problem.x.size());
    case SOFTMARK_SIGMOID:
      if (!(x < kTinyExponent)) break;
      return Tiny{scaled_exp_of(Bounded(x)) / (Bounded(1) + exps[i]), 1};
    case SOFTMARK_SOFTMAX_VJP: {
      if (i == facts.argmax && tiny_others_) return Tiny{-*tiny_others_, sign_of(-*tiny_others_)};
      if (!(x != 0 && std::fabs(x) < kTinyFactor)) break;
      const Bounded value = scaled(x) * (Bounded(problem.g[i]) - row_sum);
      return Tiny{value, sign_of(value)};
    }
    case SOFTMARK_SIGMOID_VJP: {
      if (!(x != 0 && std::fabs(x) < kTinyFactor)) break;
      const Bounded value = Bounded(problem.g[i]) * scaled(x) * (Bounded(1) - Bounded(x));
      return Tiny{value, sign_of(value)};
    }
    case SOFTMARK_CROSS_ENTROPY_VJP:
      return tiny_cross_entropy_vjp(i);
    default:
      break;
  }
  return std::nullopt;
}

/// exps[at ..] = exp(x - shift) with their bounds; returns their sum.
DoubleDouble BoundedRow::take(std::span<const double> x, double shift, std::size_t at) {
  thread_local std::vector<double> terms;
  terms.resize(x.size());
  const DoubleDouble sum = exp_and_sum(x.data(), x.size(), shift, terms.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool one = x[i] == shift;
    exps[at + i] = {{one ? 1.0 : terms[i], 0}, one ? 0 : terms[i] * kExpError + kExpTiny};
  }
  return sum;
}

void BoundedRow::prepare_float64() {
  const std::size_t n = problem.x.size();
  exps.resize(n);
  if (takes_logits(problem.op) && op_info(problem.op).elementwise) {
    std::vector<double> arguments(n);
    std::transform(problem.x.begin(), problem.x.end(), arguments.begin(), exponent_of_element);
    take(arguments, 0, 0);
    return;
  }
  switch (problem.op) {
    case SOFTMARK_SOFTMAX_VJP:
    case SOFTMARK_SIGMOID_VJP:
      return prepare();
    case SOFTMARK_LOG_SOFTMAX_VJP:
      // Logarithms of probabilities; anything above is not what tier 0 is for.
      for (const double x : problem.x)
        if (!(x <= 1)) return prepare();
      prepare_row_sum();
      take(problem.x, 0, 0);
      return;
    default:
      break;
  }
  if (facts.all_equal()) return prepare();  // exactly rational: decided by double-double
  const std::size_t k = facts.argmax;
  const DoubleDouble before = take(problem.x.first(k), facts.max, 0);
  exps[k] = {{1, 0}, 0};
  const DoubleDouble after = take(problem.x.subspan(k + 1), facts.max, k + 1);
  const DoubleDouble sum = before + after;
  others = {sum,
            sum.hi * (kExpError + kSumError) * (1 + 0x1p-40) + static_cast<double>(n) * kExpTiny};
  finish_logits();
}

}  // namespace

std::unique_ptr<RowEvaluation> evaluate_float64(const Problem& problem, const RowFacts& facts) {
  return std::make_unique<BoundedRow>(problem, facts, Tier::kFloat64);
}

std::unique_ptr<RowEvaluation> evaluate_double_double(const Problem& problem,
                                                      const RowFacts& facts) {
  return std::make_unique<BoundedRow>(problem, facts, Tier::kDoubleDouble);
}

}  // namespace softmark
