// SPDX-License-Identifier: Apache-2.0
#include "kernels/callers.h"

#include <fenv.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/call_output.h"
#include "kernels/environment.h"
#include "kernels/names.h"
#include "kernels/work.h"
#include "support/sanitizers.h"

namespace softmark {
namespace {

constexpr std::size_t kScribbled = 16384;  // bytes of stack
constexpr unsigned kFewestSpins = 64;
// Callers: most share a slot with another where there are 8, 16 or 32 for all threads.
constexpr std::size_t kCrowd = 40;
constexpr int kThreadsBefore = 130, kThreadsBetween = 128;  // beyond 64 and 128 slots
constexpr int kOtherCallEvery = 4;  // of the second caller's calls, one of OtherCalls
constexpr std::size_t kMostStride = std::size_t{1} << 20;  // of rows that callers take by turns
constexpr unsigned kMostDelay = 1u << 17;  // spins of the second caller before a first call
#if defined(SOFTMARK_FINDS_LEAKS) || defined(SOFTMARK_FINDS_RACES)
constexpr std::size_t kStack = 16 * kSmallStack;  // frames of sanitizers are larger
#else
constexpr std::size_t kStack = kSmallStack;
#endif

/// Overwrites the stack that the kernel will use, so that what it never set is no lucky zero.
__attribute__((noinline)) void scribble_on_stack() {
  volatile std::uint64_t below[kScribbled / sizeof(std::uint64_t)];
  for (volatile std::uint64_t& word : below) word = 0xc3c3c3c3c3c3c3c3;
}

/// One caller: its part of the rows, and what became of it.
struct Part {
  softmark_args args;
  CallOutput output;
  std::size_t index = 0;
  std::vector<std::byte> expected;  // what a call by itself gave; empty: not known
  wire::Reply reply = {};
  bool is_late = false;  // y was still being written after a call had returned
};

/// Of the rows from `first` on every `step`th.
Part part_of(const wire::Call& call, const softmark_kernel& kernel, const softmark_args& args,
             std::size_t first, std::size_t rows, std::size_t step = 1) {
  const std::size_t element = bytes_of(kernel.dtype);
  const OpShape shape = shape_of(kernel.op);
  const bool is_scalar = shape.output == OpShape::kScalar;
  const auto moved = [&](const void* from, std::size_t stride) {
    return from ? static_cast<const std::byte*>(from) + first * stride * element : nullptr;
  };
  const int y_segment = call.alias ? call.alias - 1 : static_cast<int>(wire::kY);
  Part part;
  part.args = args;
  part.args.rows = rows;
  part.args.x = moved(args.x, args.x_stride);
  part.args.g = moved(args.g, shape.takes_g_row ? 1 : args.g_stride);
  part.args.x_stride *= step;
  part.args.g_stride *= step;
  part.args.y_stride *= step;
  if (args.labels) part.args.labels += first;
  const std::size_t row_bytes = call.row_bytes[y_segment];
  part.output = {const_cast<std::byte*>(moved(args.y, is_scalar ? 1 : args.y_stride)),
                 row_bytes > 0 ? rows : 0, row_bytes,
                 step * (is_scalar ? element : call.step_bytes[y_segment]), element};
  part.args.y = part.output.at;
  return part;
}

/// Two callers: where they are, so that they go on until they have met often enough.
struct Together {
  using Duration = std::chrono::steady_clock::duration;
  unsigned callers = 1;
  bool meet = false;             // go on until they have met; else make so many calls
  OtherCalls* others = nullptr;  // which the second caller makes in between
  static constexpr auto kMeeting = std::chrono::milliseconds(3),  // at most, beside other work
      kLongest = std::chrono::milliseconds(300);                  // of all
  unsigned enough = 0;                                            // meetings
  bool waits = false;                                             // for each other to begin
  std::atomic<unsigned> ready{0}, meetings{0};
  std::atomic<bool> differs{false}, first_is_known{false};
  std::atomic<unsigned> inside[kCrowd + 1] = {};  // the number of the call that each is in; 0: none
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

