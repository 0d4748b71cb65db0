// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::range {
namespace {

bool has_range(const Kernel& kernel) {
  const OpInfo& op = op_info(kernel.op);
  return std::isfinite(op.low) || std::isfinite(op.high);
}

// Violations that rounding cannot explain, and those that it can: an exponential is never negative,
// but a result near 1 may round above it, and a log near 0 above 0.
std::string violation(const OpInfo& op, double got, bool beyond_bound) {
  if (op.selects) return got == 0 || got == 1 ? "" : "is neither 0 nor 1";
  if (got < op.low && op.low == 0) return "is negative";
  if (got < op.low && beyond_bound) return "is below " + decimal(op.low);
  if (got > op.high && beyond_bound) return "is above " + decimal(op.high);
  return "";
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  const std::size_t outputs = session.outputs(c);
  const softmark_dtype dtype = session.kernel().dtype;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const bool surely = is_surely_within(session, c, y, r);
    const Truth* truth = surely ? nullptr : &session.truth(c, r);
    for (std::size_t j = 0; j < outputs; ++j) {
      const double got = y[r * outputs + j];
      if (truth && std::isnan(truth->exact[j].rounded)) continue;
      const bool beyond_bound = truth && !is_within(truth->exact[j], truth->bound[j], got, dtype);
      if (std::isnan(got) && !beyond_bound) continue;  // beyond a type without infinities
      if (std::isnan(got)) return fault_at(r, j, "got nan where the exact value is a number");
      if (const std::string what = violation(op_info(session.kernel().op), got, beyond_bound);
          !what.empty())
        return fault_at(r, j, "got " + decimal(got) + ", which " + what);
    }
  }
  return std::nullopt;
}

// Every distance from the maximum, from 0 to far beyond the smallest subnormal's.
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

const Property property = {
    "range",
    "probabilities lie in [0, 1], their logarithms at or below 0, a hardmax is 0 or 1",
    Criterion::contract,
    Severity::error,
    has_range,
    fault,
    sweep,
    kRows};

}  // namespace softmark::checks::range
