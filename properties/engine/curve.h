// SPDX-License-Identifier: Apache-2.0
// A kernel's error over the whole range of a function of one number: the sigmoid, which is also
// the softmax of [x, 0].
#pragma once

#include "kernels/registry.h"
#include "properties/engine/search.h"
#include "support/effort.h"
#include "support/json.h"

namespace softmark {

inline constexpr std::size_t kCurveParts = 256;

/// {"function": "sigmoid", "samples": n, "ulp": [...]}: the floats of the kernel's type, from the
/// smallest to the largest finite one, in kCurveParts parts of equally many; of each the largest
/// error in ulp over n of its floats. Null for other ops, and where the kernel refuses the rows.
Json error_curve(const Kernel& kernel, Effort effort, const SearchRunner& run);

/// The floats that are tried, in order: as many of each part.
std::vector<double> curve_floats(softmark_dtype dtype, std::size_t samples);

}  // namespace softmark
