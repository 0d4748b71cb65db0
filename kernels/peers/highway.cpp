// SPDX-License-Identifier: Apache-2.0
// Highway's own exp (hwy/contrib/math) in a three-pass loop.
#include "kernels/peers/three_pass.h"
//
#include <hwy/contrib/math/math-inl.h>

#include <cstdio>
#include <iterator>

#include "kernels/peers/isa.h"

namespace {

struct Exp {
  template <class D, class V = hn::Vec<D>>
  V operator()(D d, V v) const {
    return hn::Exp(d, v);
  }
};

constexpr auto kSummary = "Highway's hn::Exp in a three-pass loop; " SOFTMARK_ISA;
constexpr softmark_kernel kKernels[] = {{"highway", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, SOFTMARK_IN_PLACE,
                                         SOFTMARK_MASKED_NAN, INFINITY, run<float, Exp>},
                                        {"highway", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, SOFTMARK_IN_PLACE,
                                         SOFTMARK_MASKED_NAN, INFINITY, run<double, Exp>}};

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(uint32_t abi_version, size_t* count) {
  if (abi_version != SOFTMARK_ABI_VERSION) return nullptr;
  *count = std::size(kKernels);
  return kKernels;
}

__attribute__((visibility("default"))) const char* softmark_peer_version(void) {
  static char text[32];
  std::snprintf(text, sizeof text, "%d.%d.%d", HWY_MAJOR, HWY_MINOR, HWY_PATCH);
  return text;
}

}  // extern "C"
