// SPDX-License-Identifier: Apache-2.0
// Small tools that the properties' files share: cases made from given rows, and rows taken out of
// cases.
#pragma once

#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark {

/// The kernels whose rows are short because every row has cols^2 outputs.
bool is_jacobian(const Kernel& kernel);

/// Rows of equal length as one case of the op: values rounded to the type and kept finite where
/// they are, or where the type has no infinities; for products with a gradient, cotangents without
/// structure (3 distinct sizes, both signs); labels in turn, starting at `label`.
Case case_of_rows(const Kernel& kernel, const std::vector<std::vector<double>>& rows,
                  std::size_t label = 0);

/// Row `row` of the case, alone, with the same layout.
Case row_alone(const Case& c, softmark_op op, std::size_t row);

/// The same bits, or both NaN.
bool same_bits(double a, double b);

/// -ln of the smallest subnormal of the type: no exponential of less matters beside 1.
double deepest(softmark_dtype dtype);

/// The largest sane error of output j, in absolute terms.
double allowed_at(const Truth& truth, std::size_t j, softmark_dtype dtype);

}  // namespace softmark
