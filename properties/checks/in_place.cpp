// SPDX-License-Identifier: Apache-2.0
#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark::checks::in_place {
namespace {

bool claims_in_place(const Kernel& kernel) {
  return (kernel.claims & SOFTMARK_IN_PLACE) && shape_of(kernel.op).output == OpShape::kRow;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  return exceeds_bound(session, c, session.run(c));
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const bool with_g = shape_of(kernel.op).takes_g;
  sweep_lengths(kernel, effort, finite_families(), [&](const Case& given) {
    Case c = given;
    c.layout.x_padding = c.layout.g_padding = c.layout.y_padding = c.cols % 3;
    c.layout.alias = Alias::y_is_x;
    if (!sink(c)) return false;
    c.layout.alias = Alias::y_is_g;
    return !with_g || sink(c);
  });
}

}  // namespace

const Property property = {
    "in_place",
    "y may be x (or g): the results are within their bounds, as out of place",
    Criterion::claim,
    Severity::error,
    claims_in_place,
    fault,
    sweep,
    {}};

}  // namespace softmark::checks::in_place
