// SPDX-License-Identifier: Apache-2.0
// Derivations: reference/bounds.md, whose section numbers stand here in brackets.
#include "reference/row_errors.h"

#include <algorithm>
#include <limits>

#include "reference/special.h"

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

double log2_up(std::size_t n) { return n < 2 ? 0 : std::ceil(std::log2(static_cast<double>(n))); }

}  // namespace

template <class Real>
Real summation_error(const Working& w, std::span<const Real> magnitudes, Real total) {
  if (total == 0 || magnitudes.size() < 2) return 0;
  const auto n = static_cast<double>(magnitudes.size());
  const Real u = w.u;
  Real swallowed = 0, prefix = 0, largest = 0, in_order = 0;
  for (const Real e : magnitudes) {
    largest = std::max(largest, e);
    swallowed += std::min(u * total, e);
    in_order += std::min({u * (prefix + e), e, prefix});
    prefix += e;
  }
  const double second_order = std::exp(n * w.u);  // computed partial sums, not exact ones
  const double gamma = std::expm1((n - 1) * std::log1p(w.u));
  switch (w.sum) {
    case Evaluation::kRecursive:
      return in_order * second_order;
    case Evaluation::kLanes:
      return (swallowed + u * total * log2_up(w.width)) * second_order;
    case Evaluation::kPairwise:
      return total *
             std::expm1((w.width + log2_up(magnitudes.size() / w.width + 1)) * std::log1p(w.u));
    case Evaluation::kCompensated:
      return total * (w.u + gamma * gamma);
    case Evaluation::kWide:
      return total * ((1 + n * 0x1p-53) * (1 + w.u) - 1);
    case Evaluation::kFixedPoint:
      return n * std::ldexp(largest, -static_cast<int>(w.width) - 1) + u * total;
    case Evaluation::kAnyOrder:
      break;
  }
  return (swallowed + u * total * (log2_up(magnitudes.size()) + 2)) * second_order;
}
template double summation_error(const Working&, std::span<const double>, double);
template long double summation_error(const Working&, std::span<const long double>, long double);

namespace {

/// [2] How often a running maximum can change after each element, scanning any part of the row in
/// lanes of `stride`: the length of its chain of next greater elements.
void count_rescales(std::span<const double> x, std::size_t stride, bool backwards,
                    std::vector<unsigned>& most) {
  const std::size_t n = x.size();
  std::vector<unsigned> depth(n);
  std::vector<std::size_t> stack;
  for (std::size_t lane = 0; lane < std::min(stride, n); ++lane) {
    stack.clear();
    for (std::size_t k = lane; k < n; k += stride) {
      const std::size_t i = backwards ? k : n - 1 - k;
      while (!stack.empty() && !(x[stack.back()] > x[i])) stack.pop_back();
      depth[i] = stack.empty() ? 0 : depth[stack.back()] + 1;
      most[i] = std::max(most[i], depth[i]);
      stack.push_back(i);
    }
  }
}

/// [2] For each element the number of times that its term may be rescaled.
std::vector<double> rescales_of(const Working& w, std::span<const double> x) {
  std::vector<double> result(x.size());
  if (w.rescaling == Evaluation::kNever) return result;
  std::vector<unsigned> most(x.size());
  count_rescales(x, 1, false, most);
  double merges = 0;
  if (w.rescaling == Evaluation::kAnyBlocks) {
    merges = std::min(log2_up(x.size()), 6.0);
    count_rescales(x, 1, true, most);
    for (std::size_t stride = 2; stride <= 64 && stride < x.size(); stride *= 2)
      for (const bool backwards : {false, true}) count_rescales(x, stride, backwards, most);
  }
  // Each time the maximum grows strictly, so no term is rescaled more often than there are larger
  // elements.
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto larger = sorted.end() - std::upper_bound(sorted.begin(), sorted.end(), x[i]);
    result[i] = std::min(most[i] + merges, static_cast<double>(larger));
  }
  return result;
}

}  // namespace

Row::Row(const Problem& problem, const Working& w) {
  const auto& x = problem.x;
  const RowFacts facts = facts_of(x);
  max = facts.max;
  alone = facts.finite == 1;
  gap.resize(x.size());
  weight.resize(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    gap[i] = facts.finite ? facts.max - x[i] : 0;  // a masked row is uniform here
    weight[i] = std::exp(-gap[i]);
    sum += weight[i];
  }
  log_sum = std::log(sum);

  const auto rescales = rescales_of(w, x);
  double each = 0, tiny = 0, at_max = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (problem.x[i] == -kInf && facts.finite) continue;
    if (weight[i] < 2 * w.normal) tiny += w.exp_tiny * w.tiny;
    if (weight[i] == 0) continue;
    const double exponent =
        exp_error(w, i, gap[i]) + w.shift_error(gap[i]) + rescales[i] * w.u * (w.exp_error + 1);
    each += weight[i] * std::expm1(exponent);
    if (gap[i] == 0) at_max = std::max(at_max, exponent);
  }
  const double rounding = summation_error<double>(w, weight, sum) / sum;
  sigma = each / sum * (1 + rounding) + rounding + tiny / sum;
  // A sum that stopped growing still holds its largest term: no addition of a non-negative number
  // rounds to less than either operand.
  least = std::max(1 - sigma, std::exp(-at_max - w.u) / sum);
  log_ratio = std::max(-std::log(least), std::log1p(sigma));
  log_error = log_ratio * (1 + w.log_error * w.u) + w.log_error * w.u * log_sum;
}

}  // namespace softmark
