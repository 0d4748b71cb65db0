// SPDX-License-Identifier: Apache-2.0
// What the parts common to many evaluations lose: sums, and the denominator of a row of logits.
// Derivations: reference/bounds.md, whose section numbers stand here in brackets.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "kernels/element.h"
#include "reference/error_bounds.h"

namespace softmark {

/// expm1(x) of an x >= 0 or slightly more, but for roundings: x^3/6 (1 + x/4 + ...) <= x^3/4 up
/// to 1.
inline double expm1_up(double x) {
  return x < 0x1p-7 ? x * (1 + x * (0.5 + x * 0.25)) : std::expm1(x);
}

/// An evaluation and the constants of its working precision.
struct Working : Evaluation {
  explicit Working(const Evaluation& evaluation)
      : Evaluation(evaluation),
        u(std::ldexp(1.0, -type_info(working).precision)),
        tiny(smallest_subnormal(working)),
        half_tiny(working == SOFTMARK_F64 ? tiny : tiny / 2),  // half of float64's is no double
        normal(std::ldexp(1.0, type_info(working).min_exponent)),
        largest(largest_finite(working)) {}
  double u, tiny, half_tiny, normal, largest;
  double shift_error(double gap) const { return shift == kExact ? 0 : u * gap; }
  double exp_relative(double exponent) const {
    return u * (exp_error + base2 * std::fabs(exponent));
  }
};

/// [1] The most that a sum of these magnitudes loses: an addition errs by u times its result at
/// most, and by no more than its smaller operand. `total` is their sum. For double, and for long
/// double where the sum of doubles may lie beyond double's range.
template <class Real>
Real summation_error(const Working& w, std::span<const Real> magnitudes, Real total);

/// A row of logits as the evaluation sees it.
struct Row {
  Row(const Problem& problem, const Working& w);
  double max = 0;                   // of the finite logits
  bool alone = false;               // one logit is finite
  std::vector<double> gap, weight;  // a = max - x (infinite where masked or beyond double), exp(-a)
  double sum = 0, log_sum = 0;
  // [2] The computed sum is at least `least` and at most 1 + `sigma` times the exact one; its
  // logarithm errs by `log_ratio` at most before, by `log_error` after a computed log.
  double sigma = 0, least = 1, log_ratio = 0, log_error = 0;
  double missing = 0;  // 1 - least, without what that subtraction would lose
  double exp_error(const Working& w, std::size_t i, double exponent) const {
    return gap[i] == 0 && exponent == 0 && w.exp_of_zero_is_one ? 0 : w.exp_relative(exponent);
  }
};

}  // namespace softmark
