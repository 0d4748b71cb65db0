// SPDX-License-Identifier: Apache-2.0
// SLEEF's vector exp with an error of 1.0 ulp (Sleef_expf16_u10 and similar) in a three-pass loop.
#include <sleef.h>

#include "kernels/peers/peer.h"
#include "kernels/peers/three_pass.h"

namespace {

struct Exp {
  template <class D, class V = hn::Vec<D>>
  V operator()(D, V v) const {
    constexpr bool is_float = sizeof(hn::TFromD<D>) == sizeof(float);
#if defined(__AVX512F__)
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
constexpr softmark_kernel kKernels[] = {
    {"sleef", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, SOFTMARK_IN_PLACE, SOFTMARK_MASKED_NAN,
     INFINITY, run<float, Exp>},
    {"sleef", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, SOFTMARK_IN_PLACE, SOFTMARK_MASKED_NAN,
     INFINITY, run<double, Exp>}};

}  // namespace

SOFTMARK_PEER(kKernels, SOFTMARK_TEXT(SLEEF_VERSION_MAJOR) "." SOFTMARK_TEXT(
                            SLEEF_VERSION_MINOR) "." SOFTMARK_TEXT(SLEEF_VERSION_PATCHLEVEL))
