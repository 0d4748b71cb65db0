// SPDX-License-Identifier: Apache-2.0
// The four element types as values: exact conversion to double, and rounding to nearest even from
// it.
#pragma once

#include <cstddef>

#include "kernels/softmark.h"

namespace softmark {

struct TypeInfo {
  int precision;     // bits of the significand, the hidden one included
  int min_exponent;  // of the smallest normal, 2^min_exponent
  int max_exponent;  // the largest finite value is just below 2^(max_exponent + 1)
};
/// f16 {11, -14, 15}, bf16 {8, -126, 127}, f32 {24, -126, 127}, f64 {53, -1022, 1023}.
TypeInfo type_info(softmark_dtype dtype);
double largest_finite(softmark_dtype dtype);
double smallest_subnormal(softmark_dtype dtype);

/// The distance between neighbours of the type at |value| and above it within its binade; the
/// smallest subnormal below the normal range, the top binade's spacing beyond the type.
double spacing(softmark_dtype dtype, double value);

/// The nearest value of the type, ties to even; overflow gives an infinity; NaN stays NaN.
double round_to(softmark_dtype dtype, double value);
/// The next value of the type above or below (a value of the type): steps through subnormals and
/// both zeros once.
double next_up(softmark_dtype dtype, double value);
double next_down(softmark_dtype dtype, double value);

/// Element `index` of a typed array, and back (stores round_to(value)).
double load(softmark_dtype dtype, const void* data, std::size_t index);
void store(softmark_dtype dtype, void* data, std::size_t index, double value);

}  // namespace softmark
