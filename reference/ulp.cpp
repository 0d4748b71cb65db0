// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "kernels/element.h"
#include "reference/reference.h"

namespace softmark {

double ulp_of(const Exact& exact, softmark_dtype dtype) {
  if (!std::isfinite(exact.rounded)) return spacing(dtype, largest_finite(dtype));
  const double ulp = spacing(dtype, exact.rounded);
  // A real number just nearer to 0 than the power of two it rounds to lies in the binade below.
  const double magnitude = std::fabs(exact.rounded);
  const bool inward = std::signbit(exact.rounded) ? exact.residual > 0 : exact.residual < 0;
  if (inward && magnitude > std::ldexp(1.0, type_info(dtype).min_exponent) &&
      magnitude == std::ldexp(1.0, std::ilogb(magnitude)))
    return ulp / 2;
  return ulp;
}

double ulp_error(const Exact& exact, double got, softmark_dtype dtype) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  if (std::isnan(exact.rounded) || std::isnan(got))
    return std::isnan(exact.rounded) && std::isnan(got) ? 0 : inf;
  if (std::isinf(exact.rounded) || std::isinf(got)) return got == exact.rounded ? 0 : inf;
  const double ulp = ulp_of(exact, dtype);
  double distance = (got - exact.rounded) / ulp;
  if (std::isinf(got - exact.rounded)) distance = (got / 2 - exact.rounded / 2) / ulp * 2;
  return std::fabs(distance - exact.residual);
}

}  // namespace softmark
