// SPDX-License-Identifier: Apache-2.0
// The child's side: maps the shared memory between unmapped pages, calls the kernel, and compares
// what it left changed.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "kernels/callers.h"
#include "kernels/environment.h"
#include "kernels/leftovers.h"
#include "kernels/wire.h"
#include "kernels/worker.h"
#include "support/channel.h"
#include "support/error.h"
#include "support/fork_server.h"
#include "support/sanitizers.h"
#include "support/strays.h"

namespace softmark {
namespace {

constexpr useconds_t kMoment = 2000;  // microseconds

// Around each segment so much address space is unmapped: a wild index of up to 16 MiB faults
// instead of hitting a neighbour.
constexpr std::size_t kGuard = std::size_t{16} << 20;

// What a kernel may hold for itself: rows of 2^25 doubles several times over, and never the whole
// machine. Address sanitizer maps terabytes, so it is not limited.
void limit_memory() {
#if !defined(SOFTMARK_FINDS_LEAKS) && !defined(SOFTMARK_FINDS_RACES)
  const rlimit most = {std::size_t{3} << 30, std::size_t{3} << 30};  // 256 stacks are 2 GiB
  setrlimit(RLIMIT_DATA, &most);
#endif
  const rlimit printed = {std::size_t{64} << 20,
                          std::size_t{64} << 20};  // a kernel that prints without end is ended
  setrlimit(RLIMIT_FSIZE, &printed);
}

// A library may keep files, children and variables that it needs from when it is loaded.
constexpr std::uint32_t kHeldOnceLoaded =
    wire::kDescriptorLeft | wire::kChildLeft | wire::kVariables;

/// The segments of one slot.
class Arena {
 public:
  std::byte* at(int segment, std::int64_t offset) const {
    return offset < 0 ? nullptr : base_ + kGuard + segment * (bytes_ + kGuard) + offset;
  }
  /// `from`: where they lie in the file.
  bool map(std::size_t from, std::size_t bytes) {
    if (bytes == bytes_) return true;
    if (base_) munmap(base_, total());
    bytes_ = bytes;
    void* space =
        mmap(nullptr, total(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) return false;
    base_ = static_cast<std::byte*>(space);
    for (int s = 0; s < wire::kSegments; ++s)
      if (mmap(at(s, 0), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, wire::kMemory,
               static_cast<off_t>(from + s * bytes)) == MAP_FAILED)
        return false;
    return true;
  }

 private:
  std::size_t total() const { return wire::kSegments * (bytes_ + kGuard) + kGuard; }
  std::byte* base_ = nullptr;
  std::size_t bytes_ = 0;
};

softmark_args arguments_of(const wire::Call& call, const Arena& arena) {
  softmark_args args = {};
  args.rows = call.rows;
  args.cols = call.cols;
  args.x = arena.at(wire::kX, call.at[wire::kX]);
  args.g = arena.at(wire::kG, call.at[wire::kG]);
  args.labels =
      reinterpret_cast<const std::int64_t*>(arena.at(wire::kLabels, call.at[wire::kLabels]));
  args.y = arena.at(call.alias ? call.alias - 1 : static_cast<int>(wire::kY), call.at[wire::kY]);
  args.x_stride = call.stride[wire::kX];
  args.g_stride = call.stride[wire::kG];
  args.y_stride = call.stride[wire::kY];
  args.threads = call.threads;
  return args;
}

/// "WHAT INDEX LIBRARY"
struct Request {
  explicit Request(const std::string& message) : what(message.substr(0, message.find(' '))) {
    char* end = nullptr;
    index = std::strtoull(message.c_str() + what.size(), &end, 10);
    library = *end ? end + 1 : end;
  }
  std::string what, library;
  std::size_t index;
};

/// What the layout wants read-only, as long as this lives.
class Protection {
 public:
  Protection(const wire::Call& call, const Arena& arena) : call_(call), arena_(arena) {
    for (int s = 0; s < wire::kSegments; ++s) {
      if (call.protect[s] & wire::kWhole) protect(s, 0, call.segment_bytes, PROT_READ);
      if (call.protect[s] & wire::kPadding)
        for (std::size_t r = 1; r < call.rows; ++r) protect_gap_before(s, r);
    }
  }
  ~Protection() {
    for (int s = 0; s < wire::kSegments; ++s)
      if (call_.protect[s] && call_.at[s] >= 0)
        protect(s, 0, call_.segment_bytes, PROT_READ | PROT_WRITE);
  }
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;

