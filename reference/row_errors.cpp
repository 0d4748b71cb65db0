// SPDX-License-Identifier: Apache-2.0
// Derivations: reference/bounds.md, whose section numbers stand here in brackets.
#include "reference/row_errors.h"

#include <algorithm>
#include <cstdint>
#include <functional>

#include "reference/float64.h"
#include "reference/special.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

double log2_up(std::size_t n) { return n < 2 ? 0 : std::ceil(std::log2(static_cast<double>(n))); }

/// [1] Recursive summation in the order given: an addition errs by u times its result at most, and
/// by no more than the smaller operand.
template <class Real, class Iterator>
Real recursive_error(double u, Iterator first, Iterator last) {
  Real error = 0, prefix = 0;
  for (; first != last; ++first) {
    error += std::min({u * (prefix + *first), *first, prefix});
    prefix += *first;
  }
  return error;
}

}  // namespace

template <class Real>
Real summation_error(const Working& w, std::span<const Real> magnitudes, Real total) {
  if (total == 0 || magnitudes.size() < 2) return 0;
  const auto n = static_cast<double>(magnitudes.size());
  const Real u = w.u;
  const double second_order = std::exp(n * w.u);  // computed partial sums, not exact ones
  const double gamma = std::expm1((n - 1) * std::log1p(w.u));
  const auto forwards = [&] {
    return recursive_error<Real>(w.u, magnitudes.begin(), magnitudes.end()) * second_order;
  };
  const auto either_way = [&] {
    return std::max(forwards(), recursive_error<Real>(w.u, magnitudes.rbegin(), magnitudes.rend()) *
                                    second_order);
  };
  const auto levels = [&](double count) { return u * total * count * second_order; };
  switch (w.sum) {
    case Evaluation::kRecursive:
      return forwards();
    case Evaluation::kLanes:
      return forwards() + levels(log2_up(w.width));
    case Evaluation::kPairwise:
      return total *
             std::expm1((w.width + log2_up(magnitudes.size() / w.width + 1)) * std::log1p(w.u));
    case Evaluation::kCompensated:
      return total * (w.u + gamma * gamma);
    case Evaluation::kWide:
      return total * ((1 + n * 0x1p-53) * (1 + w.u) - 1);
    case Evaluation::kFixedPoint:
      return n * std::ldexp(*std::max_element(magnitudes.begin(), magnitudes.end()),
                            -static_cast<int>(w.width) - 1) +
             u * total;
    case Evaluation::kBlocked:
      return std::min(either_way() + levels(log2_up(magnitudes.size()) + 2),
                      levels(2 * std::sqrt(n) + log2_up(magnitudes.size()) + 2));
    case Evaluation::kAnyOrder:
      break;
  }
  return either_way() + levels(log2_up(magnitudes.size()) + 2);
}
template double summation_error(const Working&, std::span<const double>, double);
template long double summation_error(const Working&, std::span<const long double>, long double);

namespace {

/// [2] How often a running maximum can change after each element, scanning any part of the row in
/// lanes: the length of its chain of next greater elements.
class RescaleCounter {
 public:
  explicit RescaleCounter(std::span<const double> x) : most(x.size()), x_(x), under_(x.size()) {}

  void count(std::size_t stride, bool backwards) {
    const std::size_t n = x_.size();
    std::fill(top_, top_ + std::min(stride, n), kNone);
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t i = backwards ? k : n - 1 - k;
      std::uint32_t& top = top_[i & (stride - 1)];
      std::uint32_t next = top;
      while (next != kNone && !(x_[next] > x_[i])) next = under_[next].next;
      under_[i] = {next, next == kNone ? 0 : under_[next].depth + 1};
      most[i] = std::max(most[i], under_[i].depth);
      top = static_cast<std::uint32_t>(i);
    }
  }

  static constexpr std::size_t kMostLanes = 64;  // a power of two, as every stride
  std::vector<std::uint32_t> most;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Element {
    std::uint32_t next, depth;  // the next greater one of its lane, and how many follow it
  };
  std::span<const double> x_;
  std::vector<Element> under_;
  std::uint32_t top_[kMostLanes];
};

