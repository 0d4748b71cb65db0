// SPDX-License-Identifier: Apache-2.0
// The four element types as values: exact conversion to double, and rounding from it to nearest
// even.
#pragma once

#include <cstddef>

#include "kernels/softmark.h"

namespace softmark {

struct TypeInfo {
  int precision;     // bits of the significand, including the hidden one
  int min_exponent;  // of the smallest normal, 2^min_exponent
  int max_exponent;  // the largest finite value is just below 2^(max_exponent + 1)
};
/// f16 {11, -14, 15}, bf16 {8, -126, 127}, f32 {24, -126, 127}, f64 {53, -1022, 1023}.
TypeInfo type_info(softmark_dtype dtype);
double largest_finite(softmark_dtype dtype);
double smallest_subnormal(softmark_dtype dtype);

/// The distance from |value| to the next larger value of the type within its binade: the smallest
/// subnormal below the normal range, the top binade's spacing beyond the type's range.
double spacing(softmark_dtype dtype, double value);

/// The nearest value of the type, ties to even; overflow gives an infinity; NaN stays NaN.
double round_to(softmark_dtype dtype, double value);
/// The next value of the type above or below `value` (itself of the type). Steps through the
/// subnormals and over zero once: +0 and -0 count as one value.
double next_up(softmark_dtype dtype, double value);
double next_down(softmark_dtype dtype, double value);

/// Reads element `index` of a typed array; writes it (stores round_to(value)).
double load(softmark_dtype dtype, const void* data, std::size_t index);
void store(softmark_dtype dtype, void* data, std::size_t index, double value);

}  // namespace softmark
