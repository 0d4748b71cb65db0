// SPDX-License-Identifier: Apache-2.0
// The tiers float64 and double-double: the formulas on numbers with an error bound.
#include <algorithm>

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
    return certify(at(index), problem.dtype);
  }

 private:
  void prepare_float64();
  DoubleDouble take(std::span<const double> x, double shift, std::size_t at);
};

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
