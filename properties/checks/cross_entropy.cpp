// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::cross_entropy {
namespace {

bool takes_labels(const Kernel& kernel) { return shape_of(kernel.op).takes_labels; }

// The gradient's components sum to 0: the probabilities sum to 1, and 1 is subtracted at the label.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  if (auto beyond = exceeds_bound(session, c, y)) return beyond;
  if (!shape_of(session.kernel().op).takes_g_row) return std::nullopt;
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (is_surely_within(session, c, y, r)) continue;
    const Truth& truth = session.truth(c, r);
    long double sum = 0, want = 0, allowed = 0;
    for (std::size_t j = 0; j < c.cols; ++j) {
      sum += y[r * c.cols + j];
      want += exact_value(truth.exact[j], session.kernel().dtype);
      allowed +=
          truth.bound[j].error + std::fabs(static_cast<long double>(y[r * c.cols + j])) * 0x1p-60L;
    }
    if (std::isfinite(want) && std::isfinite(allowed) && !(std::fabs(sum - want) <= allowed))
      return Fault{"the components of row " + std::to_string(r) + " sum to " +
                       decimal(static_cast<double>(sum)) + ", not to 0",
                   r, std::nullopt, "fail"};
  }
  return std::nullopt;
}

// Every label at every length, different ones in the other rows; labels far below the maximum;
// masks beside the label.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  constexpr Family kRows[] = {Family::normal, Family::peaked, Family::wide,
                              Family::offset, Family::masked, Family::finite_mask};
  const double gradients[] = {1,
                              -0.5,
                              3.25,
                              0,
                              100,
                              3 * smallest_subnormal(kernel.dtype),
                              -largest_finite(kernel.dtype) / 2};
  Rng rng(0xc205);
  const auto try_label = [&](std::size_t rows, std::size_t cols, std::size_t label) {
    Case c = make_case(kernel.op, kernel.dtype, kRows[(cols + label) % std::size(kRows)], rows,
                       cols, rng);
    for (std::size_t r = 0; r < c.rows; ++r) {
      c.labels[r] = static_cast<std::int64_t>((label + 2 * r) % cols);
      if (!c.g.empty()) c.g[r] = gradients[(label + r) % std::size(gradients)];
    }
    return sink(c);
  };
  const std::size_t longest = effort == Effort::quick ? 12 : 40;
  for (std::size_t cols = 1; cols <= longest; ++cols)
    for (std::size_t label = 0; label < cols; ++label)
      if (!try_label(1 + (cols + label) % 3, cols, label)) return;
  for (std::size_t cols : {15, 16, 17, 31, 33, 64, 65, 100, 130})
    for (std::size_t label : {std::size_t{0}, cols / 2, cols - 2, cols - 1})
      if (!try_label(1 + label % 5, cols, label)) return;
  const double deep = deepest(kernel.dtype);
  for (double gap : {0.5, 10.0, 17.0, 30.0, 0.9 * deep, 1.1 * deep, 3 * deep,
                     largest_finite(kernel.dtype) / 2, largest_finite(kernel.dtype)})
    for (std::size_t label : {0, 1, 2})
      if (!sink(case_of_rows(kernel, {{0, -gap, gap}, {gap, gap / 2, 0}}, label))) return;
}

constexpr Family kRows[] = {Family::normal, Family::peaked, Family::wide,   Family::ties,
                            Family::large,  Family::masked, Family::offset, Family::finite_mask};

}  // namespace

const Property property = {
    "cross_entropy",
    "cross-entropy and its gradient are correct for every label, however unlikely, and in each row",
    Criterion::bound,
    Severity::error,
    takes_labels,
    fault,
    sweep,
    kRows};

}  // namespace softmark::checks::cross_entropy
