// SPDX-License-Identifier: Apache-2.0
// The messages of a worker's channel (support/channel.h). The first request is "INDEX LIBRARY", the
// kernel to load; its reply is empty. Every later one is a Call, its reply a Reply. The rows lie in
// a shared memory file of four equal segments (x, g, labels, y), descriptor 4 in the child.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softmark::wire {

constexpr int kMemory = 4;  // the descriptor

enum Segment { kX, kG, kLabels, kY, kSegments };

struct Call {
  std::uint64_t segment_bytes;  // of each segment; a multiple of the page size
  std::uint64_t rows, cols;
  std::int64_t at[kSegments];       // byte offset in its segment; -1: NULL
  std::uint64_t stride[kSegments];  // elements (labels: unused)
  std::int32_t alias;               // 0, or the segment + 1 that y lies in
  std::int32_t threads;
  std::int32_t closely;  // whether to look at what costs time to look at (kernels/leftovers.h)
};

/// What the kernel left changed (bits), found and put right after each call.
enum Change : std::uint32_t {
  kRoundingMode = 1,
  kFlushMode = 2,  // FTZ or DAZ
  kTrapMask = 4,   // which floating-point exceptions trap
  kX87Control = 8,
  kSignalMask = 16,
  kWorkingDirectory = 32,
  kOutput = 64,
  kSignalHandler = 128,
  kDescriptorClosed = 256,
  kChildLeft = 512,
};

/// What the process holds after a call. A pool or a cache may grow once; what grows with every call
/// is lost.
struct Held {
  std::uint64_t bytes;  // of the heap, in use
  std::uint32_t threads, descriptors;
};

struct Reply {
  std::int32_t status;       // what run returned
  std::uint32_t changes;     // Change bits
  std::uint32_t exceptions;  // floating-point exception flags raised, as <cfenv> names them (the
                             // calling thread's)
  Held held;                 // where the call was watched closely
};

/// Exit codes of a child that cannot go on, because a kernel took memory or closed a descriptor
/// that it needs.
enum Ending : int { kNoMemory = 71, kNoReply = 72 };

}  // namespace softmark::wire
