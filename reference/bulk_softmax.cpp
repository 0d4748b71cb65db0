// SPDX-License-Identifier: Apache-2.0
#include "reference/bulk_softmax.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "reference/float64.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

/// Room for one row of terms, kept from call to call.
double* terms_of(std::size_t size) {
  thread_local std::vector<double> terms;
  if (terms.size() < size) terms.resize(size);
  return terms.data();
}

/// Equal logits, one finite element, nothing finite, NaN or +inf are exact cases, or special values
/// of the contract: not for float64 vectors.
bool is_ordinary(const Extent& extent) { return extent.ordinary && extent.max > extent.min; }

std::vector<Exact> exact_f32(std::span<const float> x) {
  const std::vector<double> wide(x.begin(), x.end());
  return exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, wide, {}});
}

/// Adds the outputs that float64 vectors left open: those with a negative error.
Worst add_open(std::span<const float> x, std::span<const float> got, const double* errors,
               ErrorStatistics& statistics) {
  const auto exact = exact_f32(x);
  Worst worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (errors[i] >= 0) continue;
    const double error = ulp_error(exact[i], got[i], SOFTMARK_F32);
    statistics.add(exact[i], got[i], error);
    if (error > worst.ulp) worst = {error, i};
  }
  return worst;
}

/// Adds the others. `errors` sums up `each`.
void add_decided(std::span<const double> each, const Errors& errors, ErrorStatistics& statistics) {
  statistics.add_decided(each.size() - errors.undecided, errors.correct);
  if (errors.sum < kInf && errors.undecided == 0) {  // the rule: no branch an element
    statistics.sum_ulp += errors.sum;
    for (std::size_t i = 0; i < each.size(); ++i)
      ++statistics.histogram[i % 4 * kBins + bin_of(each[i])];
    return;
  }
  for (const double error : each) {
    if (error < 0) continue;
    if (error < kInf) statistics.sum_ulp += error;
    statistics.add_error(error, 0);
  }
}

}  // namespace

Worst add_softmax_row(std::span<const float> x, std::span<const float> got,
                      ErrorStatistics& statistics) {
  const std::size_t n = x.size();
  const Extent extent = extent_of(x.data(), n);
  if (!is_ordinary(extent)) {
    const std::vector<double> wide(x.begin(), x.end()), values(got.begin(), got.end());
    return add_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, wide, {}}, values, statistics);
  }
  double* terms = terms_of(n);
  const DoubleDouble sum = exp_and_sum(x.data(), n, extent.max, terms);
  const Errors errors = errors_of(terms, got.data(), n, 1 / sum.hi);
  add_decided({terms, n}, errors, statistics);
  Worst worst{errors.max, 0};
  if (worst.ulp > statistics.max_ulp)  // seldom
    worst.index = static_cast<std::size_t>(std::find(terms, terms + n, worst.ulp) - terms);
  if (errors.undecided) {
    const Worst open = add_open(x, got, terms, statistics);
    if (open.ulp > worst.ulp) worst = open;
  }
  statistics.max_ulp = std::max(statistics.max_ulp, worst.ulp);
  return worst;
}

void exact_softmax(std::span<const float> x, std::span<float> y, Certificate& certificate) {
  const std::size_t n = x.size();
  double* terms = terms_of(n);
  std::size_t open = n;
  const Extent extent = extent_of(x.data(), n);
  if (is_ordinary(extent)) {
    const DoubleDouble sum = exp_and_sum(x.data(), n, extent.max, terms);
    open = rounded_of(terms, n, 1 / sum.hi, y.data());
  } else {
    std::fill_n(terms, n, -1.0);
  }
  certificate.outputs[static_cast<std::size_t>(Tier::kFloat64)] += n - open;
  if (open == 0) return;
  const auto exact = exact_f32(x);
  for (std::size_t i = 0; i < n; ++i) {
    if (!(terms[i] < 0)) continue;
    y[i] = static_cast<float>(exact[i].rounded);
    certificate.add(exact[i].tier);
  }
}

}  // namespace softmark
