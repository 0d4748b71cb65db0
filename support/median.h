// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace softmark {

/// The middle value, or the mean of the two middle ones; NaN for no values.
double median(std::vector<double> values);
/// Median absolute deviation from `middle` (not scaled to a normal's sigma); NaN for no values.
double median_deviation(std::vector<double> values, double middle);
/// The same from the median.
double median_deviation(const std::vector<double>& values);

}  // namespace softmark
