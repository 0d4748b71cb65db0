// SPDX-License-Identifier: Apache-2.0
#include "kernels/worker.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include "kernels/names.h"
#include "kernels/placement.h"
#include "support/channel.h"
#include "support/error.h"

namespace softmark {
namespace {

using Received = ChildProcess::Received;

constexpr std::size_t kMostKept = std::size_t{1}
                                  << 30;  // bytes of a segment, for a call that needs fewer
constexpr std::size_t kMostGrown = std::size_t{1}
                                   << 26;  // bytes of a segment, beyond what is asked
constexpr int kFewCalls = 100;             // of a case, that others wait for
constexpr double kGraceSeconds = 0.2;      // for a child that is about to end, to learn how

std::string name_changes(std::uint32_t changes) {
  static constexpr const char* kNames[] = {"the rounding mode",
                                           "flush-to-zero or denormals-are-zero",
                                           "the floating-point trap mask",
                                           "the x87 control word",
                                           "the signal mask",
                                           "the working directory",
                                           "standard output or error (it printed)",
                                           "a signal's handler",
                                           "a descriptor (it closed one)",
                                           "the process's children (it left one behind)",
                                           "a descriptor (it left one open)",
                                           "the locale",
                                           "the umask",
                                           "the CPU affinity",
                                           "a timer",
                                           "the environment variables",
                                           "the direction flag or the x87 stack",
                                           "the arguments' structure",
                                           "its result after it had returned"};
  std::string text;
  for (unsigned bit = 0; bit < std::size(kNames); ++bit)
    if (changes >> bit & 1) text += (text.empty() ? "" : ", ") + std::string(kNames[bit]);
  return text;
}

}  // namespace

Worker::Worker(const Kernel& kernel, double timeout_seconds)
    : kernel_(kernel), timeout_(timeout_seconds) {}

Worker::~Worker() { stop(); }

/// A child that has loaded the kernel's library, or failed to (loaded_); `origin`: of which others
/// are to be copies.
ChildProcess Worker::load(int thread_limit, bool origin) {
  ChildStart start;
  start.arguments = {"child-worker"};
  start.descriptors = {memory_};
  // Memory that a kernel never set holds -391.5, not 0; threads that wait for work sleep
  // (kernels/peers/waiting.h).
  start.environment = {"MALLOC_PERTURB_=60", "SOFTMARK_WAITING_THREADS=sleep"};
  if (!std::getenv("OMP_WAIT_POLICY")) start.environment.emplace_back("OMP_WAIT_POLICY=passive");
  if (thread_limit > 0)
    start.environment.push_back(fmt::format("OMP_THREAD_LIMIT={}", thread_limit));
  ChildProcess child(start);
  const auto deadline = deadline_after(kLoadingSeconds);  // a library, or Python, starts
  const std::string request = fmt::format("{} {} {}", origin ? wire::kOrigin : wire::kAlone,
                                          kernel_.index, kernel_.library);
  std::string reply;
  loaded_ = child.send(request, deadline) &&
            child.receive(reply, sizeof(wire::Loaded), deadline) == Received::message &&
            parse_message(reply, load_);
  return child;
}

void Worker::start(int thread_limit) {
  if (memory_ < 0) {
    memory_ = memfd_create("softmark-rows", MFD_CLOEXEC);
    segment_bytes_ = 0;
  }
  if (memory_ < 0)
    throw Error(kNotMeasurable, std::string("no shared memory: ") + std::strerror(errno));
  if (thread_limit > 0 || !origin_.started()) {
    child_ = load(thread_limit, thread_limit == 0);
    if (loaded_ && load_.is_origin) origin_ = std::move(child_);
  }
  if (thread_limit == 0 && origin_.started()) {
    child_ = origin_.copy({memory_}, deadline_after(kLoadingSeconds));
    loaded_ = child_.started();
    if (!loaded_) child_ = std::exchange(origin_, ChildProcess());
  }
  load_is_told_ = false;
  alive_ = true;
  thread_limit_ = thread_limit;
}

/// The memory stays for the next child, with the pages that it has.
void Worker::end_child() {
  child_ = ChildProcess();
  alive_ = false;
}

std::size_t Worker::mapped_bytes() const {
  return wire::at_slot(0) + wire::kSegments * segment_bytes_;
}

void Worker::unmap() {
  if (base_) munmap(base_, mapped_bytes());
  base_ = nullptr;
}

void Worker::stop() {
  unmap();
  end_child();
  if (memory_ >= 0) {
    // The origin may hold it open: its pages go now.
    [[maybe_unused]] const int truncated = ftruncate(memory_, 0);
    close(memory_);
  }
  memory_ = -1;
}

void Worker::reserve(std::size_t segment_bytes) {
  const bool shrinks = segment_bytes_ > kMostKept && segment_bytes <= kMostKept;
  if (segment_bytes <= segment_bytes_ && !shrinks) return;
  // Rows far apart touch a few pages of a large file; they are given back.
  if (shrinks && ftruncate(memory_, 0) != 0)
    throw Error(kNotMeasurable, std::string("shared memory: ") + std::strerror(errno));
  unmap();
  // Twice as many as the largest so far, since other places mean other pages.
  const std::size_t grown = shrinks ? 0 : std::min(2 * segment_bytes_, kMostGrown);
  segment_bytes_ = round_up(std::max({segment_bytes, grown, wire::kSmallSegment}), page_bytes());
  const std::size_t total = mapped_bytes();
  void* mapped = ftruncate(memory_, static_cast<off_t>(total)) == 0
                     ? mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_SHARED, memory_, 0)
                     : MAP_FAILED;
  if (mapped == MAP_FAILED)
    throw Error(kNotMeasurable,
                "not enough memory for a case of " + std::to_string(total >> 20) + " MiB");
  base_ = static_cast<std::byte*>(mapped);
}