/// For each element the number of larger ones, or `enough` where there are more.
std::vector<double> count_larger(std::span<const double> x, std::size_t enough) {
  std::vector<double> largest(x.begin(), x.end());
  const std::size_t kept = std::min(enough, x.size());
  std::partial_sort(largest.begin(), largest.begin() + static_cast<std::ptrdiff_t>(kept),
                    largest.end(), std::greater<>());
  largest.resize(kept);
  std::vector<double> larger(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    larger[i] = static_cast<double>(
        std::lower_bound(largest.begin(), largest.end(), x[i], std::greater<>()) - largest.begin());
  return larger;
}

/// [2] For each element the number of times that its term may be rescaled.
std::vector<double> rescales_of(const Working& w, std::span<const double> x) {
  std::vector<double> result(x.size());
  if (w.rescaling == Evaluation::kNever || x.empty()) return result;
  // Terms that exp makes 0 are none, whatever they are multiplied by.
  const double zero = 10 - std::log(w.tiny), max = *std::max_element(x.begin(), x.end());
  if (std::all_of(x.begin(), x.end(), [&](double v) { return v == max || max - v > zero; }))
    return result;
  RescaleCounter rescales(x);
  rescales.count(1, false);
  double merges = 0;
  if (w.rescaling == Evaluation::kAnyBlocks) {
    merges = std::min(log2_up(x.size()), 6.0);
    rescales.count(1, true);
    for (std::size_t stride = 2; stride <= RescaleCounter::kMostLanes && stride < x.size();
         stride *= 2)
      for (const bool backwards : {false, true}) rescales.count(stride, backwards);
  }
  const auto& most = rescales.most;
  // Each time the maximum grows strictly, so no term is rescaled more often than there are larger
  // elements.
  const std::uint32_t longest = *std::max_element(most.begin(), most.end());
  const auto larger = count_larger(x, longest + static_cast<std::size_t>(merges) + 1);
  for (std::size_t i = 0; i < x.size(); ++i) result[i] = std::min(most[i] + merges, larger[i]);
  return result;
}

/// [1] What any sum of terms that are all exp(0) loses, beside others too small to be added. Whole
/// numbers below 1/u are exact in every order; what exp(0) differs from 1 by may be lost, and the
/// small terms.
double equal_terms_error(const Working& w, std::span<const double> weight) {
  double count = 0, small = 0;
  for (const double e : weight) (e == 1 ? count : small) += e;
  if (!(count * w.u < 0.5)) return kInf;
  const double levels = log2_up(weight.size());
  return small * (levels + 3) +
         (w.exp_of_zero_is_one ? 0 : w.u * count * (3 * w.exp_error + levels + 6));
}

}  // namespace

Row::Row(const Problem& problem, const Working& w) {
  const auto& x = problem.x;
  const RowFacts facts = facts_of(x);
  max = facts.max;
  alone = facts.finite == 1;
  gap.resize(x.size());
  weight.resize(x.size());
  if (facts.finite) {
    sum = exp_and_sum(x.data(), x.size(), facts.max, weight.data()).hi;
    for (std::size_t i = 0; i < x.size(); ++i) {
      gap[i] = facts.max - x[i];
      if (weight[i] == 0 && w.working == SOFTMARK_F64) weight[i] = std::exp(-gap[i]);
    }
  } else {  // a masked row is uniform here
    std::fill(weight.begin(), weight.end(), 1);
    sum = static_cast<double>(x.size());
  }
  log_sum = std::log(sum);

  const auto rescales = rescales_of(w, x);
  double each = 0, tiny = 0, at_max = 0, most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (problem.x[i] == -kInf && facts.finite) continue;
    if (weight[i] < 2 * w.normal) tiny += w.exp_tiny * w.tiny;
    if (weight[i] == 0) continue;
    const double exponent =
        exp_error(w, i, gap[i]) + w.shift_error(gap[i]) + rescales[i] * w.u * (w.exp_error + 1);
    each += weight[i] * expm1_up(exponent);
    if (gap[i] == 0) at_max = std::max(at_max, exponent);
    most = std::max(most, exponent);
  }
  const double rounding =
      std::min(summation_error<double>(w, weight, sum), equal_terms_error(w, weight)) / sum *
      std::exp(most);
  sigma = each / sum + rounding + tiny / sum;
  // A sum that stopped growing still holds its largest term: no addition of a non-negative number
  // rounds to less than either operand.
  const double held = std::exp(-at_max - w.u) / sum;
  least = std::max(1 - sigma, held);
  missing = std::min(sigma, 1 - held);
  log_ratio = std::max(-std::log(least), std::log1p(sigma));
  log_error = log_ratio * (1 + w.log_error * w.u) + w.log_error * w.u * log_sum;
}

}  // namespace softmark
