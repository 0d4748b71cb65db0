// SPDX-License-Identifier: Apache-2.0
// What parent and child say to each other. Data lies in one shared memory file of four equal
// segments (x, g, labels, y); calls and replies are these fixed structs on two pipes, after one
// byte from the child that says it is ready. Descriptors in the child: 3 calls, 4 replies, 5
// memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softmark::wire {

enum Segment { kX, kG, kLabels, kY, kSegments };

struct Call {
  std::uint64_t
      number;  // of this call; its reply repeats it, so that nothing a kernel writes passes for one
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
  kOutputNoise = 64,
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
  std::uint64_t number;
  std::int32_t status;       // what run returned
  std::uint32_t changes;     // Change bits
  std::uint32_t exceptions;  // floating-point exception flags raised, as <cfenv> names them (the
                             // calling thread's)
  Held held;                 // where the call was watched closely
};

/// How the child ends where it cannot go on: a kernel closed or broke what it should know nothing
/// of.
enum Ending : int { kNoMemory = 71, kNoReply = 72 };

}  // namespace softmark::wire
