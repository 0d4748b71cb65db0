// SPDX-License-Identifier: Apache-2.0
// float16 and bfloat16 as bits, written without the project's own conversions, so that an error in
// one cannot hide an error in the other.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace softmark::mutants {

inline float from_bf16(std::uint16_t h) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(h) << 16);
}
inline std::uint16_t to_bf16(float v) {
  if (std::isnan(v)) return 0x7fc0;
  const auto bits = std::bit_cast<std::uint32_t>(v);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline std::uint16_t truncated_bf16(float v) {
  return std::isnan(v) ? 0x7fc0 : static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(v) >> 16);
}

inline float from_f16(std::uint16_t h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                     : exponent == 0
                         ? std::ldexp(static_cast<float>(fraction), -24)
                         : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  return h & 0x8000 ? -size : size;
}
/// Rounds once, from double, by `round` (nearbyint: to nearest even; trunc: towards zero).
template <class Round>
std::uint16_t to_f16(double v, Round round) {
  const int sign = std::signbit(v) ? 0x8000 : 0;
  const double size = std::fabs(v);
  if (std::isnan(v)) return 0x7e00;
  if (size >= 65520) return static_cast<std::uint16_t>(sign | 0x7c00);
  if (size < 0x1p-14)
    return static_cast<std::uint16_t>(sign | static_cast<int>(round(size * 0x1p24)));
  const int exponent = std::ilogb(size);
  return static_cast<std::uint16_t>(
      sign | (((exponent + 14) << 10) + static_cast<int>(round(std::ldexp(size, 10 - exponent)))));
}
inline std::uint16_t to_f16(double v) {
  return to_f16(v, [](double q) { return std::nearbyint(q); });
}

}  // namespace softmark::mutants
