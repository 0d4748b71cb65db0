// SPDX-License-Identifier: Apache-2.0
// The tier that decides what the others leave open.
#include "reference/formulas.h"
#include "reference/row_evaluation.h"

namespace softmark {
namespace {

class IntervalRow final : public RowEvaluation {
 public:
  IntervalRow(const Problem& problem, const RowFacts& facts, long bits)
      : formulas_(problem, facts), dtype_(problem.dtype), bits_(bits) {
    const PrecisionScope precision(bits_);
    formulas_.prepare();
  }
  std::optional<Exact> decide(std::size_t index) const override {
    const PrecisionScope precision(bits_);
    return certify(formulas_.at(index), dtype_);
  }

 private:
  Formulas<Interval> formulas_;
  softmark_dtype dtype_;
  long bits_;
};

}  // namespace

std::unique_ptr<RowEvaluation> evaluate_intervals(const Problem& problem, const RowFacts& facts,
                                                  long bits) {
  return std::make_unique<IntervalRow>(problem, facts, bits);
}

}  // namespace softmark
