// SPDX-License-Identifier: Apache-2.0
// Highway's own exp (hwy/contrib/math) in a three-pass loop.
#include <hwy/contrib/math/math-inl.h>

#include "kernels/peers/peer.h"
#include "kernels/peers/three_pass.h"

namespace {

struct Exp {
  template <class D, class V = hn::Vec<D>>
  V operator()(D d, V v) const {
    return hn::Exp(d, v);
  }
};

constexpr auto kSummary = "Highway's hn::Exp in a three-pass loop; " SOFTMARK_ISA;
constexpr softmark_kernel kKernels[] = {
    {"highway", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, SOFTMARK_IN_PLACE, SOFTMARK_MASKED_NAN,
     INFINITY, run<float, Exp>},
    {"highway", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, SOFTMARK_IN_PLACE, SOFTMARK_MASKED_NAN,
     INFINITY, run<double, Exp>}};

}  // namespace

SOFTMARK_PEER(kKernels,
              SOFTMARK_TEXT(HWY_MAJOR) "." SOFTMARK_TEXT(HWY_MINOR) "." SOFTMARK_TEXT(HWY_PATCH))
