// SPDX-License-Identifier: Apache-2.0
#include "reference/tiers.h"

#include "reference/bounded.h"
#include "reference/float64.h"

namespace softmark {

int sign_of(const Bounded& value) {
  return std::fabs(value.value.hi) * (1 - 0x1p-50) > value.error ? (value.value.hi > 0 ? 1 : -1)
                                                                 : 0;
}
// The next tier's business.
Bounded infinite_times(const Bounded&) { return {{0, 0}, std::numeric_limits<double>::infinity()}; }

}  // namespace softmark

// clang-format off: after the functions on Bounded, which its templates use
#include "reference/formulas.h"
// clang-format on

namespace softmark {

struct BoundedRow::State : Formulas<Bounded> {
  using Formulas<Bounded>::Formulas;
  softmark_dtype dtype() const { return problem.dtype; }

  void prepare_float64();
  DoubleDouble take(std::span<const double> x, double shift, std::size_t at);
};

/// exps[at ..] = exp(x - shift) with their bounds; returns their sum.
DoubleDouble BoundedRow::State::take(std::span<const double> x, double shift, std::size_t at) {
  thread_local std::vector<double> terms;
  terms.resize(x.size());
  const DoubleDouble sum = exp_and_sum(x.data(), x.size(), shift, terms.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool one = x[i] == shift;
    exps[at + i] = {{one ? 1.0 : terms[i], 0}, one ? 0 : terms[i] * kExpError + kExpTiny};
  }
  return sum;
}

void BoundedRow::State::prepare_float64() {
  const std::size_t n = problem.x.size();
  exps.resize(n);
  switch (problem.op) {
    case SOFTMARK_SOFTMAX_VJP:
    case SOFTMARK_SIGMOID_VJP:
      return prepare();
    case SOFTMARK_SIGMOID: {
      std::vector<double> arguments(n);
      for (std::size_t i = 0; i < n; ++i) arguments[i] = -std::fabs(problem.x[i]);
      take(arguments, 0, 0);
      return;
    }
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
  if (facts.all_equal()) return prepare();  // exactly rational, and double-double knows
  const std::size_t k = facts.argmax;
  const DoubleDouble before = take(problem.x.first(k), facts.max, 0);
  exps[k] = {{1, 0}, 0};
  const DoubleDouble after = take(problem.x.subspan(k + 1), facts.max, k + 1);
  const DoubleDouble sum = before + after;
  others = {sum,
            sum.hi * (kExpError + kSumError) * (1 + 0x1p-40) + static_cast<double>(n) * kExpTiny};
  finish_logits();
}

BoundedRow::BoundedRow(const Problem& problem, const RowFacts& facts, Tier tier)
    : state_(std::make_unique<State>(problem, facts)) {
  if (tier == Tier::kFloat64)
    state_->prepare_float64();
  else
    state_->prepare();
}
BoundedRow::~BoundedRow() = default;

std::optional<Exact> BoundedRow::decide(std::size_t index) const {
  return certify(state_->at(index), state_->dtype());
}

}  // namespace softmark