/// A child for calls of this layout.
void Worker::start_for(const Layout& layout) {
  if (alive_ && (layout.fresh || layout.thread_limit != thread_limit_)) end_child();
  if (!alive_) start(layout.thread_limit);
}

namespace {

void add_what_placement_shows(const Placement& placement, const Snapshot& before,
                              CallResult& result) {
  if (result.kind == CallResult::done || result.kind == CallResult::unsupported)
    result.memory = before.change();
  if (result.kind == CallResult::done) result.y = placement.outputs();
}

}  // namespace

CallResult Worker::run(const Case& c, int closely) {
  start_for(c.layout);
  Placement placement(c, kernel_);
  reserve(placement.segment_bytes());
  placement.place(at_slot(0), segment_bytes_);
  placement.fill();
  const Snapshot before(placement, filled_[0]);
  const wire::Call call = placement.call(closely, 0);
  CallResult result;
  exchange({&call, 1}, {&result, 1});
  add_what_placement_shows(placement, before, result);
  return result;
}

bool Worker::takes_slot(const Case& c) const {
  return !c.layout.fresh && c.layout.thread_limit == 0 && c.layout.calls <= kFewCalls &&
         Placement(c, kernel_).segment_bytes() <= wire::kSmallSegment;
}

std::vector<CallResult> Worker::run_all(std::span<const Case* const> cases, int closely) {
  start_for({});
  reserve(1);
  std::vector<Placement> placements;
  std::vector<Snapshot> before;
  std::vector<wire::Call> calls;
  placements.reserve(cases.size());
  before.reserve(cases.size());
  for (const Case* c : cases) {
    const std::size_t slot = placements.size() + 1;
    Placement& placement = placements.emplace_back(*c, kernel_);
    placement.place(at_slot(slot), wire::kSmallSegment);
    placement.fill();
    before.emplace_back(placement, filled_[slot]);
    calls.push_back(placement.call(closely, slot));
  }
  std::vector<CallResult> results(cases.size());
  if (!exchange(calls, results)) return {};
  for (std::size_t i = 0; i < cases.size(); ++i)
    add_what_placement_shows(placements[i], before[i], results[i]);
  return results;
}

