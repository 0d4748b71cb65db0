// SPDX-License-Identifier: Apache-2.0
#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark::checks::threaded {
namespace {

bool claims_threaded(const Kernel& kernel) { return kernel.claims & SOFTMARK_THREADED; }

// Every thread count, several times: a race shows only now and then.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  Case threaded = c;
  for (int threads : {1, 2, 3, 8, 4, 5, 7, 16})
    for (int repeat = 0; repeat < (threads < 4 || threads == 8 ? 3 : 1); ++repeat) {
      threaded.layout.threads = threads;
      if (auto found = exceeds_bound(session, threaded, session.run(threaded))) {
        found->message = "on " + std::to_string(threads) + " threads: " + found->message;
        return found;
      }
    }
  return std::nullopt;
}

// Rows of very different levels, so that a maximum or sum taken from a neighbouring row changes the
// result.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0x7e4d);
  for (std::size_t rows : {1, 2, 3, 7, 33})
    for (std::size_t cols : {1, 5, 64, 257, 3000}) {
      if (rows * cols > (effort == Effort::quick ? 20000u : 200000u) ||
          (gives_matrix(kernel.op) && cols > 64))
        continue;
      if (!sink(make_case(kernel.op, kernel.dtype, Family::offset, rows, cols, rng))) return;
    }
  if (!gives_matrix(kernel.op))
    sink(make_case(kernel.op, kernel.dtype, Family::wide, 1,
                   effort == Effort::quick ? 40000 : 300000, rng));
}

}  // namespace

const Property property = {
    "threaded",
    "the results are within their bounds on any number of threads, every time",
    Criterion::claim,
    Severity::error,
    claims_threaded,
    fault,
    sweep,
    {},
    nullptr,
    nullptr,
    false};

}  // namespace softmark::checks::threaded
