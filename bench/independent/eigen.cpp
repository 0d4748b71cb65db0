// SPDX-License-Identifier: Apache-2.0
// Eigen's array expressions, row by row.
#include <Eigen/Core>

#include "bench/independent/harness.h"

std::function<void()> prepare(const Problem& p) {
  return [p] {
    using Array = Eigen::ArrayXf;
    const auto cols = static_cast<Eigen::Index>(p.cols);
    for (std::size_t r = 0; r < p.rows; ++r) {
      const Eigen::Map<const Array> x(p.x + r * p.cols, cols);
      Eigen::Map<Array> y(p.y + r * p.cols, cols);
      y = (x - x.maxCoeff()).exp();
      y *= 1 / y.sum();
    }
  };
}
