// SPDX-License-Identifier: Apache-2.0
// The scalar kernels compiled in one way: what variant.cpp provides to flags.cpp, in one namespace
// per variant.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/softmark.h"

/// max_shifted, log_sum_exp and online: softmax in float32. (naive is wrong with any flags.)
using VariantKernels = std::array<const softmark_kernel*, 3>;

/// Features of an x86 CPU that a compiler may assume and use in these loops.
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
