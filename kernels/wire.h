// SPDX-License-Identifier: Apache-2.0
// The messages of a worker's channel (support/channel.h). The first request is "WHAT INDEX
// LIBRARY", the kernel to load; its reply is a Loaded. An origin then serves forks
// (support/fork_server.h). Every other request is up to kSlots Calls, its reply as many Replies.
// The rows of a call lie in four equal segments (x, g, labels, y) of a shared memory file,
// descriptor 4 in the child: those of slot 0 grow with its calls, and lie behind the small ones of
// the others.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softmark::wire {

constexpr int kMemory = 4;  // the descriptor

constexpr const char *kOrigin = "origin", *kAlone = "alone";  // WHAT

enum Segment { kX, kG, kLabels, kY, kSegments };

constexpr std::size_t kSlots = 16;  // besides slot 0: calls made in one exchange
constexpr std::size_t kSmallSegment = std::size_t{1} << 16;  // bytes, of slots 1 to kSlots

/// Where a slot's first segment lies in the file; the others follow.
constexpr std::size_t at_slot(std::size_t slot) {
  return (slot > 0 ? slot - 1 : kSlots) * kSegments * kSmallSegment;
}

/// What of a segment is read-only during the call (bits).
enum Protection : std::uint32_t { kPadding = 1, kWhole = 2 };

struct Call {
  std::uint64_t slot;
  std::uint64_t segment_bytes;  // of each segment; a multiple of the page size
  std::uint64_t rows, cols;
  std::int64_t at[kSegments];       // byte offset in its segment; -1: NULL
  std::uint64_t stride[kSegments];  // elements (labels: unused)
  std::uint64_t row_bytes[kSegments], step_bytes[kSegments];  // of a row; from one to the next
  std::uint32_t protect[kSegments];                           // Protection bits
  std::int32_t alias;  // 0, or the segment + 1 that y lies in
  std::int32_t threads;
  std::int32_t calls, caller, state, before;  // as in Layout
  std::int32_t closely;  // 1: looks at kernels/leftovers.h too; 2: and counts maps
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
  kDescriptorLeft = 1024,
  kLocale = 2048,
  kUmask = 4096,
  kAffinity = 8192,
  kTimer = 16384,
  kVariables = 32768,   // of the process's environment
  kRegisters = 65536,   // the direction flag, or the x87 stack
  kArguments = 131072,  // the structure that the kernel was given
  kLateResult = 262144,
};

/// What the process holds after a call. A pool or a cache may grow once; what grows with every call
/// is lost.
struct Held {
  std::uint64_t bytes;                       // of the heap, in use
  std::uint64_t mapped;                      // bytes of address space
  std::uint32_t threads, descriptors, maps;  // maps: where it was watched most closely
};

struct Loaded {
  std::uint32_t changes;    // Change bits: what loading its library changed
  std::uint32_t is_origin;  // 0 too where loading left threads, children or descriptors
};

struct Reply {
  std::int32_t status;       // what run returned
  std::uint32_t changes;     // Change bits
  std::uint32_t exceptions;  // floating-point exception flags raised, as <cfenv> names them (the
                             // calling thread's)
  std::uint32_t meetings;    // of two callers: calls of one that overlapped one of the other's
  Held held;                 // where the call was watched closely
};

/// Exit codes of a child that cannot go on, because a kernel took memory or closed a descriptor
/// that it needs.
enum Ending : int { kNoMemory = 71, kNoReply = 72 };

}  // namespace softmark::wire
