// SPDX-License-Identifier: Apache-2.0
// One row evaluated at one tier. Construction does the work that the row's outputs share
// (exponentials and their sum).
#pragma once

#include <memory>
#include <optional>

#include "reference/reference.h"
#include "reference/special.h"

namespace softmark {

class RowEvaluation {
 public:
  virtual ~RowEvaluation() = default;
  /// The rounding to the output type and the residual of output `index`, one that the contract
  /// leaves open; nothing where the error bound of this evaluation leaves them open.
  virtual std::optional<Exact> decide(std::size_t index) const = 0;
};

// The problem and the facts must outlive the evaluation.

/// Exponentials and their sum from float64 vectors, the formulas in double-double.
std::unique_ptr<RowEvaluation> evaluate_float64(const Problem& problem, const RowFacts& facts);
/// Everything in double-double.
std::unique_ptr<RowEvaluation> evaluate_double_double(const Problem& problem,
                                                      const RowFacts& facts);
/// Interval arithmetic with `bits` of precision.
std::unique_ptr<RowEvaluation> evaluate_intervals(const Problem& problem, const RowFacts& facts,
                                                  long bits);

}  // namespace softmark
