// SPDX-License-Identifier: Apache-2.0
// Controls: correct but unusual kernels. A property that flags one of them reports a false
// positive.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "properties/mutants/rowwise.h"

namespace softmark::controls {

using namespace rowwise;

template <class T>
inline constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

/// The largest logit; NaN where any is NaN.
template <class T>
T max_of(const T* x, std::size_t n) {
  T m = -kInf<T>;
  for (std::size_t i = 0; i < n; ++i)
    if (std::isnan(x[i]))
      return x[i];
    else if (x[i] > m)
      m = x[i];
  return m;
}
/// The shift to subtract; NaN where the whole row must become NaN (NaN, +inf, nothing but -inf).
template <class T>
T shift_of(const T* x, std::size_t n) {
  const T m = max_of(x, n);
  return std::isfinite(m) ? m : kNan<T>;
}

#define SOFTMARK_CONTROL(name, make, op, dtype, claims, ...)                            \
  softmark_kernel {                                                                     \
    name, make, SOFTMARK_##op, SOFTMARK_##dtype, claims, SOFTMARK_MASKED_NAN, INFINITY, \
        __VA_ARGS__                                                                     \
  }

using Table = std::vector<softmark_kernel>;
Table order_controls(), exp_controls(), mask_controls(), shape_controls(), type_controls(),
    gradient_controls();

}  // namespace softmark::controls
