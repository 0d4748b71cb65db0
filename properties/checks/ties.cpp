// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "properties/engine/cases.h"

namespace softmark::checks::ties {
namespace {

bool is_monotone(const Kernel& kernel) { return op_info(kernel.op).monotone; }

// To the last bit, because sorting by the results would expose it.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  session.count_judged(y.size());
  for (std::size_t r = 0; r < c.rows; ++r) {
    const double* x = c.x.data() + r * c.cols;
    const double* got = y.data() + r * c.cols;
    if (std::any_of(x, x + c.cols, [](double v) { return std::isnan(v) || v == INFINITY; }))
      continue;
    std::vector<std::size_t> by_size(c.cols);
    std::iota(by_size.begin(), by_size.end(), 0);
    std::stable_sort(by_size.begin(), by_size.end(), [&](auto a, auto b) { return x[a] < x[b]; });
    for (std::size_t k = 1; k < c.cols; ++k) {
      const std::size_t low = by_size[k - 1], high = by_size[k];
      const bool equal = x[low] == x[high];
      if (equal ? !same_bits(got[low], got[high]) : got[low] > got[high])
        return fault_at(r, high,
                        std::string(equal ? "differs from the result of the equal"
                                          : "is less than the result of the smaller") +
                            " logit at column " + std::to_string(low) + ": " + decimal(got[high]) +
                            " and " + decimal(got[low]));
    }
  }
  return std::nullopt;
}

constexpr Family kRows[] = {Family::ties, Family::equal, Family::flat};

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0x71e5);
  for (std::size_t cols = 2; cols <= (effort == Effort::quick ? 40u : 130u); ++cols)
    if (!sink(make_case(kernel.op, kernel.dtype, kRows[cols % 3], 1, cols, rng))) return;
}

}  // namespace

const Property property = {"ties",
                           "equal logits give the same bits at every position, and a larger logit "
                           "gives no smaller result, to the last bit",
                           Criterion::bound,
                           Severity::note,
                           is_monotone,
                           fault,
                           sweep,
                           kRows};

}  // namespace softmark::checks::ties
