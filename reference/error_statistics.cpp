// SPDX-License-Identifier: Apache-2.0
#include "reference/error_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "support/non_finite.h"

namespace softmark {
namespace {}  // namespace

ErrorStatistics::ErrorStatistics() : histogram(4 * kBins) {}

void ErrorStatistics::add(const Exact& exact, double got, double error) {
  ++outputs;
  correctly_rounded += got == exact.rounded || (std::isnan(got) && std::isnan(exact.rounded));
  certificate.add(exact.tier);
  if (error < kInf) sum_ulp += error;
  add_error(error, 0);
}

void ErrorStatistics::add_decided(std::uint64_t count, std::uint64_t correct) {
  outputs += count;
  correctly_rounded += correct;
  certificate.outputs[static_cast<std::size_t>(Tier::kFloat64)] += count;
}

double ErrorStatistics::mean_ulp() const {
  const auto finite = static_cast<double>(outputs - not_finite);
  return not_finite ? kInf : outputs ? sum_ulp.rounded() / finite : 0;
}

std::uint64_t ErrorStatistics::count(std::size_t bin) const {
  return histogram[bin] + histogram[kBins + bin] + histogram[2 * kBins + bin] +
         histogram[3 * kBins + bin];
}

double ErrorStatistics::quantile(double share) const {
  const double wanted = share * static_cast<double>(outputs);
  double seen = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    seen += static_cast<double>(count(bin));
    if (seen >= wanted) return std::min(upper_end(bin), max_ulp);
  }
  return not_finite ? kInf : max_ulp;
}

void ErrorStatistics::merge(const ErrorStatistics& other) {
  outputs += other.outputs;
  correctly_rounded += other.correctly_rounded;
  max_ulp = std::max(max_ulp, other.max_ulp);
  sum_ulp += other.sum_ulp;
  not_finite += other.not_finite;
  for (std::size_t i = 0; i < std::size(certificate.outputs); ++i)
    certificate.outputs[i] += other.certificate.outputs[i];
  for (std::size_t i = 0; i < histogram.size(); ++i) histogram[i] += other.histogram[i];
}

double upper_end(std::size_t bin) {
  return bin + 1 == kBins ? kInf : std::bit_cast<double>((kFirstBin + bin + 1) << 49);
}

Worst add_row(const Problem& problem, std::span<const double> got, ErrorStatistics& statistics) {
  const auto exact = exact_row(problem);
  Worst worst;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = ulp_error(exact[i], got[i], problem.dtype);
    statistics.add(exact[i], got[i], error);
    if (error > worst.ulp) worst = {error, i};
  }
  statistics.max_ulp = std::max(statistics.max_ulp, worst.ulp);
  return worst;
}

}  // namespace softmark
