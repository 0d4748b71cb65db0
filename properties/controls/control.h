// SPDX-License-Identifier: Apache-2.0
// Correct kernels of unusual make: whoever flags one of these cries wolf.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/softmark.h"

namespace softmark::controls {

template <class T>
inline constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

template <class T>
struct Row {
  const T* x;
  const T* g;
  T* y;
  std::size_t n, index;
  std::int64_t label;
};

template <class T>
Row<T> row_of(const softmark_args* a, std::size_t r) {
  const auto* g = static_cast<const T*>(a->g);
  return {static_cast<const T*>(a->x) + r * a->x_stride, g && !a->labels ? g + r * a->g_stride : g, static_cast<T*>(a->y) + r * a->y_stride,
          a->cols, r, a->labels ? a->labels[r] : -1};
}
template <class T, auto one_row>
int each(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) one_row(row_of<T>(a, r));
  return 0;
}
template <class T, auto one_row>
int each_scalar(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) static_cast<T*>(a->y)[r] = one_row(row_of<T>(a, r));
  return 0;
}

/// The largest logit, NaN where any is.
template <class T>
T max_of(const T* x, std::size_t n) {
  T m = -kInf<T>;
  for (std::size_t i = 0; i < n; ++i)
    if (std::isnan(x[i])) return x[i];
    else if (x[i] > m) m = x[i];
  return m;
}
/// What is subtracted: NaN where the whole row becomes it (NaN, +inf, nothing but -inf).
template <class T>
T shift_of(const T* x, std::size_t n) {
  const T m = max_of(x, n);
  return std::isfinite(m) ? m : kNan<T>;
}

#define SOFTMARK_CONTROL(name, make, op, dtype, claims, ...) \
  softmark_kernel { name, make, SOFTMARK_##op, SOFTMARK_##dtype, claims, SOFTMARK_MASKED_NAN, INFINITY, __VA_ARGS__ }

using Table = std::vector<softmark_kernel>;
Table order_controls(), exp_controls(), mask_controls(), shape_controls(), type_controls(), gradient_controls();

}  // namespace softmark::controls