 private:
  /// The whole pages between the end of row r - 1 and the start of row r.
  void protect_gap_before(int s, std::size_t r) const {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t at = static_cast<std::size_t>(call_.at[s]) + r * call_.step_bytes[s],
                      from = at - call_.step_bytes[s] + call_.row_bytes[s];
    const std::size_t first = (from + page - 1) / page * page, end = at / page * page;
    if (end > first) protect(s, first, end - first, PROT_READ);
  }
  void protect(int s, std::size_t from, std::size_t bytes, int how) const {
    if (call_.at[s] >= 0 &&
        mprotect(arena_.at(s, static_cast<std::int64_t>(from)), bytes, how) != 0)
      _exit(70);
  }

  const wire::Call& call_;
  const Arena& arena_;
};

wire::Reply reply_to(const wire::Call& call, const softmark_kernel& kernel, const Arena& arena,
                     OtherCalls& others) {
  const softmark_args args = arguments_of(call, arena);
  const Protection protection(call, arena);
  static std::optional<Leftovers> last;  // after the call before, where it was watched closely
  const Leftovers left_before = !call.closely ? Leftovers{}
                                : last        ? last->before_next()
                                              : Leftovers::now(1);
  last.reset();
  wire::Reply reply = {};
  make_call(call, kernel, args, others, reply);
  if (call.closely) {
    // A thread of the library's own may have a file open for a moment, before or after.
    static std::uint64_t standing = ~std::uint64_t{0};  // descriptors after the last call
    Leftovers left = Leftovers::now(call.closely);
    if (left.descriptors & ~left_before.descriptors) {
      usleep(kMoment);
      left = Leftovers::now(call.closely);
    }
    reply.changes |= left_before.changes_to(left);
    if (!(left_before.descriptors & standing & ~left.descriptors))
      reply.changes &= ~std::uint32_t{wire::kDescriptorClosed};
    standing = left.descriptors;
    reply.held = left.held;
    if (reply.changes == 0)
      last = left;
    else
      left_before.restore();
  }
  return reply;
}

/// Loads the kernel's library, compares what that changed, and sets it back. What copies would
/// share or lose, threads, children and descriptors, makes it none to be copied.
const softmark_kernel& load(const Request& request, wire::Loaded& loaded) {
  const Environment before = Environment::now();
  const Leftovers left_before = Leftovers::now(1);
  const softmark_kernel& kernel = resolve_kernel(request.library, request.index);
  const Leftovers left = Leftovers::now(1);
  const std::uint32_t left_changes = left_before.changes_to(left);
  loaded.changes = before.changes_to(Environment::now()) | (left_changes & ~kHeldOnceLoaded);
  loaded.is_origin = request.what == wire::kOrigin &&
                     left.held.threads == left_before.held.threads &&
                     !(left_changes & (wire::kChildLeft | wire::kDescriptorLeft));
  before.restore(loaded.changes);
  left_before.restore();
  return kernel;
}

}  // namespace

int worker_main(Channel& parent) {
  const bool adopts = adopt_strays();  // a daemon is still counted as left behind
  limit_memory();
  fcntl(1, F_SETFL, O_APPEND);
  std::string message;
  if (!parent.receive(message)) return kNotMeasurable;
  wire::Loaded loaded = {};
  const Request request(message);
  const softmark_kernel& kernel = load(request, loaded);
  loaded.is_origin = loaded.is_origin && adopts;  // a copy is the child of who adopts it
  if (!parent.send(message_of(loaded))) return wire::kNoReply;
  if (loaded.is_origin) {
    leave_strays();  // copies are not among them
    if (!serve_forks(parent)) return 0;
    adopt_strays();
    fcntl(1, F_SETFL, O_APPEND);
  }
  OtherCalls others(request.library, request.index, kernel);
  Arena arenas[wire::kSlots + 1];
  wire::Call calls[wire::kSlots];
  wire::Reply replies[wire::kSlots];
  while (parent.receive(message)) {
    const auto count = parse_messages<wire::Call>(message, calls);
    if (count == 0) return 0;
    for (std::size_t i = 0; i < count; ++i) {
      const wire::Call& call = calls[i];
      Arena& arena = arenas[call.slot];
      if (!arena.map(wire::at_slot(call.slot), call.segment_bytes)) return wire::kNoMemory;
      replies[i] = reply_to(call, kernel, arena, others);
    }
    if (!parent.send(message_of(std::span<const wire::Reply>(replies, count))))
      return wire::kNoReply;
  }
  return 0;
}

}  // namespace softmark
