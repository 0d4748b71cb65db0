// SPDX-License-Identifier: Apache-2.0
// The child's side: maps the shared memory between unmapped pages, calls the kernel, and compares
// what it left changed.
#include <fcntl.h>
#include <fenv.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "kernels/leftovers.h"
#include "kernels/wire.h"
#include "kernels/worker.h"
#include "support/channel.h"
#include "support/error.h"
#include "support/sanitizers.h"
#include "support/strays.h"

namespace softmark {
namespace {

// Around each segment so much address space is unmapped: a wild index of up to 16 MiB faults
// instead of hitting a neighbour.
constexpr std::size_t kGuard = std::size_t{16} << 20;

// What a kernel may hold for itself: rows of 2^25 doubles several times over, and never the whole
// machine. Address sanitizer maps terabytes, so it is not limited.
void limit_memory() {
#if !defined(SOFTMARK_FINDS_LEAKS) && !defined(SOFTMARK_FINDS_RACES)
  const rlimit most = {std::size_t{2} << 30, std::size_t{2} << 30};
  setrlimit(RLIMIT_DATA, &most);
#endif
  const rlimit printed = {std::size_t{64} << 20,
                          std::size_t{64} << 20};  // a kernel that prints without end is ended
  setrlimit(RLIMIT_FSIZE, &printed);
}

class Arena {
 public:
  std::byte* at(int segment, std::int64_t offset) const {
    return offset < 0 ? nullptr : base_ + kGuard + segment * (bytes_ + kGuard) + offset;
  }
  bool map(std::size_t bytes) {
    if (bytes == bytes_) return true;
    if (base_) munmap(base_, total());
    bytes_ = bytes;
    void* space =
        mmap(nullptr, total(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) return false;
    base_ = static_cast<std::byte*>(space);
    for (int s = 0; s < wire::kSegments; ++s)
      if (mmap(at(s, 0), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, wire::kMemory,
               static_cast<off_t>(s * bytes)) == MAP_FAILED)
        return false;
    return true;
  }

 private:
  std::size_t total() const { return wire::kSegments * (bytes_ + kGuard) + kGuard; }
  std::byte* base_ = nullptr;
  std::size_t bytes_ = 0;
};

/// The state that a kernel must leave as it found it.
struct Environment {
  int rounding;
  unsigned mxcsr;
  unsigned short x87;
  sigset_t signals;
  char folder[PATH_MAX];
  off_t printed;

  static Environment now() {
    Environment e = {};  // the kernel fills only part of a signal set
    e.rounding = fegetround();
#if defined(__x86_64__) || defined(__i386__)
    e.mxcsr = _mm_getcsr() & ~0x3fu;  // without the exception flags, which may be raised
    __asm__("fnstcw %0" : "=m"(e.x87));
#endif
    sigprocmask(SIG_BLOCK, nullptr, &e.signals);
    if (!getcwd(e.folder, sizeof e.folder)) e.folder[0] = 0;
    struct stat written;
    e.printed = fstat(1, &written) == 0 ? written.st_size : -1;
    return e;
  }

  std::uint32_t changes_to(const Environment& after) const {
    std::uint32_t changes = 0;
    if (rounding != after.rounding) changes |= wire::kRoundingMode;
    if ((mxcsr ^ after.mxcsr) & 0x8040) changes |= wire::kFlushMode;
    if ((mxcsr ^ after.mxcsr) & 0x1f80) changes |= wire::kTrapMask;
    if ((x87 ^ after.x87) & ~0x0c00) changes |= wire::kX87Control;
    if (std::memcmp(&signals, &after.signals, sizeof signals) != 0) changes |= wire::kSignalMask;
    if (std::strcmp(folder, after.folder) != 0) changes |= wire::kWorkingDirectory;
    if (printed != after.printed) changes |= wire::kOutput;
    return changes;
  }

  void restore() const {
    fesetround(rounding);
#if defined(__x86_64__) || defined(__i386__)
    _mm_setcsr(mxcsr);
    __asm__("fldcw %0" : : "m"(x87));
#endif
    sigprocmask(SIG_SETMASK, &signals, nullptr);
    if (folder[0] && chdir(folder) != 0) _exit(70);
  }
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

/// "INDEX LIBRARY"
const softmark_kernel& resolve_named(const std::string& request) {
  char* end = nullptr;
  const std::size_t index = std::strtoull(request.c_str(), &end, 10);
  return resolve_kernel(*end ? end + 1 : end, index);
}

wire::Reply reply_to(const wire::Call& call, const softmark_kernel& kernel, const Arena& arena) {
  const softmark_args args = arguments_of(call, arena);
  const Environment before = Environment::now();
  const Leftovers left_before = call.closely ? Leftovers::now() : Leftovers{};
  wire::Reply reply = {};
  feclearexcept(FE_ALL_EXCEPT);
  reply.status = kernel.run(&args);
  reply.exceptions = static_cast<std::uint32_t>(fetestexcept(FE_ALL_EXCEPT));
  reply.changes = before.changes_to(Environment::now());
  if (call.closely) {
    const Leftovers left = Leftovers::now();
    reply.changes |= left_before.changes_to(left);
    reply.held = left.held;
    left_before.restore();
  }
  before.restore();
  return reply;
}

}  // namespace

int worker_main(Channel& parent) {
  adopt_strays();  // a daemon is still counted as left behind
  limit_memory();
  fcntl(1, F_SETFL, O_APPEND);
  std::string message;
  if (!parent.receive(message)) return kNotMeasurable;
  const softmark_kernel& kernel = resolve_named(message);
  if (!parent.send("")) return wire::kNoReply;
  Arena arena;
  wire::Call call;
  while (parent.receive(message) && parse_message(message, call)) {
    if (!arena.map(call.segment_bytes)) return wire::kNoMemory;
    if (!parent.send(message_of(reply_to(call, kernel, arena)))) return wire::kNoReply;
  }
  return 0;
}

}  // namespace softmark
