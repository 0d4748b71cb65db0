// SPDX-License-Identifier: Apache-2.0
// Kernels on given rows: their outputs beside the exact ones, their errors, and the decisions that
// a user of the outputs would make.
#pragma once

#include <string>
#include <vector>

#include "kernels/registry.h"
#include "properties/eval/request.h"

namespace softmark {

/// The argmax of each row, or the labels above a threshold, as text ("argmax 2", "labels 0,3"), a
/// text per row; empty for ops whose outputs decide nothing.
using Decisions = std::vector<std::string>;

/// What one kernel made of the rows.
struct KernelOutputs {
  Kernel kernel;
  std::string status;         // empty: y holds the outputs; else why there are none
  std::vector<double> y;      // [rows * outputs], as are the errors:
  std::vector<double> share;  // as a share of the a-priori bound, comparable for all operations
  std::vector<double> ulp;
  std::vector<bool> well_conditioned;  // where not, a result cancels, and its ulp say nothing
  Decisions decisions;
  Decisions exact;  // of the exact values under what the kernel's entry declares (saturation,
                    // masked rows), which decisions are compared with
};

struct RowsEvaluated {
  softmark_op op;
  softmark_dtype dtype;
  std::size_t rows, cols, outputs;  // outputs: of one row
  std::vector<double> exact;        // [rows * outputs], rounded to the type
  Decisions decisions;              // of the exact values, where a kernel declares nothing
  std::vector<KernelOutputs> kernels;
};

/// Runs each kernel in a process of its own. A sigmoid above `threshold` sets its label.
RowsEvaluated evaluate(const EvalRequest& request, const std::vector<Kernel>& kernels,
                       double threshold);

}  // namespace softmark
