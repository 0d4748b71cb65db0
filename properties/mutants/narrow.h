// SPDX-License-Identifier: Apache-2.0
// float16, bfloat16 and the 8-bit types as bits, written without the project's own conversions, so
// that an error in one cannot hide an error in the other.
#pragma once

#include <algorithm>
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

/// A type of 8 bits: value of each code from 0 up, then the code that follows the largest number.
struct F8 {
  int fraction_bits, lowest_exponent;  // of the smallest normal number
  std::uint8_t largest, beyond;        // codes; E5M2's 0x7c is an infinity, E4M3's 0x7f NaN
};
inline constexpr F8 kE4M3 = {3, -6, 0x7e, 0x7f}, kE5M2 = {2, -14, 0x7b, 0x7c};

template <const F8& type>
float from_f8(std::uint8_t code) {
  const int magnitude = code & 0x7f, whole = 1 << type.fraction_bits;
  const int binade = std::max(magnitude / whole, 1);
  float size = std::ldexp(static_cast<float>(magnitude - (binade - 1) * whole),
                          type.lowest_exponent + binade - 1 - type.fraction_bits);
  if (magnitude > type.largest) size = magnitude == 0x7c ? INFINITY : NAN;
  return code & 0x80 ? -size : size;
}
/// Rounds once, from double: the code whose value is nearest, found among all of them; a value in
/// the middle of two takes the even code.
template <const F8& type, bool saturates = false>
std::uint8_t to_f8(double v) {
  if (std::isnan(v)) return 0x7f;
  const double size = std::fabs(v);
  int code = 0;
  while (code < type.largest && from_f8<type>(static_cast<std::uint8_t>(code + 1)) <= size) ++code;
  const double here = from_f8<type>(static_cast<std::uint8_t>(code)),
               step = code == type.largest
                          ? here - from_f8<type>(static_cast<std::uint8_t>(code - 1))
                          : from_f8<type>(static_cast<std::uint8_t>(code + 1)) - here;
  if (size - here > step / 2 || (size - here == step / 2 && code % 2 == 1)) ++code;
  if (code > type.largest) code = saturates ? type.largest : type.beyond;
  return static_cast<std::uint8_t>((std::signbit(v) ? 0x80 : 0) | code);
}

}  // namespace softmark::mutants