  // Who yields at once is seldom running when the other comes, beside other work.
  void wait() {
    ++ready;
    const auto since = std::chrono::steady_clock::now();
    while (waits && ready < callers)
      if (!meet || std::chrono::steady_clock::now() - since > kMeeting) sched_yield();
  }
  bool goes_on() const {
    return !differs && meetings < enough &&
           std::chrono::steady_clock::now() - begin <
               std::min<Duration>(enough * kMeeting, kLongest);
  }
};

/// The other caller's calls that this one's met, each counted once: one that was interrupted meets
/// many, and they all meet the same one.
class Meetings {
 public:
  Meetings(Together& together, std::size_t me) : together_(together), me_(me) {}
  void enter(unsigned call) {
    together_.inside[me_] = call;
    look();
  }
  void leave() {
    look();
    together_.inside[me_] = 0;
  }

 private:
  void look() {
    const unsigned other = together_.inside[me_ ^ 1];
    if (other != 0 && other != std::exchange(last_, other)) ++together_.meetings;
  }
  Together& together_;
  std::size_t me_;
  unsigned last_ = 0;
};

/// Of a result that differs from the first call's, which is the odd one? A third call decides, and
/// y becomes that of the odd one.
void keep_odd_one(softmark_fn run, Part& part, const std::vector<std::byte>& first) {
  const std::vector<std::byte> other = part.output.copy();
  part.output.clear();
  run(&part.args);
  part.output.set(part.output.equals(other) ? first : other);
}

void spin(unsigned times) {
  for (volatile unsigned k = times; k > 0;) k = k - 1;
}

/// Returns what the kernel returned. y is that of the first call that differs from the others.
int call_repeatedly(const wire::Call& call, softmark_fn run, Part& part, Together& together) {
  Meetings meetings(together, part.index);
  scribble_on_stack();
  // Processes one after another try none, one, two, four ... (every other number is a process).
  if (call.calls == 1 && part.index == 1) spin(kMostDelay >> getpid() % 19);
  const bool watches = call.alias == 0 && part.args.threads > 1;
  meetings.enter(1);
  int status = run(&part.args);
  if (watches) part.is_late = part.output.is_written_late();
  meetings.leave();
  if (call.calls < 2 || status != 0) return status;
  const bool known = !part.expected.empty();
  const std::vector<std::byte> first = known ? part.expected : part.output.copy();
  if (known && !part.output.equals(first)) together.differs = true;
  unsigned spins = kFewestSpins;
  for (int i = 1; together.meet ? together.goes_on() : i < call.calls; ++i) {
    part.output.clear();
    if (together.meet) spin(spins = spins * 5 % 1021);  // two callers drift past each other
    if (together.others && part.index == 1 && i % kOtherCallEvery == 0)
      together.others->call_next(part.args.cols);
    meetings.enter(static_cast<unsigned>(i) + 1);
    status = run(&part.args);
    if (watches && !part.is_late) part.is_late = part.output.is_written_late();
    meetings.leave();
    if (status == 0 && part.output.equals(first)) continue;
    together.differs = true;
    if (status == 0 && !known) keep_odd_one(run, part, first);
    break;
  }
  return status;
}

/// Both callers' threads are known to the kernel, with so many others' in between that what is
/// kept for 2, 4 ... 128 threads in turn is the same for both.
void keep_apart(softmark_fn run, Part& part, Together& together) {
  if (part.index == 0) {
    run(&part.args);
  } else {
    while (!together.first_is_known) sched_yield();
    for (int i = 1; i < kThreadsBetween; ++i)
      on_thread([run, same = part.args]() mutable { run(&same); });
  }
  part.output.clear();
  together.first_is_known = true;
}

void observe(const wire::Call& call, softmark_fn run, Part& part, Together& together) {
  const auto state = static_cast<State>(call.state);
  thread_local std::optional<Environment> last;  // after a call that changed nothing
  const Environment plain = Environment::now(last ? &*last : nullptr);
  Environment before = plain;
  if (state != State::plain) {
    enter(state);
    before = Environment::now(&plain);
  }
  const softmark_args given = part.args;
  if (call.before == static_cast<std::int32_t>(Before::threads) && together.meet)
    keep_apart(run, part, together);
  if (state == State::plain) feclearexcept(FE_ALL_EXCEPT);
  together.wait();
  part.reply.status = call_repeatedly(call, run, part, together);
  if (state == State::plain)
    part.reply.exceptions = static_cast<std::uint32_t>(fetestexcept(FE_ALL_EXCEPT));
  const Environment after = Environment::now();
  part.reply.changes = before.changes_to(after);
  if (std::memcmp(&given, &part.args, sizeof given) != 0) part.reply.changes |= wire::kArguments;
  if (part.is_late) part.reply.changes |= wire::kLateResult;
  last.reset();
  if (part.reply.changes == 0 && state == State::plain) last = after;
  plain.restore(part.reply.changes);
}

void merge(const std::vector<Part>& parts, wire::Reply& reply) {
  for (const Part& part : parts) {
    if (part.reply.status != 0) reply.status = part.reply.status;
    reply.exceptions |= part.reply.exceptions;
    reply.changes |= part.reply.changes;
  }
}

/// What the process is called for before, on this thread; the floating-point state is set back.
void prepare(const wire::Call& call, const softmark_kernel& kernel, const softmark_args& args,
             OtherCalls& others) {
  const auto before = static_cast<Before>(call.before);
  if (before == Before::any) return;
  const Environment plain = Environment::now();
  if (before == Before::others) {
    others.call_others(args.cols);
  } else if (before == Before::threads) {
    for (int i = 0; i < kThreadsBefore; ++i)
      on_thread([&kernel, same = args]() mutable { kernel.run(&same); });
  } else {
    enter(before == Before::upward ? State::upward : State::flushing);
    softmark_args same = args;
    kernel.run(&same);
  }
  if (before > Before::others) part_of(call, kernel, args, 0, args.rows).output.clear();
  plain.restore(plain.changes_to(Environment::now()));
}

/// Whether two callers take the rows by turns, so that the padding of one holds rows of the other:
/// where each input and output has a stride, and not all rows are packed ones, which a kernel may
/// insist on.
bool alternate(const softmark_kernel& kernel, const softmark_args& args) {
  const OpShape shape = shape_of(kernel.op);
  const std::size_t outputs = outputs_of(kernel.op, args.cols);
  return shape.output != OpShape::kScalar && !shape.takes_labels && !shape.takes_g_row &&
         (args.x_stride > args.cols || args.y_stride > outputs) &&
         std::max({args.x_stride, args.g_stride, args.y_stride}) <= kMostStride;
}

/// The rows of each caller. Where several make more than one call each, a call by itself comes
/// first, for what is expected.
std::vector<Part> parts_of(const wire::Call& call, const softmark_kernel& kernel,
                           const softmark_args& args) {
  const auto caller = static_cast<Caller>(call.caller);
  const std::size_t most = caller == Caller::crowd                                    ? kCrowd
                           : caller == Caller::concurrent || caller == Caller::region ? 2
                                                                                      : 1;
  const std::size_t callers = std::clamp<std::size_t>(args.rows, 1, most);
  const bool by_turns = caller == Caller::concurrent && callers == 2 && alternate(kernel, args);
  std::vector<Part> parts;
  for (std::size_t i = 0, first = 0; i < callers; ++i) {
    const std::size_t end = args.rows * (i + 1) / callers;
    Part& part =
        parts.emplace_back(by_turns ? part_of(call, kernel, args, i, (args.rows + 1 - i) / 2, 2)
                                    : part_of(call, kernel, args, first, end - first));
    part.index = i;
    first = end;
    if (callers == 1 || call.calls < 2 || kernel.run(&part.args) != 0) continue;
    part.expected = part.output.copy();
    part.output.clear();
  }
  return parts;
}

}  // namespace

void make_call(const wire::Call& call, const softmark_kernel& kernel, const softmark_args& args,
               OtherCalls& others, wire::Reply& reply) {
  const auto caller = static_cast<Caller>(call.caller);
  prepare(call, kernel, args, others);
  std::vector<Part> parts = parts_of(call, kernel, args);
  Together meeting;
  meeting.callers = static_cast<unsigned>(parts.size());
  meeting.meet = parts.size() == 2 && caller != Caller::crowd;
  meeting.enough = 2 * static_cast<unsigned>(call.calls);
  // In a region of fewer threads than callers, one follows the other.
  meeting.waits = caller != Caller::region;
  if (caller == Caller::concurrent) meeting.others = &others;
  std::vector<Work> works;
  for (Part& part : parts) works.emplace_back([&] { observe(call, kernel.run, part, meeting); });
  if (caller == Caller::main)
    works[0]();
  else if (caller == Caller::thread || caller == Caller::small_stack)
    on_thread(works[0], caller == Caller::small_stack ? kStack : 0);
  else if (caller == Caller::forked)
    in_fork(works[0], parts[0].reply);
  else if (caller == Caller::region)
    in_region(works);
  else
    on_threads(works);
  merge(parts, reply);
  reply.meetings = meeting.meetings;
}

}  // namespace softmark
