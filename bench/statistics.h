// SPDX-License-Identifier: Apache-2.0
// Medians and their confidence intervals. The unit of replication is the process: samples within
// one process are first reduced to their median, because they share one address layout, one core
// and one period of time.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "support/median.h"

namespace softmark::bench {

/// Ranks [low, high], counted from 0, of the sorted values that enclose the median with at least
/// `confidence`, whatever the distribution: P(fewer than low+1 of n fair coins) * 2 <= 1 -
/// confidence. Empty where n is too small (below 6 for 95 %).
std::optional<std::pair<std::size_t, std::size_t>> median_ranks(std::size_t n,
                                                                double confidence = 0.95);

struct Interval {
  double low, high;
};
std::optional<Interval> median_interval(std::vector<double> values, double confidence = 0.95);

/// P(at most `rarer` of n fair coins show heads, or at least n - rarer do); 1 for no coins.
double sign_test_p(std::size_t rarer, std::size_t n);

/// Summary of one measurement's processes and their samples, in the samples' unit.
struct Summary {
  double median, min, mad;       // of the process medians; min of all samples
  std::optional<Interval> ci95;  // of the median of process medians
  std::size_t processes;
};
Summary summarize(const std::vector<std::vector<double>>& processes);

/// The median of each process.
std::vector<double> process_medians(const std::vector<std::vector<double>>& processes);

}  // namespace softmark::bench
