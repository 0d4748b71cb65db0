// SPDX-License-Identifier: Apache-2.0
// What bounds every kernel, in a kernel's clothes so that it is timed by the same path.
#pragma once

#include <cstddef>
#include <string_view>

#include "kernels/softmark.h"

namespace softmark::bench {

/// memcpy and nontemporal_copy: half of the bytes read, half written; read: all of them read; fma:
/// independent chains of multiply-adds in the widest vectors; nothing: returns at once, so that its
/// time is the measuring's own.
enum class Ceiling { kMemcpy, kRead, kNontemporalCopy, kFma, kNothing };
inline constexpr std::string_view kCeilingNames[] = {"memcpy", "read", "nontemporal_copy", "fma",
                                                     "nothing"};

/// Reads args->cols bytes at x, writes x_stride bytes (a copy) or a cache line a thread (the
/// others) at y, on args->threads threads, each a contiguous share that starts on a cache line.
/// Returns 1 where this CPU cannot.
softmark_fn ceiling_function(Ceiling ceiling, softmark_dtype dtype);

/// Multiply-adds of elements in one call of fma on so many threads; 0 where this CPU has none.
/// Types of 16 bits are counted as float32, in which kernels compute them.
std::size_t fma_count(softmark_dtype dtype, int threads);

}  // namespace softmark::bench
