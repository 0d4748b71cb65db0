// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::permutation {
namespace {

// Excluded: an op that selects breaks ties by position, and the Jacobian has its own property.
bool is_equivariant(const Kernel& kernel) {
  return !op_info(kernel.op).selects && !is_jacobian(kernel);
}

using Order = std::vector<std::size_t>;  // place i takes column order[i]

Case permuted(const Case& c, softmark_op op, const Order& order) {
  Case moved = c;
  for (std::size_t r = 0; r < c.rows; ++r) {
    for (std::size_t i = 0; i < c.cols; ++i) {
      moved.x[r * c.cols + i] = c.x[r * c.cols + order[i]];
      if (shape_of(op).takes_g) moved.g[r * c.cols + i] = c.g[r * c.cols + order[i]];
    }
    if (!c.labels.empty())
      moved.labels[r] =
          std::find(order.begin(), order.end(), static_cast<std::size_t>(c.labels[r])) -
          order.begin();
  }
  return moved;
}

/// The same case in another order, and what the kernel gives for it.
struct Permuted {
  const Case& c;
  const std::vector<double>& y;
};

std::optional<Fault> differs(KernelSession& session, const Case& c, const std::vector<double>& y,
                             const Permuted& permuted, const Order& order, const char* how) {
  const Kernel& kernel = session.kernel();
  const auto& [moved, z] = permuted;
  const std::size_t outputs = session.outputs(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    const auto exact = session.exact(c, r);
    std::vector<Exact> there;  // the exact values are the same; the bound depends on the order
    for (std::size_t j = 0; j < outputs; ++j)
      there.push_back(exact[outputs == c.cols ? order[j] : j]);
    const Problem problem = problem_of(kernel, moved, r);
    if (is_surely_within(session, c, y, r) &&
        is_surely_within(problem, there, {z.data() + r * outputs, outputs}))
      continue;
    const Truth& here = session.truth(c, r);
    const auto bounds = error_bounds(problem, there);
    for (std::size_t j = 0; j < outputs; ++j) {
      const std::size_t i = outputs == c.cols ? order[j] : j;
      const Observed a{y[r * outputs + i], here.exact[i], here.bound[i]},
          b{z[r * outputs + j], there[j], bounds[j]};
      if (!agree(a, b, kernel.dtype))
        return fault_at(r, i,
                        "is " + decimal(a.got) + " here and " + decimal(b.got) + " at column " +
                            std::to_string(j) + " of the same row " + how);
    }
  }
  return std::nullopt;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  if (c.cols < 2) return std::nullopt;
  const auto y = session.run(c);
  constexpr const char* kHow[] = {"reversed", "rotated by one", "shuffled"};
  Order orders[std::size(kHow)];
  for (Order& order : orders) {
    order.resize(c.cols);
    std::iota(order.begin(), order.end(), 0);
  }
  std::reverse(orders[0].begin(), orders[0].end());
  for (Order* order : {&orders[1], &orders[2]})
    std::rotate(order->begin(), order->begin() + 1, order->end());
  Rng rng(c.cols);
  for (std::size_t i = c.cols; i > 1; --i) std::swap(orders[2][i - 1], orders[2][rng.below(i)]);
  std::vector<Case> moved;
  for (const Order& order : orders) moved.push_back(permuted(c, session.kernel().op, order));
  const auto z = session.run_all(moved);
  for (std::size_t k = 0; k < std::size(kHow); ++k)
    if (auto found = differs(session, c, y, {moved[k], z[k]}, orders[k], kHow[k])) return found;
  return std::nullopt;
}

// A spike at every position, so high that an exponential without the right shift overflows.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const double height = 1.2 * deepest(kernel.dtype);
  Rng rng(0x9e37);
  for (std::size_t cols : {2, 3, 5, 9, 17, 33, 65, 130})
    for (std::size_t at = 0; at < cols; ++at) {
      if (effort == Effort::quick && cols > 40 && at % 4 != 0 && at + 1 != cols) continue;
      Case c = make_case(kernel.op, kernel.dtype, Family::normal, 1, cols, rng);
      if (takes_logits(kernel.op)) c.x[at] = fit_to(kernel.dtype, height);
      if (!c.labels.empty()) c.labels[0] = static_cast<std::int64_t>(at);
      if (!sink(c)) return;
    }
  for (Family family : {Family::ascending, Family::descending, Family::wide})
    for (std::size_t cols : {4, 16, 31, 64, 100, 257, 513})
      if (!sink(make_case(kernel.op, kernel.dtype, family, 1, cols, rng))) return;
}

constexpr Family kRows[] = {Family::peaked, Family::wide,   Family::ascending,  Family::masked,
                            Family::large,  Family::offset, Family::finite_mask};

}  // namespace

const Property property = {"permutation",
                           "permuting a row permutes its results, up to the bounds of both",
                           Criterion::bound,
                           Severity::error,
                           is_equivariant,
                           fault,
                           sweep,
                           kRows};

}  // namespace softmark::checks::permutation
