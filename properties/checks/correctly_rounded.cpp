// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::correctly_rounded {
namespace {

bool claims_rounding(const Kernel& kernel) { return kernel.claims & SOFTMARK_CORRECTLY_ROUNDED; }

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  const std::size_t outputs = session.outputs(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    const auto row = session.exact(c, r);
    for (std::size_t j = 0; j < outputs; ++j) {
      const Exact& exact = row[j];
      if (std::isfinite(exact.rounded) && y[r * outputs + j] != exact.rounded)
        return fault_at(r, j,
                        "got " + hex(y[r * outputs + j]) + ", correctly rounded it is " +
                            hex(exact.rounded) + " (the exact value lies " +
                            decimal(exact.residual) + " ulp from that)");
    }
  }
  return std::nullopt;
}

// Includes tiny logits in rows whose number of columns is a power of two: there many results lie
// close to midpoints.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0xc120);
  const double unit = std::ldexp(1.0, -type_info(kernel.dtype).precision - 1);
  for (std::size_t cols : {2, 4, 8, 16, 64, 256}) {
    if (is_jacobian(kernel) && cols > 16) continue;
    for (int k = 0; k < (effort == Effort::quick ? 4 : 40); ++k) {
      Case c = make_case(kernel.op, kernel.dtype, Family::normal, 1, cols, rng);
      for (double& v : c.x)
        if (takes_logits(kernel.op))
          v = round_to(kernel.dtype, unit * (static_cast<double>(rng.below(17)) - 8));
      if (!sink(c)) return;
    }
  }
  sweep_lengths(kernel, effort, finite_families(), sink);
}

}  // namespace

const Property property = {
    "correctly_rounded",
    "every finite result is the exact value rounded to nearest, ties to even",
    Criterion::claim,
    Severity::error,
    claims_rounding,
    fault,
    sweep,
    finite_families()};

}  // namespace softmark::checks::correctly_rounded