CallResult Worker::run(const softmark_args& args) {
  if (!alive_) start();
  const OpShape shape = shape_of(kernel_.op);
  const std::size_t element = bytes_of(kernel_.dtype), inputs = args.rows * args.cols * element;
  const std::size_t outputs = args.rows * outputs_of(kernel_.op, args.cols) * element;
  const void* from[] = {args.x, args.g, args.labels, nullptr};
  const std::size_t bytes[] = {inputs, shape.takes_g ? inputs : args.rows * element,
                               args.rows * sizeof(std::int64_t), outputs};
  reserve(std::max(inputs, std::max(outputs, bytes[wire::kLabels])));
  wire::Call call = {};
  call.segment_bytes = segment_bytes_;
  call.rows = args.rows;
  call.cols = args.cols;
  call.threads = args.threads;
  call.stride[wire::kX] = args.x_stride;
  call.stride[wire::kG] = args.g_stride;
  call.stride[wire::kY] = args.y_stride;
  for (int s = 0; s < wire::kSegments; ++s) {
    call.at[s] = s == wire::kY || from[s] ? 0 : -1;
    if (from[s]) std::memcpy(at_slot(0) + s * segment_bytes_, from[s], bytes[s]);
  }
  CallResult result;
  exchange({&call, 1}, {&result, 1});
  if (result.kind == CallResult::done || result.kind == CallResult::unsupported)
    std::memcpy(args.y, at_slot(0) + wire::kY * segment_bytes_, outputs);
  return result;
}

/// False where the child did not answer; the first result then says why.
bool Worker::exchange(std::span<const wire::Call> calls, std::span<CallResult> results) {
  const auto deadline = deadline_after(timeout_);
  std::string message;
  wire::Reply replies[wire::kSlots] = {};
  const bool sent = loaded_ && child_.send(message_of(calls), deadline);
  const Received received =
      sent ? child_.receive(message, calls.size() * sizeof(wire::Reply), deadline)
           : Received::ended;
  // The channel is at rest between calls: whatever came besides whole replies was written by the
  // kernel.
  if (received != Received::message ||
      parse_messages<wire::Reply>(message, replies) != calls.size() || child_.has_unread()) {
    const bool wrote = received == Received::message || received == Received::foreign;
    results[0].message = failure(wrote, deadline, results[0].kind);
    stop();
    return false;
  }
  for (std::size_t i = 0; i < calls.size(); ++i) results[i] = result_of(replies[i]);
  return true;
}

CallResult Worker::result_of(const wire::Reply& reply) {
  CallResult result;
  result.kind = reply.status == 0 ? CallResult::done : CallResult::unsupported;
  if (reply.status != 0) result.message = "returned " + std::to_string(reply.status);
  result.environment = name_changes(reply.changes);
  if (!std::exchange(load_is_told_, true) && load_.changes != 0 && result.environment.empty())
    result.environment = name_changes(load_.changes) + " (when its library was loaded)";
  result.held = reply.held;
  result.exceptions = reply.exceptions;
  result.meetings = reply.meetings;
  return result;
}

/// Why no reply to a call came; `wrote`: something else did.
std::string Worker::failure(bool wrote, ChildProcess::Clock::time_point deadline,
                            CallResult::Kind& kind) {
  const bool ended = child_.wait_end(std::min(deadline, deadline_after(kGraceSeconds)));
  kind = ended || wrote ? CallResult::crash : CallResult::timeout;
  std::string message =
      !loaded_          ? (ended ? child_.ending() : "no answer") + " while it was loaded"
      : !ended && wrote ? "wrote to a descriptor that is not its own"
      : !ended ? "gave no answer within " + std::to_string(static_cast<int>(timeout_)) + " s"
      : child_.exit_code() == wire::kNoReply  ? "closed a descriptor that is not its own"
      : child_.exit_code() == wire::kNoMemory ? "left no memory for the next call's rows"
                                              : child_.ending() + " during the call";
  const std::string printed = first_line(child_.output());
  if (!printed.empty()) message += "; it printed: " + printed;
  return message;
}

}  // namespace softmark
