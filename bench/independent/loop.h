// SPDX-License-Identifier: Apache-2.0
// The usual three passes over a row, in Highway's vectors, for the libraries that have an exp and
// no softmax.
#pragma once

#include <hwy/highway.h>

#include <cmath>

#include "bench/independent/harness.h"

namespace hn = hwy::HWY_NAMESPACE;

template <class Exp>
void softmax_rows(const Problem& p, Exp exp) {
  const hn::ScalableTag<float> tag;
  const std::size_t step = hn::Lanes(tag);
  for (std::size_t r = 0; r < p.rows; ++r) {
    const float* x = p.x + r * p.cols;
    float* y = p.y + r * p.cols;
    auto top = hn::Set(tag, -INFINITY), total = hn::Zero(tag);
    for (std::size_t i = 0; i < p.cols; i += step) top = hn::Max(top, hn::LoadU(tag, x + i));
    top = hn::MaxOfLanes(tag, top);
    for (std::size_t i = 0; i < p.cols; i += step) {
      const auto e = exp(tag, hn::Sub(hn::LoadU(tag, x + i), top));
      total = hn::Add(total, e);
      hn::StoreU(e, tag, y + i);
    }
    const auto factor = hn::Div(hn::Set(tag, 1.0f), hn::SumOfLanes(tag, total));
    for (std::size_t i = 0; i < p.cols; i += step)
      hn::StoreU(hn::Mul(hn::LoadU(tag, y + i), factor), tag, y + i);
  }
}
