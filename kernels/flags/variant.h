// SPDX-License-Identifier: Apache-2.0
// One way of compiling the readable kernels: what variant.cpp hands to flags.cpp, in a namespace
// for each way.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/softmark.h"

/// max_shifted, log_sum_exp and online, softmax in float32. (naive is wrong however it is
/// compiled.)
using VariantKernels = std::array<const softmark_kernel*, 3>;

/// What a compiler may take for granted of an x86 CPU and use in these loops.
enum VariantNeeds : std::uint32_t {
  kNeedsAvx = 1,
  kNeedsAvx2 = 2,
  kNeedsFma = 4,
  kNeedsBmi2 = 8,
  kNeedsAvx512f = 16,
  kNeedsAvx512vl = 32,
  kNeedsAvx512dq = 64,
  kNeedsAvx512bw = 128,
  kNeedsAvx512vbmi = 256,
  kNeedsFma4 = 512
};

#define SOFTMARK_VARIANT(name, options, shown) \
  namespace softmark_##name {                  \
    VariantKernels variant_kernels();          \
    extern const std::uint32_t variant_needs;  \
  }
#include "kernels/flags/variants.def"
#undef SOFTMARK_VARIANT
