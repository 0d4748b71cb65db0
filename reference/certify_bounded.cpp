// SPDX-License-Identifier: Apache-2.0
// What a number with an error bound decides about a result.
#include <bit>
#include <cstdint>

#include "kernels/element.h"
#include "reference/bounded.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

constexpr double kResidualWidth = 0x1p-21;

/// value + offset, outward by more than its rounding; exact where the offset is 0.
DoubleDouble end_of(DoubleDouble value, double offset) {
  if (offset == 0) return value;
  const double outward = (std::fabs(value.lo) + std::fabs(offset)) * 0x1p-51;
  return two_sum(value.hi, value.lo + offset + std::copysign(outward, offset));
}

/// Rounds to nearest even, to an infinity beyond the type, whatever the type has there. The sum is
/// first rounded to odd in 53 bits, from where a second rounding to at most 24 is right.
double round_pair(softmark_dtype dtype, DoubleDouble value) {
  double hi = value.hi;
  if (dtype == SOFTMARK_F64) return hi;
  if (value.lo != 0 && std::bit_cast<std::uint64_t>(hi) % 2 == 0)
    hi = std::nextafter(hi, value.lo > 0 ? kInf : -kInf);
  const double rounded = round_to(dtype, hi);
  return std::isnan(rounded) ? std::copysign(kInf, hi) : rounded;
}

bool is_power_of_two(double value) { return (std::bit_cast<std::uint64_t>(value) << 12) == 0; }

/// The spacing at value, or where it lies just inside a power of two (by lo or by `inward`) that of
/// the binade below.
double quantum(softmark_dtype dtype, DoubleDouble value, bool inward) {
  const bool below = value.lo != 0 && std::signbit(value.lo) != std::signbit(value.hi);
  const double q = spacing(dtype, value.hi);
  if (!(inward || below) || !is_power_of_two(value.hi)) return q;
  return std::fabs(value.hi) > std::ldexp(1.0, type_info(dtype).min_exponent) ? q / 2 : q;
}

/// The same as `certify` below, with less work, for most values: inside the range of a type of at
/// most 24 bits and farther than the error from the limit, from powers of two and from ties.
std::optional<Exact> certify_plainly(const Sided<Bounded>& number, softmark_dtype dtype) {
  const TypeInfo& type = type_info(dtype);
  const auto& [value, given_error] = number.value;
  const double v = value.hi, magnitude = std::fabs(v), error = given_error + std::fabs(value.lo);
  if (!(magnitude < type.largest / 2) || is_power_of_two(v)) return std::nullopt;
  const std::uint64_t exponent = std::bit_cast<std::uint64_t>(magnitude) >> 52;
  const double power = std::bit_cast<double>(exponent << 52);
  if (static_cast<int>(exponent) - 1023 <= type.min_exponent) return std::nullopt;
  if (!(magnitude - power > error && 2 * power - magnitude > error)) return std::nullopt;
  if (number.side != 0 && !(std::fabs(v - number.limit.value.hi) > 2 * error)) return std::nullopt;
  const double ulp = spacing(dtype, v), rounded = round_to(dtype, v);
  const double residual = ((v - rounded) + value.lo) / ulp,
               width = given_error / ulp * (1 + 0x1p-40);
  if (!(width <= kResidualWidth / 4 && std::fabs(residual) + width < 0.5 - 0x1p-40))
    return std::nullopt;
  return Exact{rounded, residual};
}

}  // namespace

