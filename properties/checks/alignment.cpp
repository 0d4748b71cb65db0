// SPDX-License-Identifier: Apache-2.0
#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::alignment {
namespace {

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const CallResult outcome = session.run_watched(c);
  if (!outcome.memory.empty()) return Fault{outcome.memory, std::nullopt, std::nullopt, "fail"};
  auto beyond = exceeds_bound(session, c, outcome.y);
  if (beyond) beyond->message = "at this address: " + beyond->message;
  return beyond;
}

// Every start address from 0 to 63 bytes behind an unmapped page, for the inputs, the output and
// both; then different strides for input, gradient and output, so that each row lies at another
// offset in each of them.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const std::size_t element = bytes_of(kernel.dtype);
  const bool takes_g = shape_of(kernel.op).takes_g,
             is_scalar = shape_of(kernel.op).output == OpShape::kScalar;
  Rng rng(0xa119);
  for (std::size_t cols : {1, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 64, 65, 100, 128}) {
    if (is_jacobian(kernel) && cols > 8) continue;
    Case c = make_case(kernel.op, kernel.dtype, Family::normal, 3, cols, rng);
    c.layout.at_start = true;
    for (std::size_t offset = 0; offset < 64; offset += element)
      for (const auto& [x, y] : {std::pair{offset, offset}, std::pair{offset, std::size_t{0}},
                                 std::pair{std::size_t{0}, offset}}) {
        c.layout.offset = x;
        c.layout.y_offset = y;
        if (!sink(c)) return;
        if (offset == 0) break;
      }
    c.layout.offset = c.layout.y_offset = 0;
    const std::size_t most = effort == Effort::quick ? 5 : 64 / element;
    for (std::size_t padding = 1; padding <= most; ++padding)
      for (std::size_t Layout::*which :
           {&Layout::x_padding, &Layout::g_padding, &Layout::y_padding}) {
        if ((which == &Layout::g_padding && !takes_g) || (which == &Layout::y_padding && is_scalar))
          continue;
        Case strided = c;
        strided.layout.*which = padding;
        if (!sink(strided)) return;
        strided.layout.at_start = false;
        if (!sink(strided)) return;
      }
  }
}

}  // namespace

const Property property = {"alignment",
                           "the results are within their bounds at every start address and with "
                           "every stride of input and output",
                           Criterion::contract,
                           Severity::error,
                           any_kernel,
                           fault,
                           sweep,
                           {}};

}  // namespace softmark::checks::alignment
