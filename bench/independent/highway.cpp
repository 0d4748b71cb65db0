// SPDX-License-Identifier: Apache-2.0
// Highway's hn::Exp in the usual loop.
#include <hwy/contrib/math/math-inl.h>

#include "bench/independent/loop.h"

std::function<void()> prepare(const Problem& p) {
  return [p] { softmax_rows(p, [](auto tag, auto v) { return hn::Exp(tag, v); }); };
}
