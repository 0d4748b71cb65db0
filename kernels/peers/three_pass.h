// SPDX-License-Identifier: Apache-2.0
// Softmax as it is usually written around a library's vector exp: max; exp and sum; scale; one
// accumulator each. A partial vector at the end of a row is loaded and stored under a mask where
// the instruction set has one. Vectors are Highway's, for the one instruction set that the file is
// compiled for.
#pragma once

#include <cmath>

#include "kernels/simd/rows-inl.h"
#include "kernels/softmark.h"

namespace {

namespace hn = hwy::HWY_NAMESPACE;
using softmark::simd::HWY_NAMESPACE::load_first;
using softmark::simd::HWY_NAMESPACE::store_first;

/// `exp(d, v)` is the library's function.
template <class T, class Exp>
void softmax(const T* x, T* y, std::size_t cols, Exp exp) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d), whole = cols - cols % lanes, end = cols % lanes;
  auto maxima = hn::Set(d, static_cast<T>(-INFINITY));
  for (std::size_t c = 0; c < whole; c += lanes) maxima = hn::Max(maxima, hn::LoadU(d, x + c));
  if (end) maxima = hn::Max(maxima, load_first(d, x + whole, end));
  const auto max = hn::MaxOfLanes(d, maxima);

  auto sums = hn::Zero(d);
  for (std::size_t c = 0; c < whole; c += lanes) {
    const auto e = exp(d, hn::Sub(hn::LoadU(d, x + c), max));
    hn::StoreU(e, d, y + c);
    sums = hn::Add(sums, e);
  }
  if (end) {
    const auto e =
        exp(d, hn::Sub(load_first(d, x + whole, end), max));  // exp(-inf) = 0 above the end
    store_first(d, e, y + whole, end);
    sums = hn::Add(sums, e);
  }

  const auto scale = hn::Div(hn::Set(d, T(1)), hn::SumOfLanes(d, sums));
  for (std::size_t c = 0; c < whole; c += lanes)
    hn::StoreU(hn::Mul(hn::LoadU(d, y + c), scale), d, y + c);
  if (end) store_first(d, hn::Mul(load_first(d, y + whole, end), scale), y + whole, end);
}

template <class T, class Exp>
int run(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows; ++r)
    softmax(static_cast<const T*>(args->x) + r * args->x_stride,
            static_cast<T*>(args->y) + r * args->y_stride, args->cols, Exp());
  return 0;
}

}  // namespace
