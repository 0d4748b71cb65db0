// SPDX-License-Identifier: Apache-2.0
// Judging in bulk: the ulp errors of many results, with a certificate, and without an allocation
// per element.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reference/reference.h"

namespace softmark {

/// Error statistics over any number of rows. Sums of two are meaningful: merge() joins shards.
struct Judgement {
  std::uint64_t outputs = 0;  // judged
  std::uint64_t correctly_rounded = 0;
  double max_ulp = 0;            // infinity where one is NaN, infinite or finite and should not be
  double sum_ulp = 0;            // over finite errors
  std::uint64_t not_finite = 0;  // outputs whose error is infinite
  Certificate certificate;
  // Finite errors by bin_of, in four interleaved histograms: one alone waits for its own last
  // increment.
  std::vector<std::uint64_t> histogram;

  Judgement();
  double mean_ulp() const;
  std::uint64_t count(std::size_t bin) const;  // finite errors in this bin
  /// The smallest bin bound that at least `share` of the outputs do not exceed; infinite errors
  /// count as largest.
  double quantile(double share) const;
  void merge(const Judgement& other);
};

/// Bins of the histogram: 8 an octave from 2^-24 to 2^40 ulp, the last also for all above.
inline constexpr std::size_t kBins = 512;
std::size_t bin_of(double error);
double upper_end(std::size_t bin);

/// Where the largest error of one call lies.
struct Worst {
  double ulp = -1;
  std::size_t index = 0;
};

/// Adds the outputs of one row of any op and type to `judgement`; returns the worst of the row.
Worst judge_row(const Problem& problem, std::span<const double> got, Judgement& judgement);

/// The same for softmax in float32, at the speed of tier 0.
Worst judge_softmax(std::span<const float> x, std::span<const float> got, Judgement& judgement);

/// The correctly rounded softmax in float32 at the speed of tier 0, by the contract's table too;
/// counts the tiers.
void exact_softmax(std::span<const float> x, std::span<float> y, Certificate& certificate);

}  // namespace softmark
