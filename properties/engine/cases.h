// SPDX-License-Identifier: Apache-2.0
// Helpers that properties share: cases made from given rows, and rows extracted from cases.
#pragma once

#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark {

/// Whether the kernel computes Jacobians, whose tests use short rows because a row has cols^2
/// outputs.
bool is_jacobian(const Kernel& kernel);

/// Rows of equal length as one case of the op: values rounded to the type, finite ones (in a type
/// without infinities all) clamped to its finite range. VJPs get cotangents without structure (five
/// distinct values, both signs). Labels are consecutive, starting at `label`.
Case case_of_rows(const Kernel& kernel, const std::vector<std::vector<double>>& rows,
                  std::size_t label = 0);

/// Row `row` as a case of its own, with the same layout.
Case row_alone(const Case& c, softmark_op op, std::size_t row);

/// Whether both have the same bits or are both NaN.
bool same_bits(double a, double b);

/// -ln of the type's smallest subnormal: smaller exponentials underflow.
double deepest(softmark_dtype dtype);

/// One output of a kernel beside what is known of it.
struct Observed {
  double got;
  const Exact& exact;
  const Bound& bound;
};
/// Whether two results of one exact value differ by no more than both bounds; infinities and NaN
/// agree where each is within its own.
bool agree(const Observed& a, const Observed& b, softmark_dtype dtype);

}  // namespace softmark
