// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "support/non_finite.h"

namespace softmark::checks::stale_state {
namespace {

// A call of the same shape at the same address with other values: on another level, or starting
// with a NaN.
Case same_shape(const Case& c, const Kernel& kernel, double value) {
  Case other = c;
  auto& values = takes_logits(kernel.op) ? other.x : other.g;
  for (double& v : values) v = std::isnan(value) ? v : fit_to(kernel.dtype, v + value);
  if (std::isnan(value) && !values.empty()) values[0] = value;
  return other;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const Kernel& kernel = session.kernel();
  Rng rng(c.cols);
  const Case longer = make_case(kernel.op, kernel.dtype, Family::normal, c.rows,
                                is_jacobian(kernel) ? c.cols + 3 : 2 * c.cols + 9, rng);
  struct Before {
    Case call;
    const char* what;
  };
  const Before before[] = {{same_shape(c, kernel, 200), "after the same shape on a higher level"},
                           {same_shape(c, kernel, -200), "after the same shape on a lower level"},
                           {same_shape(c, kernel, kNan), "after a call with a NaN"},
                           {longer, "after a longer row"}};
  for (const Before& b : before) {
    session.run(b.call);
    if (auto beyond = exceeds_bound(session, c, session.run(c))) {
      beyond->message = std::string(b.what) + ": " + beyond->message;
      return beyond;
    }
  }
  for (int again = 0; again < 20; ++again)
    if (auto beyond = exceeds_bound(session, c, session.run(c))) {
      beyond->message = "in repeated calls: " + beyond->message;
      return beyond;
    }
  return std::nullopt;
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0x57a1);
  for (Family family : {Family::normal, Family::wide, Family::masked})
    for (std::size_t cols : {1, 2, 5, 8, 17, 64, 100, 300}) {
      if (is_jacobian(kernel) && cols > 17) continue;
      if (!sink(make_case(kernel.op, kernel.dtype, family,
                          1 + cols % (effort == Effort::quick ? 2 : 5), cols, rng)))
        return;
    }
}

}  // namespace

const Property property = {
    "stale_state",
    "a call's results depend on its arguments alone, whatever was called before",
    Criterion::contract,
    Severity::error,
    any_kernel,
    fault,
    sweep,
    {},
    nullptr,
    nullptr,
    false};

}  // namespace softmark::checks::stale_state
