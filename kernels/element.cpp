// SPDX-License-Identifier: Apache-2.0
#include "kernels/element.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr TypeInfo kTypes[] = {{11, -14, 15}, {8, -126, 127}, {24, -126, 127}, {53, -1022, 1023}};

/// Bit pattern of a value of f16 or bf16, and back. Sign, exponent and fraction are moved, never
/// rounded.
std::uint16_t pack(const TypeInfo& type, double value) {
  const int fraction_bits = type.precision - 1;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const std::uint16_t infinity =
      static_cast<std::uint16_t>((2 * type.max_exponent + 1) << fraction_bits);
  if (std::isnan(value))
    return static_cast<std::uint16_t>(sign | infinity | (1 << (fraction_bits - 1)));
  if (std::isinf(value)) return sign | infinity;
  const double magnitude = std::fabs(value);
  // The bit pattern of a subnormal is its value in units of the smallest subnormal.
  if (magnitude < std::ldexp(1.0, type.min_exponent))
    return sign |
           static_cast<std::uint16_t>(std::ldexp(magnitude, fraction_bits - type.min_exponent));
  const int exponent = std::ilogb(magnitude);
  const auto significand = static_cast<int>(std::ldexp(magnitude, fraction_bits - exponent));
  return static_cast<std::uint16_t>(sign + ((exponent - type.min_exponent) << fraction_bits) +
                                    significand);
}

double unpack(const TypeInfo& type, std::uint16_t bits) {
  const int fraction_bits = type.precision - 1;
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = (bits & 0x7fff) >> fraction_bits;
  const int fraction = bits & ((1 << fraction_bits) - 1);
  if (exponent == 2 * type.max_exponent + 1)
    return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * kInf;
  if (exponent == 0) return sign * std::ldexp(fraction, type.min_exponent - fraction_bits);
  return sign * std::ldexp(fraction + (1 << fraction_bits),
                           type.min_exponent - fraction_bits + exponent - 1);
}

}  // namespace

TypeInfo type_info(softmark_dtype dtype) { return kTypes[dtype]; }

double largest_finite(softmark_dtype dtype) {
  const TypeInfo type = kTypes[dtype];
  return std::ldexp(2 - std::ldexp(1.0, 1 - type.precision), type.max_exponent);
}

double smallest_subnormal(softmark_dtype dtype) {
  return std::ldexp(1.0, kTypes[dtype].min_exponent - kTypes[dtype].precision + 1);
}

double spacing(softmark_dtype dtype, double value) {
  const TypeInfo type = kTypes[dtype];
  // By bits, because this runs for every output of every row. Zero and subnormals get an exponent
  // below min_exponent.
  const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(value) >> 52 & 0x7ff) - 1023;
  const int result =
      std::clamp(exponent, type.min_exponent, type.max_exponent) - type.precision + 1;
  if (result < -1022) return std::bit_cast<double>(std::uint64_t{1} << (result + 1074));
  return std::bit_cast<double>(static_cast<std::uint64_t>(result + 1023) << 52);
}

double round_to(softmark_dtype dtype, double value) {
  if (dtype == SOFTMARK_F64 || !std::isfinite(value) || value == 0) return value;
  if (dtype == SOFTMARK_F32) return static_cast<float>(value);
  const double quantum = spacing(dtype, value);
  const double rounded = std::nearbyint(value / quantum) * quantum;  // both scalings are exact
  return std::fabs(rounded) > largest_finite(dtype) ? std::copysign(kInf, value) : rounded;
}

double next_up(softmark_dtype dtype, double value) {
  if (std::isnan(value) || value == kInf) return value;
  if (value == -kInf) return -largest_finite(dtype);
  if (value == 0) return smallest_subnormal(dtype);
  if (value == largest_finite(dtype)) return kInf;
  double step = spacing(dtype, value);
  // Below a power of two, towards zero, the neighbours are half as far apart.
  if (value < 0 && step > smallest_subnormal(dtype) &&
      std::ldexp(1.0, std::ilogb(value)) == -value) {
    if (std::ilogb(value) > kTypes[dtype].min_exponent) step /= 2;
  }
  return value + step == 0 ? -0.0 : value + step;
}

double next_down(softmark_dtype dtype, double value) { return -next_up(dtype, -value); }

double load(softmark_dtype dtype, const void* data, std::size_t index) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  if (dtype == SOFTMARK_F64) {
    double value;
    std::memcpy(&value, bytes + 8 * index, 8);
    return value;
  }
  if (dtype == SOFTMARK_F32) {
    float value;
    std::memcpy(&value, bytes + 4 * index, 4);
    return value;
  }
  std::uint16_t bits;
  std::memcpy(&bits, bytes + 2 * index, 2);
  return unpack(kTypes[dtype], bits);
}

void store(softmark_dtype dtype, void* data, std::size_t index, double value) {
  auto* bytes = static_cast<unsigned char*>(data);
  if (dtype == SOFTMARK_F64) {
    std::memcpy(bytes + 8 * index, &value, 8);
  } else if (dtype == SOFTMARK_F32) {
    const auto narrow = static_cast<float>(value);
    std::memcpy(bytes + 4 * index, &narrow, 4);
  } else {
    const std::uint16_t bits = pack(kTypes[dtype], round_to(dtype, value));
    std::memcpy(bytes + 2 * index, &bits, 2);
  }
}

}  // namespace softmark
