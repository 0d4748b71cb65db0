// SPDX-License-Identifier: Apache-2.0
#include "properties/eval/evaluation.h"

#include <cmath>

#include "kernels/names.h"
#include "kernels/worker.h"
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

Decisions decisions_of(softmark_op op, const std::vector<double>& y, std::size_t rows,
                       double threshold) {
  Decisions decisions;
  const std::size_t cols = rows ? y.size() / rows : 0;
  for (std::size_t r = 0; r < rows && cols > 0; ++r) {
    const double* row = y.data() + r * cols;
    if (keeps_argmax(op)) decisions.push_back("argmax " + argmax(row, cols));
    if (maps_logits(op) && op_info(op).elementwise)
      decisions.push_back("labels " + labels_above(row, cols, threshold));
  }
  return decisions;
}

/// The exact outputs of all rows.
std::vector<Exact> exact_outputs(const EvalRequest& request) {
  std::vector<Exact> all;
  for (std::size_t r = 0; r < request.rows.rows; ++r) {
    const auto row = exact_row(problem_of(request.op, request.dtype, request.rows, r));
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
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

KernelOutputs run(const Kernel& kernel, const Case& c, const std::vector<Exact>& exact,
                  double threshold) {
  KernelOutputs result{kernel, "", {}, {}, {}};
  Worker worker(kernel);
  CallResult outcome = worker.run(c);
  result.status = status_of(outcome);
  if (!result.status.empty()) return result;
  result.y = std::move(outcome.y);
  const std::size_t outputs = outputs_of(kernel.op, c.cols);
  for (std::size_t r = 0; r < c.rows; ++r) {
    // A kernel is held to what its entry declares where that changes the result.
    const Problem own = problem_of(kernel, c, r);
    const bool differs = own.saturates || own.masked_row != SOFTMARK_MASKED_NAN;
    const auto declared = differs ? exact_row(own) : std::vector<Exact>();
    for (std::size_t j = 0; j < outputs; ++j)
      result.ulp.push_back(ulp_error(differs ? declared[j] : exact[r * outputs + j],
                                     result.y[r * outputs + j], kernel.dtype));
  }
  result.decisions = decisions_of(kernel.op, result.y, c.rows, threshold);
  return result;
}

}  // namespace

RowsEvaluated evaluate(const EvalRequest& request, const std::vector<Kernel>& kernels,
                       double threshold) {
  const Case& c = request.rows;
  RowsEvaluated result{
      request.op, request.dtype, c.rows, c.cols, outputs_of(request.op, c.cols), {}, {}, {}};
  const auto exact = exact_outputs(request);
  for (const Exact& e : exact) result.exact.push_back(e.rounded);
  result.decisions = decisions_of(request.op, result.exact, c.rows, threshold);
  for (const Kernel& kernel : kernels) result.kernels.push_back(run(kernel, c, exact, threshold));
  return result;
}

}  // namespace softmark
