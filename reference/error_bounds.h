// SPDX-License-Identifier: Apache-2.0
// A-priori error bounds: what an evaluation, described as far as its rounding errors depend on it,
// can lose on a row. Derivations: reference/bounds.md.
#pragma once

#include "reference/reference.h"

namespace softmark {

struct Evaluation {
  softmark_dtype working =
      SOFTMARK_F32;      // precision and range of every intermediate; u is its unit roundoff
  double exp_error = 8;  // relative error of exp where its result is normal, in u
  bool exp_of_zero_is_one = false;
  double exp_tiny =
      4;  // absolute error of exp where its result is below the normal range, in subnormals
  double base2 =
      0;  // error of turning an exponent to base 2, relative to it, in u: 0 (none) .. 1.25
  double log_error = 8;  // relative error of log, in u
  enum Shift {
    kRounded,
    kExact
  } shift = kRounded;  // x - max rounded once, or no rounding (integer exponents)
  enum Sum {
    kAnyOrder,     // recursive from either end, by lanes, blocks or trees
    kBlocked,      // no term takes part in more than 2 sqrt(n) + log2(n) + 2 additions
    kRecursive,    // in the order of the row
    kLanes,        // `width` recursive sums and a tree
    kPairwise,     // recursive within blocks of `width`, pairwise above
    kCompensated,  // two-sum error terms added at the end
    kWide,         // in float64, rounded once
    kFixedPoint    // multiples of 2^-width in an integer, rounded once
  } sum = kAnyOrder;
  unsigned width = 1;
  enum Rescaling {
    kNever,
    kOnline,
    kAnyBlocks
  } rescaling = kNever;  // whether the sum follows a running maximum
  enum Normaliser { kDivide, kReciprocal, kDivisionFree, kAnyNormaliser } normaliser = kDivide;
};

/// What is assumed of unknown kernels: 4-ulp exp and log, any order, online or not, any normaliser;
/// working in float32, for f64 in float64.
Evaluation generic_evaluation(softmark_dtype dtype);

/// As error_bounds of reference.h, for this evaluation rounded to the problem's type at the end.
std::vector<Bound> error_bounds(const Problem& problem, std::span<const Exact> exact,
                                const Evaluation& evaluation);

}  // namespace softmark
