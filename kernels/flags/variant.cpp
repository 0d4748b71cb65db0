// SPDX-License-Identifier: Apache-2.0
// The scalar kernels, compiled with the flags of one line of variants.def.
#include "kernels/flags/variant.h"

// The files are meant to be compiled separately: names that all of them define are made unique
// here.
#define kSummary kMaxShiftedSummary
#define kClaims kMaxShiftedClaims
#include "kernels/portable/max_shifted.cpp"
#undef kSummary
#undef kClaims
#define kSummary kLogSumExpSummary
#define kClaims kLogSumExpClaims
#include "kernels/portable/log_sum_exp.cpp"
#undef kSummary
#undef kClaims
#define kSummary kOnlineSummary
#define kClaims kOnlineClaims
#include "kernels/portable/online.cpp"

namespace softmark {

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
