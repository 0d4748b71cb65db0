// SPDX-License-Identifier: Apache-2.0
#include "reference/judge.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "reference/float64.h"

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kFirstBin = std::bit_cast<std::uint64_t>(0x1p-24) >> 49;

void add_one(Judgement& judgement, const Exact& exact, double got, double error) {
  ++judgement.outputs;
  judgement.correctly_rounded +=
      got == exact.rounded || (std::isnan(got) && std::isnan(exact.rounded));
  ++judgement.certificate.outputs[static_cast<std::size_t>(exact.tier)];
  if (error < kInf) {
    judgement.sum_ulp += error;
    ++judgement.histogram[bin_of(error)];
  } else {
    ++judgement.not_finite;
  }
}

/// Outputs that float64 vectors left open.
Worst judge_open(std::span<const float> x, std::span<const float> got, const double* errors,
                 Judgement& judgement) {
  const std::vector<double> wide(x.begin(), x.end());
  const auto exact = exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, wide, {}});
  Worst worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (errors[i] >= 0) continue;
    const double error = ulp_error(exact[i], got[i], SOFTMARK_F32);
    add_one(judgement, exact[i], got[i], error);
    if (error > worst.ulp) worst = {error, i};
  }
  return worst;
}

Worst judge_slowly(std::span<const float> x, std::span<const float> got, Judgement& judgement) {
  const std::vector<double> wide(x.begin(), x.end()), values(got.begin(), got.end());
  return judge_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, wide, {}}, values, judgement);
}

}  // namespace

Judgement::Judgement() : histogram(4 * kBins) {}

double Judgement::mean_ulp() const {
  const auto finite = static_cast<double>(outputs - not_finite);
  return not_finite ? kInf : outputs ? sum_ulp / finite : 0;
}

std::uint64_t Judgement::count(std::size_t bin) const {
  return histogram[bin] + histogram[kBins + bin] + histogram[2 * kBins + bin] +
         histogram[3 * kBins + bin];
}

double Judgement::quantile(double share) const {
  const double wanted = share * static_cast<double>(outputs);
  double seen = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    seen += static_cast<double>(count(bin));
    if (seen >= wanted) return std::min(upper_end(bin), max_ulp);
  }
  return not_finite ? kInf : max_ulp;
}

void Judgement::merge(const Judgement& other) {
  outputs += other.outputs;
  correctly_rounded += other.correctly_rounded;
  max_ulp = std::max(max_ulp, other.max_ulp);
  sum_ulp += other.sum_ulp;
  not_finite += other.not_finite;
  for (std::size_t i = 0; i < std::size(certificate.outputs); ++i)
    certificate.outputs[i] += other.certificate.outputs[i];
  for (std::size_t i = 0; i < histogram.size(); ++i) histogram[i] += other.histogram[i];
}

std::size_t bin_of(double error) {
  const auto bin = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(error) >> 49) -
                   static_cast<std::int64_t>(kFirstBin);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(bin, 0, kBins - 1));
}

double upper_end(std::size_t bin) {
  return bin + 1 == kBins ? kInf : std::bit_cast<double>((kFirstBin + bin + 1) << 49);
}

Worst judge_row(const Problem& problem, std::span<const double> got, Judgement& judgement) {
  const auto exact = exact_row(problem);
  Worst worst;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = ulp_error(exact[i], got[i], problem.dtype);
    add_one(judgement, exact[i], got[i], error);
    if (error > worst.ulp) worst = {error, i};
  }
  judgement.max_ulp = std::max(judgement.max_ulp, worst.ulp);
  return worst;
}

void exact_softmax(std::span<const float> x, std::span<float> y, Certificate& certificate) {
  const std::size_t n = x.size();
  thread_local std::vector<double> terms;
  if (terms.size() < n) terms.resize(n);
  std::size_t open = n;
  const Extent extent = extent_of(x.data(), n);
  if (extent.ordinary && extent.max > extent.min) {
    const DoubleDouble sum = exp_and_sum(x.data(), n, extent.max, terms.data());
    open = rounded_of(terms.data(), n, 1 / sum.hi, y.data());
  } else {
    std::fill_n(terms.begin(), n, -1.0);
  }
  certificate.outputs[static_cast<std::size_t>(Tier::kFloat64)] += n - open;
  if (open == 0) return;
  const std::vector<double> wide(x.begin(), x.end());
  const auto exact = exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, wide, {}});
  for (std::size_t i = 0; i < n; ++i) {
    if (!(terms[i] < 0)) continue;
    y[i] = static_cast<float>(exact[i].rounded);
    ++certificate.outputs[static_cast<std::size_t>(exact[i].tier)];
  }
}

Worst judge_softmax(std::span<const float> x, std::span<const float> got, Judgement& judgement) {
  const std::size_t n = x.size();
  const Extent extent = extent_of(x.data(), n);
  // Equal logits, one finite element, nothing finite, NaN or +inf: exact cases, or the contract's
  // table.
  if (!extent.ordinary || !(extent.max > extent.min)) return judge_slowly(x, got, judgement);

  thread_local std::vector<double> terms;
  if (terms.size() < n) terms.resize(n);
  const DoubleDouble sum = exp_and_sum(x.data(), n, extent.max, terms.data());
  const Errors errors = errors_of(terms.data(), got.data(), n, 1 / sum.hi);
  judgement.outputs += n - errors.undecided;
  judgement.correctly_rounded += errors.correct;
  judgement.certificate.outputs[static_cast<std::size_t>(Tier::kFloat64)] += n - errors.undecided;
  Worst worst{errors.max, 0};
  if (errors.sum < kInf && errors.undecided == 0) {
    judgement.sum_ulp += errors.sum;
    for (std::size_t i = 0; i < n; ++i) ++judgement.histogram[i % 4 * kBins + bin_of(terms[i])];
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      if (terms[i] < 0) continue;
      if (terms[i] < kInf)
        judgement.sum_ulp += terms[i], ++judgement.histogram[bin_of(terms[i])];
      else
        ++judgement.not_finite;
    }
  }
  if (worst.ulp > judgement.max_ulp)  // seldom
    worst.index = static_cast<std::size_t>(
        std::find(terms.begin(), terms.begin() + static_cast<std::ptrdiff_t>(n), worst.ulp) -
        terms.begin());
  if (errors.undecided) {
    const Worst open = judge_open(x, got, terms.data(), judgement);
    if (open.ulp > worst.ulp) worst = open;
  }
  judgement.max_ulp = std::max(judgement.max_ulp, worst.ulp);
  return worst;
}

}  // namespace softmark
