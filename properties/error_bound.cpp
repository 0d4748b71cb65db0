// SPDX-License-Identifier: Apache-2.0
#include "properties/property.h"

namespace softmark {
namespace {

std::optional<Fault> fault(Trial& trial, const Case& c) { return exceeds_bound(trial, c, trial.run(c)); }

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) { sweep_lengths(kernel, effort, finite_families(), sink); }

}  // namespace

const Property error_bound = {
    "error_bound", "no output is further from the exact value than a sane floating-point evaluation of this row can be",
    Judge::bound, Severity::must, any_kernel, fault, sweep, finite_families()};

}  // namespace softmark
