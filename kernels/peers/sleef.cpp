// SPDX-License-Identifier: Apache-2.0
// SLEEF's vector exp of 1.0 ulp (Sleef_expf16_u10 and its like) in a three-pass loop.
#include <sleef.h>

#include <cstdio>
#include <iterator>

#include "kernels/peers/isa.h"
#include "kernels/peers/three_pass.h"

namespace {

struct Exp {
  template <class D, class V = hn::Vec<D>>
  V operator()(D, V v) const {
    constexpr bool is_float = sizeof(hn::TFromD<D>) == sizeof(float);
#if HWY_TARGET <= HWY_AVX3 && defined(__AVX512F__)
    if constexpr (is_float)
      return V{Sleef_expf16_u10avx512f(v.raw)};
    else
      return V{Sleef_expd8_u10avx512f(v.raw)};
#elif defined(__AVX2__)
    if constexpr (is_float)
      return V{Sleef_expf8_u10avx2(v.raw)};
    else
      return V{Sleef_expd4_u10avx2(v.raw)};
#else
    if constexpr (is_float)
      return V{Sleef_expf4_u10(v.raw)};
    else
      return V{Sleef_expd2_u10(v.raw)};
#endif
  }
};

constexpr auto kSummary = "SLEEF's exp (u10) in a three-pass loop; " SOFTMARK_ISA;
constexpr softmark_kernel kKernels[] = {{"sleef", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, SOFTMARK_IN_PLACE,
                                         SOFTMARK_MASKED_NAN, INFINITY, run<float, Exp>},
                                        {"sleef", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, SOFTMARK_IN_PLACE,
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
  std::snprintf(text, sizeof text, "%d.%d.%d", SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR, SLEEF_VERSION_PATCHLEVEL);
  return text;
}

}  // extern "C"
