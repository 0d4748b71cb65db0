// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::order {
namespace {

bool is_monotone(const Kernel& kernel) { return op_info(kernel.op).monotone; }

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (is_surely_within(session, c, y, r)) continue;
    const Truth& truth = session.truth(c, r);
    const double* x = c.x.data() + r * c.cols;
    const double* got = y.data() + r * c.cols;
    std::vector<std::size_t> by_size(c.cols);
    std::iota(by_size.begin(), by_size.end(), 0);
    if (std::any_of(x, x + c.cols, [](double v) { return std::isnan(v) || v == INFINITY; }))
      continue;
    std::stable_sort(by_size.begin(), by_size.end(), [&](auto a, auto b) { return x[a] < x[b]; });
    for (std::size_t k = 1; k < c.cols; ++k) {
      const std::size_t low = by_size[k - 1], high = by_size[k];
      // For neighbours in size the exact results are in order, so only both errors together may
      // reverse them.
      if (got[low] > got[high] && !(static_cast<long double>(got[low]) - got[high] <=
                                    truth.bound[low].error + truth.bound[high].error))
        return fault_at(r, high,
                        "is " + decimal(got[high]) + ", less than the " + decimal(got[low]) +
                            " of the smaller logit at column " + std::to_string(low));
    }
  }
  return exceeds_bound(session, c, y);
}

// Long ramps, up to 0 and down from it: the maximum moves by little from block to block, and far in
// all, so that one that is followed only where it jumps is lost.
void sweep_slow_ramps(const Kernel& kernel, const Sink& sink) {
  for (std::size_t cols : {300, 1280, 2100, 5000})
    for (double heights : {0.9, 1.7}) {
      const double step = heights * deepest(kernel.dtype) / static_cast<double>(cols);
      std::vector<double> row;
      for (std::size_t i = 0; i < cols; ++i)
        row.push_back(fit_to(kernel.dtype, -step * static_cast<double>(i)));
      if (!sink(case_of_rows(kernel, {row}))) return;
      std::reverse(row.begin(), row.end());
      if (!sink(case_of_rows(kernel, {row}))) return;
    }
}

// Ramps that cover exp's range densely, from 0 down to where it underflows (for sigmoid, up to
// where it is 1).
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const std::size_t rows = effort == Effort::quick      ? 120
                           : effort == Effort::standard ? 600
                                                        : 6000,
                    cols = 48;
  const double bottom = -1.02 * deepest(kernel.dtype),
               top = op_info(kernel.op).elementwise ? 40 : 0;
  const double step = (bottom - top) / static_cast<double>(rows * (cols - 1));
  double at = top;
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<double> row = {top};
    for (std::size_t i = 1; i < cols; ++i) row.push_back(fit_to(kernel.dtype, at += step));
    if (!sink(case_of_rows(kernel, {row}))) return;
  }
  sweep_slow_ramps(kernel, sink);
}

constexpr Family kRows[] = {Family::wide, Family::ascending, Family::flat, Family::reduction,
                            Family::subnormal};

}  // namespace

const Property property = {
    "order",
    "a larger logit has no smaller result, up to the bounds of both, on ramps "
    "that cover exp's whole range densely",
    Criterion::bound,
    Severity::error,
    is_monotone,
    fault,
    sweep,
    kRows};

}  // namespace softmark::checks::order
