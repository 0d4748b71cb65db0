// SPDX-License-Identifier: Apache-2.0
// What adapters share: the two functions that each exports, and the instruction set it is compiled
// for.
#pragma once

#include <cmath>
#include <iterator>

#include "kernels/softmark.h"

/// At the end of an adapter: its array of softmark_kernel, and the version of its library (a const
/// char*).
#define SOFTMARK_PEER(kernels, version)                                            \
  extern "C" {                                                                     \
  __attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(   \
      uint32_t abi_version, size_t* count) {                                       \
    if (abi_version != SOFTMARK_ABI_VERSION) return nullptr;                       \
    *count = std::size(kernels);                                                   \
    return kernels;                                                                \
  }                                                                                \
  __attribute__((visibility("default"))) const char* softmark_peer_version(void) { \
    return version;                                                                \
  }                                                                                \
  }

/// The text of a macro's value, as in SOFTMARK_TEXT(HWY_MAJOR).
#define SOFTMARK_TEXT_OF(value) #value
#define SOFTMARK_TEXT(value) SOFTMARK_TEXT_OF(value)

/// For the summaries of peers that are built once for each instruction set (widest.cpp).
#if defined(__AVX512F__)
#define SOFTMARK_ISA "AVX-512"
#elif defined(__AVX2__)
#define SOFTMARK_ISA "AVX2"
#elif defined(__SSE4_2__)
#define SOFTMARK_ISA "SSE4"
#else
#define SOFTMARK_ISA "the compiler's baseline"
#endif
