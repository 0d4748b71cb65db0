// SPDX-License-Identifier: Apache-2.0
// The 16-bit types: conversions of a row to f32, exact, and back, to nearest even.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softmark::simd {

struct HalfFormat {
  void (*widen)(const std::uint16_t* from, std::size_t cols, float* to);
  void (*narrow)(const float* from, std::size_t cols, std::uint16_t* to);
};

/// For the instruction set in use.
HalfFormat f16_format();
HalfFormat bf16_format();

}  // namespace softmark::simd
