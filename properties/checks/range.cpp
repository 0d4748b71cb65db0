// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark {
namespace {

bool has_range(const Kernel& kernel) {
  return kernel.op == SOFTMARK_SOFTMAX || kernel.op == SOFTMARK_LOG_SOFTMAX ||
         kernel.op == SOFTMARK_SIGMOID || kernel.op == SOFTMARK_HARDMAX ||
         kernel.op == SOFTMARK_SOFTMAX_JACOBIAN;
}

// Rounding explains some results out of range and not others: an exponential is never negative, but
// a result next to 1 may round above it, and a log next to 0.
const char* breach(softmark_op op, double got, bool beyond_bound) {
  if (op == SOFTMARK_HARDMAX) return got == 0 || got == 1 ? nullptr : "is neither 0 nor 1";
  if (op == SOFTMARK_SOFTMAX || op == SOFTMARK_SIGMOID) {
    if (got < 0) return "is negative";
    if (got > 1 && beyond_bound) return "is above 1";
  }
  if (op == SOFTMARK_LOG_SOFTMAX && got > 0 && beyond_bound) return "is the log of more than 1";
  if (op == SOFTMARK_SOFTMAX_JACOBIAN && std::fabs(got) > 0.25 && beyond_bound)
    return "is beyond 1/4, the largest p (1 - p)";
  return nullptr;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  const std::size_t outputs = session.outputs(c);
  const softmark_dtype dtype = session.kernel().dtype;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const Truth& truth = session.truth(c, r);
    for (std::size_t j = 0; j < outputs; ++j) {
      const double got = y[r * outputs + j];
      if (std::isnan(truth.exact[j].rounded)) continue;
      if (std::isnan(got)) return fault_at(r, j, "got nan where the exact value is a number");
      if (const char* what = breach(session.kernel().op, got,
                                    !(ulp_error(truth.exact[j], got, dtype) <= truth.bound[j])))
        return fault_at(r, j, "got " + decimal(got) + ", which " + what);
    }
  }
  return std::nullopt;
}

// Every distance from the maximum, from nothing to far below the type's last subnormal.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const std::size_t rows = effort == Effort::quick ? 24 : 200, cols = is_jacobian(kernel) ? 5 : 24;
  const double deep = deepest(kernel.dtype), steps = static_cast<double>(rows * (cols - 1));
  double k = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<double> row = {0};
    for (std::size_t i = 1; i < cols; ++i, ++k)
      row.push_back(-(k < steps / 2 ? 2.2 * deep * k / steps
                                    : 1.1 * deep * std::pow(30.0, 2 * k / steps - 1)));
    if (!sink(case_of_rows(kernel, {row}))) return;
    for (double& v : row) v = -v;
    if (!sink(case_of_rows(kernel, {row}))) return;
  }
}

constexpr Family kRows[] = {Family::wide,  Family::subnormal, Family::cutoff,
                            Family::large, Family::peaked,    Family::equal};

}  // namespace

const Property range = {
    "range",
    "probabilities lie in [0, 1], their logarithms at or below 0, a hardmax is 0 or 1",
    Criterion::contract,
    Severity::error,
    has_range,
    fault,
    sweep,
    kRows};

}  // namespace softmark
