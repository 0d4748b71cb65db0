// SPDX-License-Identifier: Apache-2.0
// One row of a call at a time: the building blocks of mutants and controls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/softmark.h"

namespace softmark::rowwise {

template <class T>
inline constexpr T kInf = std::numeric_limits<T>::infinity();

/// One row of a call. `g` holds the row's cotangents, or for cross_entropy_vjp those of the batch.
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
  return {static_cast<const T*>(a->x) + r * a->x_stride,
          g && !a->labels ? g + r * a->g_stride : g,
          static_cast<T*>(a->y) + r * a->y_stride,
          a->cols,
          r,
          a->labels ? a->labels[r] : -1};
}

/// Runs `one_row` on every row: `each<float, [](Row<float> r) { ... }>` is a kernel.
template <class T, auto one_row>
int each(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) one_row(row_of<T>(a, r));
  return 0;
}

/// The same for ops with one output per row (y_stride is unused): `one_row` returns it.
template <class T, auto one_row>
int each_scalar(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) static_cast<T*>(a->y)[r] = one_row(row_of<T>(a, r));
  return 0;
}

}  // namespace softmark::rowwise
