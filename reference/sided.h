// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "kernels/element.h"

namespace softmark {

/// The residual of a result beyond the type: how far its magnitude is above the largest value, in
/// ulps of that, 4 for all that is farther.
inline double ulps_beyond(softmark_dtype dtype, double magnitude) {
  const double largest = largest_finite(dtype);
  return std::min((magnitude - largest) / spacing(dtype, largest), 4.0);
}

/// A real number known to lie in `value` and, where `side` is not 0, strictly above (1) or below
/// (-1) the exact number `limit`. A limit that is not a single number is ignored. Without the side
/// it takes 1500 bits to distinguish 1 - exp(-1000) from 1, whose ulp is twice as large, or from a
/// tie.
template <class Number>
struct Sided {
  Number value;
  Number limit = {};
  int side = 0;
};

}  // namespace softmark
