// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/element.h"
#include "reference/reference.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

static_assert(std::numeric_limits<long double>::max_exponent >
                  std::numeric_limits<double>::max_exponent,
              "an absolute bound beside the largest double needs a long double of more range");

constexpr double kLargest = std::numeric_limits<double>::max();

/// Whether the exact value is a number that lies beyond the type.
bool is_beyond(const Exact& exact) { return !std::isfinite(exact.rounded) && exact.residual != 0; }

/// Finite long doubles are finite doubles too.
double limited(long double value) {
  return std::isinf(value) ? kInf : static_cast<double>(std::min<long double>(value, kLargest));
}

std::uint8_t special(double value) {
  if (std::isnan(value)) return Bound::kNotANumber;
  return value > 0 ? Bound::kPlusInf : Bound::kMinusInf;
}

}  // namespace

double ulp_of(const Exact& exact, softmark_dtype dtype) {
  if (!std::isfinite(exact.rounded)) return spacing(dtype, largest_finite(dtype));
  const double ulp = spacing(dtype, exact.rounded);
  // A real number just nearer to 0 than the power of two it rounds to lies in the binade below. By
  // bits, because this runs for every output.
  const bool inward = std::signbit(exact.rounded) ? exact.residual > 0 : exact.residual < 0;
  const auto bits = std::bit_cast<std::uint64_t>(exact.rounded);
  const auto exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
  const bool is_power = (bits & ((std::uint64_t{1} << 52) - 1)) == 0;
  return inward && is_power && exponent > type_info(dtype).min_exponent ? ulp / 2 : ulp;
}

long double exact_value(const Exact& exact, softmark_dtype dtype) {
  const long double ulps = static_cast<long double>(exact.residual) * ulp_of(exact, dtype);
  if (!is_beyond(exact)) return exact.rounded + ulps;
  return std::copysign(largest_finite(dtype) + ulps, static_cast<long double>(exact.rounded));
}

long double absolute_error(const Exact& exact, double got, softmark_dtype dtype) {
  if (std::isnan(exact.rounded) || std::isnan(got))
    return std::isnan(exact.rounded) && std::isnan(got) ? 0 : kInf;
  if (std::isinf(exact.rounded) || std::isinf(got)) return got == exact.rounded ? 0 : kInf;
  // In this order: got - rounded is exact where they are near each other.
  return std::fabs((static_cast<long double>(got) - exact.rounded) -
                   static_cast<long double>(exact.residual) * ulp_of(exact, dtype));
}

double ulp_error(const Exact& exact, double got, softmark_dtype dtype) {
  return limited(absolute_error(exact, got, dtype) / ulp_of(exact, dtype));
}

bool is_within(const Exact& exact, const Bound& bound, double got, softmark_dtype dtype) {
  if (std::isnan(exact.rounded) && std::isnan(got)) return true;  // whatever the bound
  if (absolute_error(exact, got, dtype) <= bound.error) return true;
  if (!std::isfinite(got)) return (special(got) & bound.also) != 0;
  // A value beyond the type may have come out within it, by an error as large as the bound.
  return is_beyond(exact) && std::signbit(got) == std::signbit(exact.rounded) &&
         std::fabs(exact_value(exact, dtype)) - std::fabs(static_cast<long double>(got)) <=
             bound.error;
}

double share_of_bound(const Exact& exact, const Bound& bound, double got, softmark_dtype dtype) {
  const long double error = absolute_error(exact, got, dtype);
  if (error == 0) return 0;
  if (std::isinf(error)) return is_within(exact, bound, got, dtype) ? 1 : kInf;
  return bound.error > 0 ? limited(error / bound.error) : kInf;
}

double in_ulps(const Bound& bound, const Exact& exact, softmark_dtype dtype) {
  return limited(bound.error / ulp_of(exact, dtype));
}

}  // namespace softmark
