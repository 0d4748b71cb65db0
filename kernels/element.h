// SPDX-License-Identifier: Apache-2.0
// The element types as values: exact conversion to double, and rounding from it to nearest even.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/dtypes.h"
#include "kernels/softmark.h"

namespace softmark {

double smallest_subnormal(softmark_dtype dtype);

/// The distance from |value| to the next larger value of the type within its binade: the smallest
/// subnormal below the normal range, the top binade's spacing beyond the type's range.
double spacing(softmark_dtype dtype, double value);

/// The nearest value of the type, ties to even; NaN stays NaN. Overflow gives an infinity, and so
/// does an infinity; both give NaN in a type that has none.
double round_to(softmark_dtype dtype, double value);
/// The same, saturating: a finite value stays finite, an infinity does where the type has none.
double fit_to(softmark_dtype dtype, double value);
/// The next value of the type above or below `value` (itself of the type). Steps through the
/// subnormals and over zero once: +0 and -0 count as one value. Beyond the largest lies an
/// infinity; in a type without any the largest is followed by itself.
double next_up(softmark_dtype dtype, double value);
double next_down(softmark_dtype dtype, double value);

/// Reads element `index` of a typed array; writes it (stores round_to(value)).
double load(softmark_dtype dtype, const void* data, std::size_t index);
void store(softmark_dtype dtype, void* data, std::size_t index, double value);
/// The same for all elements from the first one on.
void load_all(softmark_dtype dtype, const void* data, std::span<double> values);
void store_all(softmark_dtype dtype, void* data, std::span<const double> values);

}  // namespace softmark
