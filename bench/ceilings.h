// SPDX-License-Identifier: Apache-2.0
// Upper bounds of every kernel's speed, wrapped as kernels so that they are timed in the same way.
#pragma once

#include <cstddef>
#include <string_view>

#include "kernels/softmark.h"

namespace softmark::bench {

/// memcpy and nontemporal_copy: half of the bytes are read, half written; update: the same bytes
/// are read, changed and written where they are; read: all of them are read; fma: independent
/// chains of multiply-adds in the widest vectors; nothing: returns at once, so that its time is the
/// overhead of measuring.
enum class Ceiling { kMemcpy, kRead, kNontemporalCopy, kFma, kNothing, kUpdate };
inline constexpr std::string_view kCeilingNames[] = {"memcpy", "read",    "nontemporal_copy",
                                                     "fma",    "nothing", "update"};

/// Reads args->cols bytes at x and writes x_stride bytes (copies and updates) or one cache line per
/// thread (the others) at y, on args->threads threads, each with a contiguous share that starts on
/// a cache line. Returns 1 where this CPU lacks the instructions.
softmark_fn ceiling_function(Ceiling ceiling, softmark_dtype dtype);

/// Multiply-adds of elements in one call of fma on that many threads; 0 where this CPU has no such
/// instruction. Types of 16 bits count as float32, in which kernels compute them.
std::size_t fma_count(softmark_dtype dtype, int threads);

}  // namespace softmark::bench
