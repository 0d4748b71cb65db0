// SPDX-License-Identifier: Apache-2.0
// The experiment of Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax
// functions" (IMA J. Numer. Anal. 41(4), 2021) on any logits: basic and shifted formulas with every
// operation rounded to a low precision.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/npy.h"

namespace softmark {

/// Errors of one formula in units of u; summed up over the rows on which no formula overflowed.
struct BhhErrors {
  std::string formula;
  std::size_t compared = 0, overflows = 0,
              violations = 0;  // violations: on any row, of the paper's bound
  double mean = 0,
         max = 0;  // relative error (log-sum-exp), relative error in the maximum norm (softmax)
  double bound_min = 0, bound_max = 0;
  double max_sum_error = 0;  // of |sum g - 1|, softmax only
  std::vector<double> errors,
      bounds;  // by finite row, NaN where it overflowed: what the figures plot
};

struct BhhResult {
  std::string arithmetic;  // "fp16" or "bf16"
  double u = 0;
  std::size_t rows = 0, cols = 0, skipped = 0;  // skipped: rows with infinities or NaN
  double x_min = 0, x_max = 0, mean_range = 0, max_range = 0;
  std::vector<BhhErrors> formulas;  // in the order of the table in bhh.cpp
  double ratio_mean = 0,
         ratio_standard_error =
             0;  // of the log-sum-exp errors, basic over shifted, rows where both are not 0
  std::size_t ratio_rows = 0, equal_errors = 0;  // rows compared, and those with the same error

  /// "softmax shifted", ...; throws std::out_of_range where there is none of that name.
  const BhhErrors& formula(std::string_view name) const;
};

/// `arithmetic` is SOFTMARK_F16 (with subnormals) or SOFTMARK_BF16 (subnormals flushed to zero, as
/// in the paper).
BhhResult bhh_experiment(const Logits& logits, softmark_dtype arithmetic);
std::string bhh_text(const BhhResult& result);
/// What the figures plot: a line a finite row, for each formula its error and bound in u (empty
/// where it overflowed).
std::string bhh_csv(const BhhResult& result);

}  // namespace softmark
