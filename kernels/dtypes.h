// SPDX-License-Identifier: Apache-2.0
// The element types of the contract as a table. Whatever depends on a type reads it, but for the
// kernels themselves.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "kernels/softmark.h"

namespace softmark {

struct TypeInfo {
  std::string_view name;
  std::size_t bytes;
  int precision;           // bits of the significand, the hidden one included
  int min_exponent;        // of the smallest normal number, 2^min_exponent
  int max_exponent;        // of the largest finite number
  double largest;          // finite
  bool has_infinities;     // where not, the pattern of all ones is NaN, and all others are numbers
  int digits;              // significant decimals that people are shown
  std::string_view numpy;  // NumPy's name for it; empty where NumPy has none
};

/// One row a type, in the order of the contract's values.
inline constexpr TypeInfo kDtypes[] = {
    // clang-format off
    // name     bytes prec.  exponents    largest                   inf   digits numpy
    {"f16",     2,    11,    -14,   15,   65504,                   true,  5,     "float16"},
    {"bf16",    2,    8,     -126,  127,  0x1.fep+127,             true,  5,     ""},
    {"f32",     4,    24,    -126,  127,  0x1.fffffep+127,         true,  9,     "float32"},
    {"f64",     8,    53,    -1022, 1023, 0x1.fffffffffffffp+1023, true,  17,    "float64"},
    {"f8_e4m3", 1,    4,     -6,    8,    448,                     false, 5,     ""},
    {"f8_e5m2", 1,    3,     -14,   15,   57344,                   true,  5,     ""},
    // clang-format on
};
static_assert(std::size(kDtypes) == SOFTMARK_F8_E5M2 + 1);

constexpr const TypeInfo& type_info(softmark_dtype dtype) { return kDtypes[dtype]; }
constexpr std::string_view name(softmark_dtype dtype) { return kDtypes[dtype].name; }
constexpr std::size_t bytes_of(softmark_dtype dtype) { return kDtypes[dtype].bytes; }
constexpr double largest_finite(softmark_dtype dtype) { return kDtypes[dtype].largest; }

/// Every type, to loop over.
inline constexpr auto kAllDtypes = [] {
  std::array<softmark_dtype, std::size(kDtypes)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<softmark_dtype>(i);
  return all;
}();

/// The type that arithmetic on the type is usually done in: float32 where that holds it, else
/// float64.
constexpr softmark_dtype working_type(softmark_dtype dtype) {
  return type_info(dtype).precision > type_info(SOFTMARK_F32).precision ? SOFTMARK_F64
                                                                        : SOFTMARK_F32;
}

}  // namespace softmark
