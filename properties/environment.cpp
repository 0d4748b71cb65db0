// SPDX-License-Identifier: Apache-2.0
#include "properties/property.h"

namespace softmark {
namespace {

std::optional<Fault> fault(Trial& trial, const Case& c) {
  const Outcome outcome = trial.run_watched(c);
  if (outcome.environment.empty()) return std::nullopt;
  return Fault{"the call changed " + outcome.environment, std::nullopt, std::nullopt, "fail"};
}

// Rows that take an implementation's special paths: long, subnormal, overflowing, NaN.
void sweep(const Kernel& kernel, Effort, const Sink& sink) {
  Rng rng(0xe27);
  for (Family family : {Family::normal, Family::subnormal, Family::large, Family::nan, Family::masked, Family::all_masked})
    for (std::size_t cols : {1, 7, 16, 100})
      if (!sink(make_case(kernel.op, kernel.dtype, family, 2, kernel.op == SOFTMARK_SOFTMAX_JACOBIAN ? cols % 17 : cols, rng))) return;
}

}  // namespace

const Property environment = {
    "environment", "a call leaves rounding mode, flush modes, signal mask, folder and output streams as it found them",
    Judge::contract, Severity::must, any_kernel, fault, sweep, {}};

}  // namespace softmark
