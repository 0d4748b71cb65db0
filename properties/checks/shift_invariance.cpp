// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::shift_invariance {
namespace {

bool is_invariant(const Kernel& kernel) { return op_info(kernel.op).shift_invariant; }

// x + shift where that is exact for every element; nothing where it is not.
std::optional<Case> shifted(const Case& c, double shift, softmark_dtype dtype) {
  Case moved = c;
  for (double& v : moved.x) {
    if (!std::isfinite(v)) continue;
    const long double exact = static_cast<long double>(v) + static_cast<long double>(shift);
    const double sum = round_to(dtype, static_cast<double>(exact));
    // For f64 the long double may itself have rounded: then subtracting the shift again does not
    // give v.
    if (static_cast<long double>(sum) != exact || sum - shift != v || !std::isfinite(sum))
      return std::nullopt;
    v = sum;
  }
  return moved;
}

/// `z`: the results of `moved`, which is the case with `shift` added.
std::optional<Fault> differs(KernelSession& session, const Case& c, const std::vector<double>& y,
                             const Case& moved, const std::vector<double>& z, double shift) {
  const softmark_dtype dtype = session.kernel().dtype;
  const std::size_t outputs = session.outputs(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    // The exact values are the same; the bound depends on the level.
    const Problem problem = problem_of(session.kernel(), moved, r);
    if (is_surely_within(session, c, y, r) &&
        is_surely_within(problem, session.exact(c, r), {z.data() + r * outputs, outputs}))
      continue;
    const Truth& here = session.truth(c, r);
    const auto there = error_bounds(problem, here.exact);
    for (std::size_t j = 0; j < outputs; ++j) {
      const Observed a{y[r * outputs + j], here.exact[j], here.bound[j]},
          b{z[r * outputs + j], here.exact[j], there[j]};
      if (!agree(a, b, dtype))
        return fault_at(r, j,
                        "adding " + decimal(shift) + " to every logit moves it from " +
                            decimal(a.got) + " to " + decimal(b.got) + ", allowed " +
                            decimal(static_cast<double>(a.bound.error + b.bound.error)));
    }
  }
  return std::nullopt;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  std::vector<Case> moved;
  std::vector<double> shifts;
  for (double size : {1.0, 64.0, 128.0, 1024.0, 32768.0, 1048576.0, 0x1p33, 0x1p48})
    for (double shift : {size, -size})
      if (auto there = shifted(c, shift, session.kernel().dtype)) {
        moved.push_back(std::move(*there));
        shifts.push_back(shift);
      }
  const auto z = session.run_all(moved);
  for (std::size_t k = 0; k < moved.size(); ++k)
    if (auto found = differs(session, c, y, moved[k], z[k], shifts[k])) return found;
  return std::nullopt;
}

constexpr Family kRows[] = {Family::grid, Family::ties, Family::equal};

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const std::size_t longest = gives_matrix(kernel.op) ? 8 : effort == Effort::quick ? 34 : 130;
  Rng rng(0x5417);
  for (std::size_t cols = 1; cols <= longest; ++cols)
    if (!sink(make_case(kernel.op, kernel.dtype, kRows[cols % 3], 1, cols, rng))) return;
}

}  // namespace

const Property property = {"shift_invariance",
                           "adding the same exactly representable amount to every logit "
                           "changes no result by more than the bounds of both",
                           Criterion::bound,
                           Severity::error,
                           is_invariant,
                           fault,
                           sweep,
                           kRows};

}  // namespace softmark::checks::shift_invariance
