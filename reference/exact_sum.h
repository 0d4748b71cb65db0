// SPDX-License-Identifier: Apache-2.0
// A sum without rounding, so that the order in which its terms come is of no account.
#pragma once

#include <span>
#include <vector>

namespace softmark {

/// Terms are at least 0 and finite. Holds the sum as doubles that do not overlap (J. R. Shewchuk,
/// Adaptive Precision Floating-Point Arithmetic, 1997, section 2.3), rarely more than three.
class ExactSum {
 public:
  ExactSum& operator+=(double term);
  ExactSum& operator+=(const ExactSum& other);
  /// To nearest, ties to even; infinite where the sum is beyond float64.
  double rounded() const;
  /// By size, the smallest first; adding them to an empty sum gives this one.
  std::span<const double> parts() const { return parts_; }

 private:
  std::vector<double> parts_;
};

}  // namespace softmark
