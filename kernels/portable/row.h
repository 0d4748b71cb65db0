// SPDX-License-Identifier: Apache-2.0
// What the scalar kernels share: loops over rows, and building blocks that several ops need.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/builtins.h"

namespace softmark::portable {

template <class T>
inline constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

/// Calls `one_row(x, y)` for each row, with pointers to the row's logits and outputs.
template <class T, class F>
int for_each_row(const softmark_args* args, F one_row) {
  for (std::size_t r = 0; r < args->rows; ++r)
    one_row(static_cast<const T*>(args->x) + r * args->x_stride,
            static_cast<T*>(args->y) + r * args->y_stride);
  return 0;
}

/// The same with each row's upstream gradient: `one_row(x, g, y)`.
template <class T, class F>
int for_each_row_with_gradient(const softmark_args* args, F one_row) {
  for (std::size_t r = 0; r < args->rows; ++r)
    one_row(static_cast<const T*>(args->x) + r * args->x_stride,
            static_cast<const T*>(args->g) + r * args->g_stride,
            static_cast<T*>(args->y) + r * args->y_stride);
  return 0;
}

/// The largest logit; NaN if any is NaN; -inf for no columns.
template <class T>
T max_of(const T* x, std::size_t cols) {
  T max = -kInfinity<T>;
  for (std::size_t c = 0; c < cols; ++c)
    if (x[c] > max || std::isnan(x[c]))
      max = x[c];  // no comparison with NaN holds: once NaN, max stays NaN
  return max;
}

/// sum_k exp(x[k]) = exp(max) (1 + rest): the 1 stands for the first largest logit and is never
/// added, so that log1p(rest) keeps its relative accuracy when one logit is much larger than all
/// others.
template <class T>
struct MaxAndRest {
  T max, rest;
};

template <class T>
MaxAndRest<T> max_and_rest(const T* x, std::size_t cols) {
  const T max = max_of(x, cols);
  bool max_seen = false;
  T rest = 0;
  for (std::size_t c = 0; c < cols; ++c) {
    if (x[c] == max && !max_seen)
      max_seen = true;
    else
      rest += std::exp(x[c] - max);
  }
  return {max, rest};
}

/// Compensated summation (Ogita, Rump, Oishi: Accurate sum and dot product, 2005, Sum2 and Dot2):
/// as if computed in twice the precision and rounded once. Infinities and NaN come out as from
/// plain addition.
template <class T>
class CarefulSum {
 public:
  void add(T value) {
    const T sum = sum_ + value;
    const T added = sum - sum_;
    error_ += (sum_ - (sum - added)) + (value - added);
    sum_ = sum;
  }
  void add_product(T a, T b) {
    const T product = a * b;
    const T lost = std::fma(a, b, -product);
    add(product);
    error_ += lost;
  }
  T value() const { return std::isfinite(sum_) ? sum_ + error_ : sum_; }

 private:
  T sum_ = 0, error_ = 0;
};

}  // namespace softmark::portable