std::optional<Exact> certify(const Sided<Bounded>& number, softmark_dtype dtype) {
  if (dtype != SOFTMARK_F64)
    if (auto exact = certify_plainly(number, dtype)) return exact;
  const auto& [value, error] = number.value;
  if (!(error < kInf) || !std::isfinite(value.hi)) return std::nullopt;
  DoubleDouble low = end_of(value, -error), high = end_of(value, error);

  // A limit that is a tie is left to the intervals.
  const double limit = number.limit.value.hi;
  const bool point = number.limit.error == 0 && is_double(number.limit.value);
  const int side = point && round_to(dtype, limit) == limit ? number.side : 0;
  const auto above = [&](DoubleDouble a) { return a.hi > limit || (a.hi == limit && a.lo >= 0); };
  const auto below = [&](DoubleDouble a) { return a.hi < limit || (a.hi == limit && a.lo <= 0); };
  const bool cut_low = side > 0 && below(low), cut_high = side < 0 && above(high);
  if (cut_low) low = {limit, 0};
  if (cut_high) high = {limit, 0};
  // The limit itself is excluded: an enclosure of nothing else says nothing.
  if ((cut_low || cut_high) && low.hi == high.hi && low.lo == high.lo) return std::nullopt;

  double rounded = round_pair(dtype, low);
  if (rounded != round_pair(dtype, high)) return std::nullopt;
  if (std::isinf(rounded))
    return Exact{rounded, ulps_beyond(dtype, std::min(std::fabs(low.hi), std::fabs(high.hi)))};
  if (rounded == 0)
    rounded = std::signbit(low.hi) && (std::signbit(high.hi) || high.hi == 0) ? -0.0 : 0.0;
  const double ulp = quantum(dtype, low, cut_low && limit < 0);
  if (ulp != quantum(dtype, high, cut_high && limit > 0)) return std::nullopt;

  const auto in_ulps = [&](DoubleDouble a) { return (a.hi - rounded) / ulp + a.lo / ulp; };
  const double from = in_ulps(low), to = in_ulps(high);
  if (!(to - from <= kResidualWidth)) return std::nullopt;
  double residual = std::clamp(from + (to - from) / 2, -0.5, 0.5);
  // Keep the sign by which ulp_of knows the binade.
  const double inward = rounded > 0 ? -1 : 1;
  if (ulp < spacing(dtype, rounded) && residual * inward <= 0)
    residual = inward * std::numeric_limits<double>::min();
  return Exact{rounded, residual};
}

namespace {

/// The multiple of the smallest float64 next to it, in units of that, and how far it is away;
/// nothing at a tie.
struct OnGrid {
  double multiple, rest;
};
std::optional<OnGrid> on_subnormal_grid(DoubleDouble scaled) {
  const double unit = std::ldexp(1.0, kTinyScale - 1074);
  const double hi = scaled.hi / unit, lo = scaled.lo / unit;
  OnGrid at{std::nearbyint(hi), 0};
  at.rest = (hi - at.multiple) + lo;
  const double step = at.rest > 0.5 ? 1 : at.rest < -0.5 ? -1 : 0;
  at.multiple += step;
  at.rest -= step;
  if (std::fabs(at.rest) == 0.5) return std::nullopt;
  return at;
}

}  // namespace

std::optional<Exact> certify_scaled(const Sided<Bounded>& number, int sign) {
  const double least_normal = std::ldexp(1.0, kTinyScale - 1022);
  const Bounded& scaled = number.value;
  if (!(scaled.error < kInf) || !std::isfinite(scaled.value.hi)) return std::nullopt;
  if (std::fabs(scaled.value.hi) >= 2 * least_normal) {
    auto exact = certify(number, SOFTMARK_F64);
    if (exact) exact->rounded = std::ldexp(exact->rounded, -kTinyScale);
    return exact;
  }
  // The spacing is the same up to there.
  const auto low = on_subnormal_grid(end_of(scaled.value, -scaled.error)),
             high = on_subnormal_grid(end_of(scaled.value, scaled.error));
  if (!low || !high || low->multiple != high->multiple) return std::nullopt;
  if (!(high->rest - low->rest <= kResidualWidth)) return std::nullopt;
  double rounded = std::ldexp(low->multiple, -1074);
  if (rounded == 0 && sign == 0) return std::nullopt;
  if (rounded == 0) rounded = std::copysign(0.0, sign);
  return Exact{rounded, low->rest + (high->rest - low->rest) / 2};
}

}  // namespace softmark
