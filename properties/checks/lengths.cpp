// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::lengths {
namespace {

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  auto beyond = exceeds_bound(session, c, session.run(c));
  if (beyond) beyond->message = std::to_string(c.cols) + " columns: " + beyond->message;
  return beyond;
}

// Rows in which losing a column changes the result noticeably: the columns at the ends and at
// powers of two weigh as much as all others together.
Case weighted(const Kernel& kernel, std::size_t rows, std::size_t cols, Rng& rng) {
  Case c = make_case(kernel.op, kernel.dtype, Family::normal, rows, cols, rng);
  const double heavy = std::log(static_cast<double>(cols));
  for (std::size_t r = 0; takes_logits(kernel.op) && r < rows; ++r)
    for (std::size_t i = 0; i < cols; ++i) {
      const bool at_end = i < 2 || i + 2 >= cols,
                 at_power = (i & (i - 1)) == 0 || (i & (i + 1)) == 0;
      if (at_end || at_power) c.x[r * cols + i] = fit_to(kernel.dtype, heavy + 0.25 * rng.normal());
    }
  return c;
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  constexpr std::size_t kRows[] = {1, 2, 1, 3, 1, 2, 5, 1};
  constexpr std::size_t kLongest[] = {65536, 131072, 1048576};
  Rng rng(0x1e27);
  const std::size_t each = is_jacobian(kernel) ? 24 : 130;
  for (std::size_t cols = 1; cols <= each; ++cols)
    if (!sink(weighted(kernel, kRows[(cols + cols / 8) % 8], cols, rng))) return;
  if (is_jacobian(kernel)) return;
  // A kernel whose time grows with the square of the columns is slow but does not hang: it skips
  // lengths that would take too long. The exact values themselves cost a few microseconds per
  // column.
  const auto in_time = [&](const Case& c) {
    const auto start = std::chrono::steady_clock::now();
    return sink(c) && std::chrono::steady_clock::now() - start <
                          std::chrono::milliseconds(50) + c.cols * std::chrono::microseconds(30);
  };
  for (int i = 0; i < (effort == Effort::quick ? 6 : 40); ++i)
    if (!sink(weighted(kernel, kRows[rng.below(3)],
                       131 + rng.below(effort == Effort::quick ? 1000 : 6000), rng)))
      return;
  for (std::size_t power = 256; power <= kLongest[static_cast<int>(effort)]; power *= 2)
    for (std::size_t cols : {power - 1, power, power + 1})
      if ((cols > power || power <= 4096 || effort != Effort::quick) &&
          !in_time(weighted(kernel, 1, cols, rng)))
        return;
  // A few whole blocks and no more: unrolled loops go by them.
  for (std::size_t power = 64; power <= (effort == Effort::quick ? 256u : 4096u); power *= 2)
    for (std::size_t blocks : {3, 5, 7})
      if (!in_time(weighted(kernel, 1, blocks * power, rng))) return;
}

}  // namespace

const Property property = {
    "lengths",
    "every number of columns is correct: 1 to 130, around powers of two, a few blocks, and between",
    Criterion::bound,
    Severity::error,
    any_kernel,
    fault,
    sweep,
    {}};

}  // namespace softmark::checks::lengths
