// SPDX-License-Identifier: Apache-2.0
#include "properties/eval/evaluation.h"

#include <cmath>

#include "kernels/names.h"
#include "kernels/worker.h"
#include "properties/engine/accuracy.h"
#include "properties/engine/property.h"

namespace softmark {
namespace {

/// The first largest; among NaNs nothing is the largest.
std::string argmax(const double* values, std::size_t n) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isnan(values[i])) return "none (nan)";
    if (values[i] > values[best]) best = i;
  }
  return std::to_string(best);
}

/// A NaN neither sets its label nor clears it.
std::string labels_above(const double* values, std::size_t n, double threshold) {
  std::string labels, open;
  for (std::size_t i = 0; i < n; ++i) {
    std::string& list = std::isnan(values[i]) ? open : labels;
    if (!(values[i] <= threshold)) list += (list.empty() ? "" : ",") + std::to_string(i);
  }
  return (labels.empty() ? "none" : labels) + (open.empty() ? "" : ", open (nan) " + open);
}

/// Whether an output is the probability of a label of its own.
bool is_probability_of_element(softmark_op op) {
  const OpInfo& info = op_info(op);
  return maps_logits(op) && info.elementwise && info.low == 0 && info.high == 1;
}

Decisions decisions_of(softmark_op op, const std::vector<double>& y, std::size_t rows,
                       double threshold) {
  Decisions decisions;
  const std::size_t cols = rows ? y.size() / rows : 0;
  for (std::size_t r = 0; r < rows && cols > 0; ++r) {
    const double* row = y.data() + r * cols;
    if (keeps_argmax(op)) decisions.push_back("argmax " + argmax(row, cols));
    if (is_probability_of_element(op))
      decisions.push_back("labels " + labels_above(row, cols, threshold));
  }
  return decisions;
}

struct TrueOutputs {
  std::vector<Exact> exact;
  std::vector<Bound> bound;
};

/// The exact outputs of all rows with their bounds; `problem` gives one row of them.
template <class RowProblem>
TrueOutputs true_outputs(std::size_t rows, const RowProblem& problem) {
  TrueOutputs all;
  for (std::size_t r = 0; r < rows; ++r) {
    const Problem one = problem(r);
    const auto row = exact_row(one);
    const auto bounds = error_bounds(one, row);
    all.exact.insert(all.exact.end(), row.begin(), row.end());
    all.bound.insert(all.bound.end(), bounds.begin(), bounds.end());
  }
  return all;
}

std::vector<double> rounded(const std::vector<Exact>& exact) {
  std::vector<double> values;
  for (const Exact& e : exact) values.push_back(e.rounded);
  return values;
}

/// Whether the kernel's entry declares something that may change the exact outputs.
bool declares_own_outputs(const Kernel& kernel) {
  return (kernel.claims & SOFTMARK_SATURATES) || kernel.masked_row != SOFTMARK_MASKED_NAN;
}

std::string status_of(const CallResult& outcome) {
  switch (outcome.kind) {
    case CallResult::done:
      return "";
    case CallResult::unsupported:
      return "unsupported: " + outcome.message;
    case CallResult::timeout:
      return "timeout: " + outcome.message;
    default:
      return "crash: " + outcome.message;
  }
}

KernelOutputs run(const Kernel& kernel, const Case& c, const TrueOutputs& truth, double threshold) {
  KernelOutputs result;
  result.kernel = kernel;
  Worker worker(kernel);
  CallResult outcome = worker.run(c);
  result.status = status_of(outcome);
  if (!result.status.empty()) return result;
  result.y = std::move(outcome.y);
  const auto own =
      declares_own_outputs(kernel)
          ? true_outputs(c.rows, [&](std::size_t r) { return problem_of(kernel, c, r); })
          : truth;
  for (std::size_t i = 0; i < own.exact.size(); ++i) {
    const Exact& exact = own.exact[i];
    const Bound& bound = own.bound[i];
    result.share.push_back(share_of_bound(exact, bound, result.y[i], kernel.dtype));
    result.ulp.push_back(ulp_error(exact, result.y[i], kernel.dtype));
    result.well_conditioned.push_back(is_well_conditioned(bound, exact, c.cols, kernel.dtype));
  }
  result.decisions = decisions_of(kernel.op, result.y, c.rows, threshold);
  result.exact = decisions_of(kernel.op, rounded(own.exact), c.rows, threshold);
  return result;
}

}  // namespace

RowsEvaluated evaluate(const EvalRequest& request, const std::vector<Kernel>& kernels,
                       double threshold) {
  const Case& c = request.rows;
  RowsEvaluated result{
      request.op, request.dtype, c.rows, c.cols, outputs_of(request.op, c.cols), {}, {}, {}};
  const TrueOutputs truth = true_outputs(
      c.rows, [&](std::size_t r) { return problem_of(request.op, request.dtype, c, r); });
  result.exact = rounded(truth.exact);
  result.decisions = decisions_of(request.op, result.exact, c.rows, threshold);
  for (const Kernel& kernel : kernels) result.kernels.push_back(run(kernel, c, truth, threshold));
  return result;
}

}  // namespace softmark
