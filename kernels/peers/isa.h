// SPDX-License-Identifier: Apache-2.0
// The instruction set that a source is compiled for, for the summaries of peers built once for each (widest.cpp).
#pragma once

#if defined(__AVX512F__)
#define SOFTMARK_ISA "AVX-512"
#elif defined(__AVX2__)
#define SOFTMARK_ISA "AVX2"
#elif defined(__SSE4_2__)
#define SOFTMARK_ISA "SSE4"
#else
#define SOFTMARK_ISA "the compiler's baseline"
#endif
