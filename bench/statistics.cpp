// SPDX-License-Identifier: Apache-2.0
#include "bench/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>

namespace softmark::bench {

std::optional<std::pair<std::size_t, std::size_t>> median_ranks(std::size_t n, double confidence) {
  if (n == 0) return std::nullopt;
  // The cdf may attain the tail exactly (confidence 0.75), so the comparison allows for its
  // rounding.
  const double tail = (1 - confidence) / 2 * (1 + 1e-12);
  const boost::math::binomial coins(static_cast<double>(n), 0.5);
  std::optional<std::pair<std::size_t, std::size_t>> ranks;
  for (std::size_t low = 0; 2 * low + 1 < n && cdf(coins, static_cast<double>(low)) <= tail; ++low)
    ranks = {low, n - 1 - low};
  return ranks;
}

std::optional<Interval> median_interval(std::vector<double> values, double confidence) {
  const auto ranks = median_ranks(values.size(), confidence);
  if (!ranks) return std::nullopt;
  std::sort(values.begin(), values.end());
  return Interval{values[ranks->first], values[ranks->second]};
}

double sign_test_p(std::size_t rarer, std::size_t n) {
  if (n == 0) return 1;
  return std::min(
      1.0, 2 * cdf(boost::math::binomial(static_cast<double>(n), 0.5), static_cast<double>(rarer)));
}

std::vector<double> process_medians(const std::vector<std::vector<double>>& processes) {
  std::vector<double> medians;
  for (const auto& samples : processes)
    if (!samples.empty()) medians.push_back(median(samples));
  return medians;
}

Summary summarize(const std::vector<std::vector<double>>& processes) {
  const std::vector<double> medians = process_medians(processes);
  double least = std::numeric_limits<double>::infinity();
  for (const auto& samples : processes)
    for (double sample : samples) least = std::min(least, sample);
  if (medians.empty()) least = std::numeric_limits<double>::quiet_NaN();
  return {median(medians), least, median_deviation(medians), median_interval(medians),
          medians.size()};
}

}  // namespace softmark::bench
