// SPDX-License-Identifier: Apache-2.0
#include "kernels/element.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "support/non_finite.h"

namespace softmark {
namespace {

/// What stands for a value beyond the type.
double beyond(const TypeInfo& type, double value) {
  return type.has_infinities ? std::copysign(kInf, value)
                             : std::numeric_limits<double>::quiet_NaN();
}

/// The fields of a type of one or two bytes: sign, exponent, fraction.
struct Fields {
  explicit Fields(const TypeInfo& type)
      : fraction_bits(type.precision - 1),
        sign(1u << (8 * type.bytes - 1)),
        fraction((1u << fraction_bits) - 1),
        exponent((sign - 1) & ~fraction),
        nan(exponent | (type.has_infinities ? 1u << (fraction_bits - 1) : fraction)) {}
  int fraction_bits;
  unsigned sign, fraction, exponent;  // masks
  unsigned nan;                       // a quiet one
};

/// 2^exponent, of a normal double.
double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

/// Bit pattern of a value of the type, and back: the fields are moved, never rounded. By bits,
/// because this runs for every element of every row.
unsigned pack(const TypeInfo& type, double value) {
  const Fields fields(type);
  const unsigned sign = std::signbit(value) ? fields.sign : 0;
  if (std::isnan(value)) return sign | fields.nan;
  if (std::isinf(value)) return sign | fields.exponent;
  const double magnitude = std::fabs(value);
  // The bit pattern of a subnormal is its value in units of the smallest subnormal.
  if (magnitude < power_of_two(type.min_exponent))
    return sign | static_cast<unsigned>(magnitude *
                                        power_of_two(fields.fraction_bits - type.min_exponent));
  // A normal value's is that of the double, with another bias and the bits that are all zero gone.
  const auto bits = std::bit_cast<std::uint64_t>(magnitude);
  const auto bias = static_cast<std::uint64_t>(type.min_exponent - 1 + 1023) << 52;
  return sign | static_cast<unsigned>((bits - bias) >> (52 - fields.fraction_bits));
}

double unpack(const TypeInfo& type, unsigned bits) {
  const Fields fields(type);
  const double sign = bits & fields.sign ? -1 : 1;
  const unsigned fraction = bits & fields.fraction, magnitude = bits & (fields.sign - 1);
  if ((bits & fields.exponent) == fields.exponent) {
    if (type.has_infinities && fraction == 0) return sign * kInf;
    if (type.has_infinities || fraction == fields.fraction)
      return std::numeric_limits<double>::quiet_NaN();
  }
  if ((bits & fields.exponent) == 0)
    return sign * (fraction * power_of_two(type.min_exponent - fields.fraction_bits));
  const auto bias = static_cast<std::uint64_t>(type.min_exponent - 1 + 1023) << 52;
  const auto moved = static_cast<std::uint64_t>(magnitude) << (52 - fields.fraction_bits);
  return sign * std::bit_cast<double>(moved + bias);
}

}  // namespace

double smallest_subnormal(softmark_dtype dtype) {
  return std::ldexp(1.0, type_info(dtype).min_exponent - type_info(dtype).precision + 1);
}

double spacing(softmark_dtype dtype, double value) {
  const TypeInfo& type = type_info(dtype);
  // By bits, because this runs for every output of every row. Zero and subnormals get an exponent
  // below min_exponent.
  const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(value) >> 52 & 0x7ff) - 1023;
  const int result =
      std::clamp(exponent, type.min_exponent, type.max_exponent) - type.precision + 1;
  if (result < -1022) return std::bit_cast<double>(std::uint64_t{1} << (result + 1074));
  return power_of_two(result);
}

double round_to(softmark_dtype dtype, double value) {
  if (dtype == SOFTMARK_F64 || std::isnan(value) || value == 0) return value;
  if (dtype == SOFTMARK_F32) return static_cast<float>(value);
  if (std::isinf(value)) return beyond(type_info(dtype), value);
  const double quantum = spacing(dtype, value);
  const double rounded = std::nearbyint(value / quantum) * quantum;  // both scalings are exact
  return std::fabs(rounded) > largest_finite(dtype) ? beyond(type_info(dtype), value) : rounded;
}

double fit_to(softmark_dtype dtype, double value) {
  const TypeInfo& type = type_info(dtype);
  if (std::isnan(value) || (std::isinf(value) && type.has_infinities)) return value;
  return round_to(dtype, std::clamp(value, -type.largest, type.largest));
}

double next_up(softmark_dtype dtype, double value) {
  if (std::isnan(value) || value == kInf) return value;
  if (value == -kInf) return -largest_finite(dtype);
  if (value == 0) return smallest_subnormal(dtype);
  if (value == largest_finite(dtype)) return type_info(dtype).has_infinities ? kInf : value;
  double step = spacing(dtype, value);
  // Below a power of two, towards zero, the neighbours are half as far apart.
  if (value < 0 && step > smallest_subnormal(dtype) &&
      std::ldexp(1.0, std::ilogb(value)) == -value) {
    if (std::ilogb(value) > type_info(dtype).min_exponent) step /= 2;
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
  if (bytes_of(dtype) == 1) return unpack(type_info(dtype), bytes[index]);
  std::uint16_t bits;
  std::memcpy(&bits, bytes + 2 * index, 2);
  return unpack(type_info(dtype), bits);
}

void store(softmark_dtype dtype, void* data, std::size_t index, double value) {
  auto* bytes = static_cast<unsigned char*>(data);
  if (dtype == SOFTMARK_F64) {
    std::memcpy(bytes + 8 * index, &value, 8);
  } else if (dtype == SOFTMARK_F32) {
    const auto narrow = static_cast<float>(value);
    std::memcpy(bytes + 4 * index, &narrow, 4);
  } else {
    const unsigned bits = pack(type_info(dtype), round_to(dtype, value));
    if (bytes_of(dtype) == 1) {
      bytes[index] = static_cast<unsigned char>(bits);
      return;
    }
    const auto half = static_cast<std::uint16_t>(bits);
    std::memcpy(bytes + 2 * index, &half, 2);
  }
}

void load_all(softmark_dtype dtype, const void* data, std::span<double> values) {
  if (values.empty()) return;
  if (dtype == SOFTMARK_F64) {
    std::memcpy(values.data(), data, values.size_bytes());
  } else if (dtype == SOFTMARK_F32) {  // known here, the type costs nothing an element
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = load(SOFTMARK_F32, data, i);
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = load(dtype, data, i);
  }
}

void store_all(softmark_dtype dtype, void* data, std::span<const double> values) {
  if (values.empty()) return;
  if (dtype == SOFTMARK_F64) {
    std::memcpy(data, values.data(), values.size_bytes());
  } else if (dtype == SOFTMARK_F32) {
    for (std::size_t i = 0; i < values.size(); ++i) store(SOFTMARK_F32, data, i, values[i]);
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) store(dtype, data, i, values[i]);
  }
}

}  // namespace softmark
