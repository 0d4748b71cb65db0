// SPDX-License-Identifier: Apache-2.0
// Tier 0's vectorised part: exponentials and their sum in float64, with proven bounds, for every
// instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reference/double_double.h"

namespace softmark {

/// Largest relative error of an exponential (derived in float64.cpp). Below exp(-700) it is 0,
/// within kExpTiny.
inline constexpr double kExpError = 4 * 0x1p-53;
inline constexpr double kExpTiny = 0x1p-1009;
/// Largest relative error of the sum of the computed exponentials, in addition to theirs.
inline constexpr double kSumError = 12 * 0x1p-53;

/// e[i] = exp(x[i] - shift), the difference taken exactly; -inf gives 0. Differences must be below
/// 700. Returns the sum.
DoubleDouble exp_and_sum(const double* x, std::size_t n, double shift, double* e);
DoubleDouble exp_and_sum(const float* x, std::size_t n, double shift, double* e);

/// Of a row with -inf for masked elements: the ends of what is finite, and whether all the rest is
/// -inf. Where nothing is finite max is -inf.
struct Extent {
  float max, min;
  bool ordinary;
};
Extent extent_of(const float* x, std::size_t n);

/// A result type of at most 24 bits, and what is known of the exact results: below 1; on the same
/// side of 1/2 as what sigmoids_of gave (and 1/2 where that is). Without that, values that close to
/// a power of two would stay open.
struct Grid {
  unsigned precision = 24;
  double smallest_normal = 0x1p-126;
  bool below_one = true, side_of_half = false;
};

/// Errors of results got[i] against the exact e[i] / sum >= 0, whose relative error must be below
/// 2^-48. Replaces e[i] by the ulp error, or by -1 where the bound leaves the rounding or the
/// binade open.
struct Errors {
  double sum, max;  // over the decided ones
  std::size_t correct, undecided;
};
Errors errors_of(double* e, const float* got, std::size_t n, double inverse_sum,
                 const Grid& grid = {});

/// p[i] = sigmoid(a[i] - b[i]) and y[i] = log(1 + exp(a[i])), both within 2^-48 relative where
/// above exp(-700); p[i] is above, at or below 1/2 as a[i] is above, at or below b[i].
void sigmoids_of(const float* a, const float* b, std::size_t n, double* p);
void softplus_of(const float* a, std::size_t n, double* y);

/// y[i] = e[i] / sum correctly rounded, under the same conditions. Where that is open e[i] becomes
/// -1; returns how many are.
std::size_t rounded_of(double* e, std::size_t n, double inverse_sum, float* y);

}  // namespace softmark
