// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/property.h"
#include "properties/engine/search.h"

namespace softmark::checks::max_ulp {
namespace {

bool promises(const Kernel& kernel) { return std::isfinite(kernel.max_ulp); }

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  // The promise covers finite input with finite exact results.
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!std::all_of(c.x.begin(), c.x.end(), finite) || !std::all_of(c.g.begin(), c.g.end(), finite))
    return std::nullopt;
  const auto y = session.run(c);
  const std::size_t outputs = session.outputs(c);
  const double promised = session.kernel().max_ulp;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const auto exact = session.exact(c, r);
    for (std::size_t j = 0; j < outputs; ++j) {
      if (!std::isfinite(exact[j].rounded)) continue;
      const double error = ulp_error(exact[j], y[r * outputs + j], session.kernel().dtype);
      if (!(error <= promised))
        return fault_at(
            r, j,
            "off by " + decimal(error) + " ulp, its entry promises at most " + decimal(promised));
    }
  }
  return std::nullopt;
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  sweep_lengths(kernel, effort, finite_families(), sink);
}

// Searches for a row whose error exceeds the promise.
std::optional<Case> seek(KernelSession& session, std::uint64_t seed, std::size_t& rows) {
  return seek_beyond(session, seed, false, session.kernel().max_ulp, rows);
}

}  // namespace

const Property property = {"max_ulp",
                           "no result is off by more ulps than the kernel's entry promises",
                           Criterion::claim,
                           Severity::error,
                           promises,
                           fault,
                           sweep,
                           finite_families(),
                           seek};

}  // namespace softmark::checks::max_ulp
