// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark::checks::sum_to_one {
namespace {

bool sums_to_one(const Kernel& kernel) { return op_info(kernel.op).sums_to_one; }

// The exact outputs sum to 1, so the sum is off by at most the sum of the outputs' bounds; adding
// up in long double costs another n 2^-64.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (is_surely_within(session, c, y, r)) continue;
    const Truth& truth = session.truth(c, r);
    long double sum = 0, allowed = 0, want = 0;
    for (std::size_t j = 0; j < c.cols; ++j) {
      sum += y[r * c.cols + j];
      want += truth.exact[j].rounded;
      allowed += truth.bound[j].error;
    }
    if (c.cols == 0 || !(std::fabs(want - 1) < 0.5L))
      continue;  // a masked row, or one with NaN or +inf
    allowed += static_cast<long double>(c.cols) * 0x1p-63L;
    if (!(std::fabs(sum - 1) <= allowed))
      return Fault{"row " + std::to_string(r) + " sums to 1 + " +
                       decimal(static_cast<double>(sum - 1)) + ", allowed +-" +
                       decimal(static_cast<double>(allowed)),
                   r, std::nullopt, "fail"};
  }
  return std::nullopt;
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  sweep_lengths(kernel, effort, finite_families(), sink);
}

}  // namespace

const Property property = {"sum_to_one",
                           "the results of a row sum to 1, up to the sum of their own bounds",
                           Criterion::bound,
                           Severity::error,
                           sums_to_one,
                           fault,
                           sweep,
                           finite_families()};

}  // namespace softmark::checks::sum_to_one
