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
                        // saturated; beyond the type by how many ulps of its largest value, at
                        // most 4 (there the sign of an infinity or NaN is that of the value)
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

/// The exact value, to the nearest long double; where `rounded` is beyond the type as far beyond
/// its largest value as the residual is known to be. NaN and infinities of the contract as they
/// are.
long double exact_value(const Exact& exact, softmark_dtype dtype);

/// |got - exact|, which cannot overflow. Both NaN, or equal infinities: 0. One of them NaN, or an
/// infinity where the other is finite: infinity.
long double absolute_error(const Exact& exact, double got, softmark_dtype dtype);
/// The same in ulps of the exact value, fractional; at most the largest double where it is finite.
double ulp_error(const Exact& exact, double got, softmark_dtype dtype);

/// How far an output may be from its exact value, and what else it may be.
struct Bound {
  enum Special : std::uint8_t { kNothing = 0, kPlusInf = 1, kMinusInf = 2, kNotANumber = 4 };
  long double error = 0;         // absolute; finite
  std::uint8_t also = kNothing;  // special values that a sane evaluation may give, by overflow
};

/// Whether an output is right: no farther from the exact value than the bound, or one of the
/// special values that it admits. NaN, and infinities of the wrong sign, are right only where
/// admitted.
bool is_within(const Exact& exact, const Bound& bound, double got, softmark_dtype dtype);
/// The error over the bound: 0 where there is none, 1 for an admitted special value, infinity where
/// the bound is 0 and the error is not, or where no error can be stated.
double share_of_bound(const Exact& exact, const Bound& bound, double got, softmark_dtype dtype);
/// The bound in ulps of the exact value; at most the largest double.
double in_ulps(const Bound& bound, const Exact& exact, softmark_dtype dtype);

/// For each output the largest error that a sane floating-point evaluation of this op can make on
/// this row (the generic envelope; derivation in reference/bounds.md). 0 where the contract fixes
/// the result.
std::vector<Bound> error_bounds(const Problem& problem, std::span<const Exact> exact);

/// Part of those bounds, nowhere above them, in a fraction of the time: what is within needs no
/// other. Without special values by overflow.
std::vector<Bound> least_bounds(const Problem& problem, std::span<const Exact> exact);

}  // namespace softmark
