// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::memory {
namespace {

// A call that declines its arguments must not write outside y's rows either.
CallResult watched(KernelSession& session, const Case& c, CallResult outcome) {
  try {
    return session.checked(c, std::move(outcome));
  } catch (const KernelSession::Refused& refused) {
    if (refused.outcome.memory.empty()) throw;
    return refused.outcome;
  }
}

// Wherever the buffers lie, the kernel writes y's rows only and uses nothing around the inputs.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  std::vector<Case> calls = {c};
  if (std::isnan(c.layout.poison))
    for (double poison : {1e4, -std::numeric_limits<double>::infinity()})
      calls.emplace_back(c).layout.poison = poison;
  auto results = session.call_all(calls);
  std::vector<double> first;
  for (std::size_t k = 0; k < calls.size(); ++k) {
    const CallResult outcome = watched(session, calls[k], std::move(results[k]));
    if (!outcome.memory.empty()) return Fault{outcome.memory, std::nullopt, std::nullopt, "fail"};
    if (k == 0) first = outcome.y;
    for (std::size_t i = 0; i < outcome.y.size(); ++i)
      if (!same_bits(outcome.y[i], first[i]))
        return fault_at(i / session.outputs(c), i % session.outputs(c),
                        "depends on what lies in the padding between rows");
  }
  return exceeds_bound(session, c, first);
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const std::size_t element = bytes_of(kernel.dtype);
  const std::size_t longest = gives_matrix(kernel.op) ? 9 : effort == Effort::quick ? 40 : 130;
  Rng rng(0x3e3);
  for (std::size_t cols = 0; cols <= longest; ++cols) {
    Case c = make_case(kernel.op, kernel.dtype, Family::normal, 3, cols, rng);
    for (std::size_t padding : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
      c.layout = Layout();
      c.layout.x_padding = padding;
      c.layout.g_padding = (padding + 2) % 6;
      c.layout.y_padding = (padding + 3) % 6;
      if (!sink(c)) return;
      c.layout.at_start = true;
      c.layout.offset = rng.below(64 / element) * element;
      c.layout.y_offset = rng.below(64 / element) * element;
      if (!sink(c)) return;
    }
  }
  for (std::size_t rows : {std::size_t{0}, std::size_t{1}})
    if (!sink(make_case(kernel.op, kernel.dtype, Family::normal, rows, 0, rng)) ||
        !sink(make_case(kernel.op, kernel.dtype, Family::normal, 0, 7, rng)))
      return;
}

}  // namespace

const Property property = {"memory",
                           "nothing but y's rows is written, and nothing outside the rows is used, "
                           "wherever the buffers lie",
                           Criterion::contract,
                           Severity::error,
                           any_kernel,
                           fault,
                           sweep,
                           {},
                           nullptr,
                           nullptr,
                           false};

}  // namespace softmark::checks::memory
