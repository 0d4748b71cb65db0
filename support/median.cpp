// SPDX-License-Identifier: Apache-2.0
#include "support/median.h"

#define BOOST_NO_CXX17_HDR_EXECUTION  // <execution> wants TBB linked where its headers are found
#include <boost/math/statistics/univariate_statistics.hpp>
#include <cmath>
#include <limits>
#include <utility>

namespace softmark {

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return boost::math::statistics::median(values);
}

// Boost 1.81's median_absolute_deviation is wrong around any centre but 0: it returns the value
// that deviates by the median, not its deviation.
double median_deviation(std::vector<double> values, double middle) {
  for (double& value : values) value = std::abs(value - middle);
  return median(std::move(values));
}

double median_deviation(const std::vector<double>& values) {
  return median_deviation(values, median(values));
}

}  // namespace softmark
