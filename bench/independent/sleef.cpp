// SPDX-License-Identifier: Apache-2.0
// SLEEF's exp of 1.0 ulp for the widest vectors that this is compiled for, in the usual loop.
#include <sleef.h>

#include "bench/independent/loop.h"

template <class V>
static V sleef_exp(V v) {
#if defined(__AVX512F__)
  return V{Sleef_expf16_u10avx512f(v.raw)};
#elif defined(__AVX2__)
  return V{Sleef_expf8_u10avx2(v.raw)};
#else
  return V{Sleef_expf4_u10(v.raw)};
#endif
}

std::function<void()> prepare(const Problem& p) {
  return [p] { softmax_rows(p, [](auto, auto v) { return sleef_exp(v); }); };
}
