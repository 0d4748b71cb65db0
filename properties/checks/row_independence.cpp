// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "support/non_finite.h"

namespace softmark::checks::row_independence {
namespace {

// A row that is wrong in its batch and right alone. A row that is wrong alone is another property's
// failure.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  if (!exceeds_bound(session, c, y)) return std::nullopt;
  const auto outputs = static_cast<std::ptrdiff_t>(session.outputs(c));
  int tried_alone = 0;  // 8 wrong rows are enough to decide
  for (std::size_t r = 0; r < c.rows && tried_alone < 8; ++r) {
    const auto first = y.begin() + static_cast<std::ptrdiff_t>(r) * outputs;
    const Case alone = row_alone(c, session.kernel().op, r);
    auto beyond = exceeds_bound(session, alone, {first, first + outputs});
    if (!beyond || (++tried_alone, exceeds_bound(session, alone, session.run(alone)))) continue;
    return fault_at(r, *beyond->output,
                    "correct alone, wrong next to the other rows: " + beyond->message);
  }
  return std::nullopt;
}

// Values that a neighbouring row may hold. In VJPs, rows of probabilities and their logs stay valid
// and the cotangents vary.
constexpr double kPeak = 333;  // in one column only
constexpr double kWild[] = {kNan, kInf, -kInf, 1e30, -1e30, kPeak, 100, -200};

void make_wild(Case& c, const Kernel& kernel, std::size_t row, double value) {
  value = fit_to(kernel.dtype, value);
  if (!takes_logits(kernel.op)) {
    // For an infinite cotangent IEEE arithmetic allows too many results.
    if (std::isinf(value)) value = kNan;
    c.g[row * c.cols] = value;
    return;
  }
  for (std::size_t i = 0; i < c.cols; ++i) {
    double& x = c.x[row * c.cols + i];
    // A level per row for finite neighbours; special values in one column, or in all columns for
    // masked rows.
    if (std::isfinite(value) && value != kPeak)
      x = fit_to(kernel.dtype, x + value);
    else if (value == -kInf || i == c.cols / 2)
      x = value;
  }
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0x10de);
  // Batches of every size around vectors and blocks of rows, each row on a different level.
  for (std::size_t rows : {4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 129, 257, 1025})
    for (std::size_t cols : {1, 3, 8})
      if (!sink(make_case(kernel.op, kernel.dtype, Family::offset, rows, cols, rng))) return;
  for (std::size_t rows : {4097, 65537})  // past what 12 or 16 bits can count
    if (!sink(make_case(kernel.op, kernel.dtype, Family::normal, rows, 1, rng))) return;
  const std::size_t passes = effort == Effort::quick ? 1 : 4;
  for (std::size_t pass = 0; pass < passes; ++pass)
    for (std::size_t cols : {1, 2, 5, 8, 16, 17, 33, 64, 100}) {
      if (is_jacobian(kernel) && cols > 8) continue;
      for (std::size_t rows : {2, 3, 5}) {
        const Case calm =
            make_case(kernel.op, kernel.dtype, (rows + cols) % 3 ? Family::offset : Family::normal,
                      rows, cols, rng);
        for (std::size_t w = 0; w < std::size(kWild); ++w) {
          Case c = calm;
          for (std::size_t r = (w + pass) % 2; r < rows; r += 2)
            make_wild(c, kernel, r, kWild[(w + r / 2) % std::size(kWild)]);
          if (!sink(c)) return;
        }
      }
    }
}

}  // namespace

const Property property = {"row_independence",
                           "a row's results do not depend on its neighbours, whether they "
                           "are NaN, infinite, masked or at any level",
                           Criterion::contract,
                           Severity::error,
                           any_kernel,
                           fault,
                           sweep,
                           {}};

}  // namespace softmark::checks::row_independence
