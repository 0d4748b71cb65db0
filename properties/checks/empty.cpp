// SPDX-License-Identifier: Apache-2.0
#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark::checks::empty {
namespace {

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  if (c.rows > 0 && c.cols > 0) return std::nullopt;
  const CallResult outcome = session.run_watched(c);
  session.count_judged(1);
  if (!outcome.memory.empty()) return Fault{outcome.memory, std::nullopt, std::nullopt, "fail"};
  return exceeds_bound(session, c, outcome.y);  // logsumexp of no columns is -inf
}

// Empty buffers lie against an unmapped page, so that reading or writing one element crashes.
void sweep(const Kernel& kernel, Effort, const Sink& sink) {
  Rng rng(0xe3b7);
  for (std::size_t rows : {0, 1, 2, 5})
    for (std::size_t cols : {0, 1, 8, 100}) {
      if (rows > 0 && cols > 0) continue;
      if (gives_matrix(kernel.op) && cols > 8) continue;
      Case c = make_case(kernel.op, kernel.dtype, Family::normal, rows, cols, rng);
      if (!sink(c)) return;
      c.layout.x_padding = c.layout.g_padding = 3;
      c.layout.y_padding = 2;
      if (!sink(c)) return;
    }
}

}  // namespace

const Property property = {
    "empty",
    "a call with no rows or no columns reads and writes nothing; logsumexp of no columns is -inf",
    Criterion::contract,
    Severity::error,
    any_kernel,
    fault,
    sweep,
    {}};

}  // namespace softmark::checks::empty
