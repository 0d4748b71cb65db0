// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::argmax {
namespace {

bool has_argmax(const Kernel& kernel) { return keeps_argmax(kernel.op); }

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  const softmark_dtype dtype = session.kernel().dtype;
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (is_surely_within(session, c, y, r)) continue;
    const auto x = c.x.begin() + static_cast<std::ptrdiff_t>(r * c.cols);
    const double* got = y.data() + r * c.cols;
    if (c.cols == 0 || std::any_of(x, x + static_cast<std::ptrdiff_t>(c.cols),
                                   [](double v) { return !std::isfinite(v); }))
      continue;
    const auto at =
        static_cast<std::size_t>(std::max_element(x, x + static_cast<std::ptrdiff_t>(c.cols)) - x);
    const Truth& truth = session.truth(c, r);
    for (std::size_t j = 0; j < c.cols; ++j) {
      // What is far below the largest may be beyond a type that has no infinity for it.
      if (std::isnan(got[j]) && is_within(truth.exact[j], truth.bound[j], got[j], dtype)) continue;
      if (!(got[j] <= got[at] + truth.bound[j].error + truth.bound[at].error))
        return fault_at(r, j,
                        "is larger than the largest logit's result: " + decimal(got[j]) + " and " +
                            decimal(got[at]) + " at column " + std::to_string(at));
    }
  }
  return exceeds_bound(session, c, y);
}

// Two largest logits, equal or an ulp apart, at every pair of places in short rows and around
// vector boundaries in long ones.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0xa29a);
  const auto try_pair = [&](std::size_t cols, std::size_t first, std::size_t second) {
    auto row = make_logits(Family::normal, kernel.dtype, cols, rng);
    row[first] = row[second] = 7;
    if ((first + second) % 3 == 0) row[second] = next_up(kernel.dtype, 7);
    return sink(case_of_rows(kernel, {row}));
  };
  for (std::size_t cols = 2; cols <= (effort == Effort::quick ? 9u : 24u); ++cols)
    for (std::size_t first = 0; first < cols; ++first)
      for (std::size_t second = first + 1; second < cols; ++second)
        if (!try_pair(cols, first, second)) return;
  for (std::size_t cols : {16, 17, 31, 64, 100, 130})
    for (std::size_t pair = 0; pair < 12; ++pair) {
      const std::size_t first = rng.below(cols - 1);
      if (!try_pair(cols, first, first + 1 + rng.below(cols - first - 1))) return;
    }
  for (const auto& row : {std::vector{-0.0, 0.0},
                          {0.0, -0.0},
                          {-1.0, -0.0, 0.0},
                          {-0.0, -0.0, 0.0, -1.0}})  // equal, with different bits
    if (!sink(case_of_rows(kernel, {row}))) return;
  for (std::size_t cols : {1, 8, 33, 257})
    if (!sink(make_case(kernel.op, kernel.dtype, Family::equal, 2, cols, rng))) return;
}

constexpr Family kRows[] = {Family::ties, Family::flat, Family::equal, Family::zeros,
                            Family::large};

}  // namespace

const Property property = {
    "argmax",
    "the largest logit has the largest result; hardmax marks the first of equal maxima",
    Criterion::bound,
    Severity::error,
    has_argmax,
    fault,
    sweep,
    kRows};

}  // namespace softmark::checks::argmax
