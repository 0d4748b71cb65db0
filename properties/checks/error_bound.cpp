// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/property.h"
#include "properties/engine/search.h"

namespace softmark::checks::error_bound {
namespace {

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  return exceeds_bound(session, c, session.run(c));
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  sweep_lengths(kernel, effort, finite_families(), sink);
}

// Guided by the kernel's error relative to the bound.
std::optional<Case> seek(KernelSession& session, std::uint64_t seed, std::size_t& rows) {
  return seek_beyond(session, seed, true, 1, rows);
}

}  // namespace

const Property property = {"error_bound",
                           "no result is further from the exact value than a sane "
                           "floating-point evaluation of this row can be",
                           Criterion::bound,
                           Severity::error,
                           any_kernel,
                           fault,
                           sweep,
                           finite_families(),
                           seek};

}  // namespace softmark::checks::error_bound
