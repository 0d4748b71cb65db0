// SPDX-License-Identifier: Apache-2.0
// The readable kernels as one line of variants.def compiles them. Like their files, this one is
// compiled once a variant, with `softmark` defined to be that variant's namespace.
#include "kernels/flags/variant.h"

#include <span>

namespace softmark {

std::span<const softmark_kernel> portable_max_shifted_kernels();
std::span<const softmark_kernel> portable_log_sum_exp_kernels();
std::span<const softmark_kernel> portable_online_kernels();

VariantKernels variant_kernels() {
  return {&portable_max_shifted_kernels()[0], &portable_log_sum_exp_kernels()[0],
          &portable_online_kernels()[0]};
}

const std::uint32_t variant_needs = 0u
#ifdef __AVX__
                                    | kNeedsAvx
#endif
#ifdef __AVX2__
                                    | kNeedsAvx2
#endif
#ifdef __FMA__
                                    | kNeedsFma
#endif
#ifdef __BMI2__
                                    | kNeedsBmi2
#endif
#ifdef __AVX512F__
                                    | kNeedsAvx512f
#endif
#ifdef __AVX512VL__
                                    | kNeedsAvx512vl
#endif
#ifdef __AVX512DQ__
                                    | kNeedsAvx512dq
#endif
#ifdef __AVX512BW__
                                    | kNeedsAvx512bw
#endif
#ifdef __AVX512VBMI__
                                    | kNeedsAvx512vbmi
#endif
#ifdef __FMA4__
                                    | kNeedsFma4
#endif
    ;

}  // namespace softmark
