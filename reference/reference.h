// SPDX-License-Identifier: Apache-2.0
// The truth: exact values with a proof, ulp errors against the unrounded value, and what a sane
// evaluation may lose.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/softmark.h"

namespace softmark {

/// One row of one op. Inputs are values of `dtype`, held as doubles (all types embed exactly).
struct Problem {
  softmark_op op = SOFTMARK_SOFTMAX;
  softmark_dtype dtype = SOFTMARK_F32;
  std::span<const double> x;  // [cols]
  std::span<const double> g;  // [cols]; [1] for cross_entropy_vjp; empty where the op takes none
  std::int64_t label = -1;    // for the cross-entropy ops
  softmark_masked_row masked_row = SOFTMARK_MASKED_NAN;
  bool saturates = false;  // SOFTMARK_SATURATES: what is beyond the type is its largest value
};

/// What decided an output: the contract's table, a vectorised float64 evaluation with a proven
/// bound, double-double with a proven bound, or interval arithmetic.
enum class Tier : std::uint8_t { kContract, kFloat64, kDoubleDouble, kInterval };

/// How many outputs each tier decided, by Tier.
struct Certificate {
  std::uint64_t outputs[4] = {};

  void add(Tier tier) { ++outputs[static_cast<int>(tier)]; }
};

/// The tiers as documents name them.
inline constexpr const char* kTierNames[] = {"contract", "float64", "double_double", "interval"};

/// One exact output: the real number is rounded + residual * ulp, with ulp = ulp_of(*this, dtype).
struct Exact {
  double rounded = 0;   // the output type's nearest value, ties to even; NaN, +-inf and saturated
                        // values as the contract says
  double residual = 0;  // in ulps of the exact value, in [-0.5, 0.5]; 0 where exact, special or
                        // saturated; beyond the type by how many ulps of its largest value
  Tier tier = Tier::kContract;
};

/// All outputs of one row in the contract's order: [cols], [1], or [cols*cols] row-major.
/// Certified: the rounding of each is proven by an enclosure, and the residual is within 2^-20 ulp.
std::vector<Exact> exact_row(const Problem& problem);

/// The same by no tier below `first` (kInterval is what the other two are tested against).
std::vector<Exact> exact_row(const Problem& problem, Tier first);

/// The spacing of the output type at the exact value; the smallest subnormal below the normal range
/// and at 0.
double ulp_of(const Exact& exact, softmark_dtype dtype);

/// |got - exact| in ulps of the exact value, fractional. Both NaN, or equal infinities: 0. One of
/// them NaN, or an infinity where the other is finite: infinity.
double ulp_error(const Exact& exact, double got, softmark_dtype dtype);

/// For each output the largest error, in ulps of the exact value, that a sane floating-point
/// evaluation of this op can make on this row (the generic envelope; derivation in
/// reference/bounds.md). 0 where the contract fixes the result.
std::vector<double> error_bounds(const Problem& problem, std::span<const Exact> exact);

}  // namespace softmark
