// SPDX-License-Identifier: Apache-2.0
// Tier 0's vectorised part: exponentials and their sum in float64, with proven bounds, for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reference/double_double.h"

namespace softmark {

/// Largest relative error of an exponential (derived in float64.cpp). Below exp(-700) it is 0, within kExpTiny.
inline constexpr double kExpError = 4 * 0x1p-53;
inline constexpr double kExpTiny = 0x1p-1009;
/// Largest relative error of the sum of the computed exponentials, in addition to theirs.
inline constexpr double kSumError = 12 * 0x1p-53;

/// e[i] = exp(x[i] - shift), the difference taken exactly; -inf gives 0. Differences must be below 700. Returns the sum.
DoubleDouble exp_and_sum(const double* x, std::size_t n, double shift, double* e);
DoubleDouble exp_and_sum(const float* x, std::size_t n, double shift, double* e);

struct Extent {
  float max, min;
  bool finite;
};
Extent extent_of(const float* x, std::size_t n);

/// Errors of float32 results got[i] against p = e[i] / sum, whose relative error must be below 2^-48, 0 < p < 1.
/// Replaces e[i] by the ulp error, or by -1 where the bound leaves the rounding or the binade open.
struct Errors {
  double sum, max;                // over the decided ones
  std::size_t correct, undecided;
};
Errors errors_of(double* e, const float* got, std::size_t n, double inverse_sum);

}  // namespace softmark
