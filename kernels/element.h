// SPDX-License-Identifier: Apache-2.0
// The element types as values: exact conversion to double, and rounding to nearest even from it.
#pragma once

#include <cstddef>

#include "kernels/dtypes.h"
#include "kernels/softmark.h"

namespace softmark {

double smallest_subnormal(softmark_dtype dtype);

/// The distance between neighbours of the type at |value| and above it within its binade; the
/// smallest subnormal below the normal range, the top binade's spacing beyond the type.
double spacing(softmark_dtype dtype, double value);

/// The nearest value of the type, ties to even; NaN stays NaN. Overflow gives an infinity, and so
/// does an infinity; both give NaN in a type that has none.
double round_to(softmark_dtype dtype, double value);
/// The same, saturating: a finite value stays finite, an infinity does where the type has none.
double fit_to(softmark_dtype dtype, double value);
/// The next value of the type above or below (a value of the type): steps through subnormals and
/// both zeros once. Beyond the largest lies an infinity; in a type without any it is itself.
double next_up(softmark_dtype dtype, double value);
double next_down(softmark_dtype dtype, double value);

/// Element `index` of a typed array, and back (stores round_to(value)).
double load(softmark_dtype dtype, const void* data, std::size_t index);
void store(softmark_dtype dtype, void* data, std::size_t index, double value);

}  // namespace softmark
