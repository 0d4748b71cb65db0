// SPDX-License-Identifier: Apache-2.0
// The tiers float64 and double-double: the formulas on numbers with an error bound.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/ops.h"
#include "reference/float64.h"
#include "reference/formulas.h"
#include "reference/row_evaluation.h"

namespace softmark {
namespace {

class BoundedRow final : public RowEvaluation, Formulas<Bounded> {
 public:
  BoundedRow(const Problem& p, const RowFacts& f, Tier tier) : Formulas<Bounded>(p, f) {
    if (tier == Tier::kFloat64)
      prepare_float64();
    else
      prepare();
  }
  std::optional<Exact> decide(std::size_t index) const override {
    if (problem.dtype == SOFTMARK_F64)
      if (const auto tiny = tiny_result(index)) return certify_scaled(tiny->value, tiny->sign);
    return certify(at(index), problem.dtype);
  }

 private:
  struct Tiny {
    Bounded value;  // times 2^kTinyScale
    int sign;       // of the exact value; 0: unknown
  };
  std::optional<Tiny> tiny_result(std::size_t index) const;
  Bounded tiny_exp(std::size_t index) const;
  void prepare_float64();
  DoubleDouble take(std::span<const double> x, double shift, std::size_t at);
};

constexpr double kTinyExponent = -601;  // exps below are scaled
constexpr double kTinyFactor = 0x1p-700;

/// exp(x - max) 2^kTinyScale.
Bounded BoundedRow::tiny_exp(std::size_t i) const {
  const bool fits = problem.x[i] - facts.max >= std::numeric_limits<double>::lowest();
  return scaled_exp_of(fits ? Bounded(problem.x[i]) - Bounded(facts.max) : Bounded(-2000));
}

/// A float64 result near or below the smallest one, where its formula is a product with something
/// that small.
std::optional<BoundedRow::Tiny> BoundedRow::tiny_result(std::size_t i) const {
  const double x = problem.x[gives_matrix(problem.op) ? 0 : i];
  const auto scaled = [](double factor) { return Bounded(std::ldexp(factor, kTinyScale)); };
  switch (problem.op) {
    case SOFTMARK_SOFTMAX:
      if (!(x - facts.max < kTinyExponent)) break;
      return Tiny{tiny_exp(i) / total, 1};
    case SOFTMARK_SIGMOID:
      if (!(x < kTinyExponent)) break;
      return Tiny{scaled_exp_of(Bounded(x)) / (Bounded(1) + exps[i]), 1};
    case SOFTMARK_SOFTMAX_VJP: {
      if (!(x != 0 && std::fabs(x) < kTinyFactor)) break;
      const Bounded value = scaled(x) * (Bounded(problem.g[i]) - row_sum);
      return Tiny{value, sign_of(value)};
    }
    case SOFTMARK_SIGMOID_VJP: {
      if (!(x != 0 && std::fabs(x) < kTinyFactor)) break;
      const Bounded value = Bounded(problem.g[i]) * scaled(x) * (Bounded(1) - Bounded(x));
      return Tiny{value, sign_of(value)};
    }
    case SOFTMARK_CROSS_ENTROPY_VJP: {
      if (static_cast<std::int64_t>(i) == problem.label) break;
      const double g = problem.g[0];
      const bool tiny_g = g != 0 && std::fabs(g) < kTinyFactor;
      if (!tiny_g && !(x - facts.max < kTinyExponent)) break;
      const Bounded value = tiny_g ? scaled(g) * exps[i] / total : Bounded(g) * tiny_exp(i) / total;
      return Tiny{value, sign_of(Bounded(g))};
    }
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
