// SPDX-License-Identifier: Apache-2.0
// Statistics of the ulp errors of many results, with the tier that decided each.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "reference/exact_sum.h"
#include "reference/reference.h"

namespace softmark {

/// Bins of the histogram: 8 an octave from 2^-24 to 2^40 ulp, the last also for all above.
inline constexpr std::size_t kBins = 512;
inline constexpr std::uint64_t kFirstBin = std::bit_cast<std::uint64_t>(0x1p-24) >> 49;
inline std::size_t bin_of(double error) {
  const auto bin = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(error) >> 49) -
                   static_cast<std::int64_t>(kFirstBin);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(bin, 0, kBins - 1));
}
double upper_end(std::size_t bin);

/// Where the largest error of one call lies.
struct Worst {
  double ulp = -1;
  std::size_t index = 0;
};

/// Error statistics over any number of rows.
struct ErrorStatistics {
  std::uint64_t outputs = 0;
  std::uint64_t correctly_rounded = 0;
  double max_ulp = 0;            // infinity where one is NaN, infinite or finite and should not be
  ExactSum sum_ulp;              // over finite errors; the same however outputs are merged
  std::uint64_t not_finite = 0;  // outputs whose error is infinite
  Certificate certificate;
  // Finite errors by bin_of, in four interleaved histograms: one alone waits for its own last
  // increment.
  std::vector<std::uint64_t> histogram;

  ErrorStatistics();
  /// One output, `error` ulp off. Leaves max_ulp to the caller, which knows where the output lies.
  void add(const Exact& exact, double got, double error);
  /// Outputs that float64 vectors decided, `correct` of them correctly rounded; their errors follow
  /// by add_error.
  void add_decided(std::uint64_t count, std::uint64_t correct);
  /// One error of at least 0, counted in the histogram or as infinite; `lane` is any number that
  /// differs from one call to the next.
  void add_error(double error, std::size_t lane) {
    if (error < std::numeric_limits<double>::infinity())
      ++histogram[lane % 4 * kBins + bin_of(error)];
    else
      ++not_finite;
  }

  double mean_ulp() const;
  std::uint64_t count(std::size_t bin) const;  // finite errors in this bin
  /// The smallest bin bound that at least `share` of the outputs do not exceed; infinite errors
  /// count as largest.
  double quantile(double share) const;
  /// Joins the statistics of disjoint sets of outputs.
  void merge(const ErrorStatistics& other);
};

/// Adds the outputs of one row of any op and type; returns the worst of the row.
Worst add_row(const Problem& problem, std::span<const double> got, ErrorStatistics& statistics);

}  // namespace softmark
