// SPDX-License-Identifier: Apache-2.0
#include "kernels/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/wire.h"

namespace softmark {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kCanary =
    512;  // bytes before and after each buffer that are filled and looked at
constexpr std::size_t kUnusedStride =
    98765;  // where an op has no stride: who uses it runs into the unmapped pages
constexpr std::chrono::seconds kLoading{
    60};  // for what is no part of a call: loading a library, starting Python
constexpr unsigned char kFill =
    0xff;  // a NaN in every type, so that an element never written is seen

/// One buffer of a call: rows of `width` elements, `stride` apart, placed in a segment.
struct Buffer {
  std::size_t element = 0, rows = 0, width = 0, stride = 0;
  std::size_t at = 0;  // byte offset in the segment

  std::size_t bytes() const {
    return rows == 0 || (width == 0 && stride == 0) ? 0 : ((rows - 1) * stride + width) * element;
  }
  std::size_t row_at(std::size_t r) const { return at + r * stride * element; }
};

std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

/// The three arrays of values and the labels of one case, placed.
struct Placement {
  Buffer buffer[wire::kSegments];
  bool used[wire::kSegments] = {};
  int y_segment = wire::kY;

  Placement(const Case& c, const Kernel& kernel) {
    const std::size_t element = bytes_of(kernel.dtype);
    const OpShape shape = shape_of(kernel.op);
    const std::size_t outputs = outputs_of(kernel.op, c.cols);
    buffer[wire::kX] = {element, c.rows, c.cols, c.cols + c.layout.x_padding, 0};
    used[wire::kX] = true;
    if (shape.takes_g) buffer[wire::kG] = {element, c.rows, c.cols, c.cols + c.layout.g_padding, 0};
    if (shape.takes_g_row) buffer[wire::kG] = {element, c.rows, 1, 1, 0};
    used[wire::kG] = shape.takes_g || shape.takes_g_row;
    if (shape.takes_labels) buffer[wire::kLabels] = {8, c.rows, 1, 1, 0};
    used[wire::kLabels] = shape.takes_labels;
    const bool scalar = shape.output == OpShape::kScalar;
    buffer[wire::kY] = {element, c.rows, outputs, scalar ? 1 : outputs + c.layout.y_padding, 0};
    used[wire::kY] = true;
    if (c.layout.alias != Alias::none) {
      y_segment = c.layout.alias == Alias::y_is_x ? wire::kX : wire::kG;
      buffer[wire::kY] = buffer[y_segment];
    }
  }

  std::size_t segment_bytes() const {
    std::size_t most = 0;
    for (const Buffer& b : buffer) most = std::max(most, b.bytes());
    return round_up(most + 2 * kCanary, kPage);
  }

  void place(const Layout& layout, std::size_t segment) {
    for (int s = 0; s < wire::kSegments; ++s) {
      Buffer& b = buffer[s];
      const std::size_t offset = s == wire::kY ? layout.y_offset : layout.offset;
      b.at = layout.at_start ? round_up(offset, std::max<std::size_t>(b.element, 1))
                             : segment - b.bytes();
    }
    if (layout.alias != Alias::none) buffer[wire::kY].at = buffer[y_segment].at;
  }
};

/// Calls visit(offset, bytes) for everything near a buffer that is not one of its rows.
template <class Visit>
void visit_outside(const Buffer& b, std::size_t segment, Visit visit) {
  const std::size_t begin = b.at - std::min(b.at, kCanary);
  std::size_t from = begin;
  for (std::size_t r = 0; r < b.rows; ++r) {
    if (b.row_at(r) > from) visit(from, b.row_at(r) - from);
    from = b.row_at(r) + b.width * b.element;
  }
  const std::size_t end = std::min(segment, std::max(from, b.at) + kCanary);
  if (end > from) visit(from, end - from);
}

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
                                           "the process's children (it left one behind)"};
  std::string text;
  for (unsigned bit = 0; bit < std::size(kNames); ++bit)
    if (changes >> bit & 1) text += (text.empty() ? "" : ", ") + std::string(kNames[bit]);
  return text;
}

void close_if_open(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

Worker::Worker(const Kernel& kernel, double timeout_seconds)
    : kernel_(kernel), timeout_(timeout_seconds) {
  static const bool ignored =
      (signal(SIGPIPE, SIG_IGN), true);  // a dead child is told by write's EPIPE
  (void)ignored;
  number_ = (static_cast<std::uint64_t>(std::random_device{}()) << 32) |
            static_cast<std::uint32_t>(getpid());  // not to be guessed
}

Worker::~Worker() { stop(); }

void Worker::start() {
  int calls[2], replies[2];
  if (pipe2(calls, O_CLOEXEC) != 0 || pipe2(replies, O_CLOEXEC) != 0)
    throw Error(kNotMeasurable,
                std::string("cannot start a child process: pipe: ") + std::strerror(errno));
  memory_ = memfd_create("softmark-rows", MFD_CLOEXEC);
  segment_bytes_ = 0;
  child_ = Child({"child-worker", kernel_.library, std::to_string(kernel_.index)},
                 {calls[0], replies[1], memory_});
  close(calls[0]);
  close(replies[1]);
  calls_ = calls[1];
  replies_ = replies[0];
  char byte;
  loaded_ = child_.wait_readable(replies_, std::chrono::steady_clock::now() + kLoading) &&
            read(replies_, &byte, 1) == 1;
  fcntl(calls_, F_SETFL, O_NONBLOCK);
  fcntl(replies_, F_SETFL, O_NONBLOCK);
  alive_ = true;
}

void Worker::stop() {
  if (base_) munmap(base_, wire::kSegments * segment_bytes_);
  base_ = nullptr;
  close_if_open(calls_);
  close_if_open(replies_);
  close_if_open(memory_);
  child_ = Child();
  alive_ = false;
}

void Worker::reserve(std::size_t segment_bytes) {
  if (segment_bytes <= segment_bytes_) return;
  if (base_) munmap(base_, wire::kSegments * segment_bytes_);
  base_ = nullptr;
  segment_bytes_ = std::max(round_up(segment_bytes, kPage), std::size_t{1} << 16);
  const std::size_t total = wire::kSegments * segment_bytes_;
  void* mapped = ftruncate(memory_, static_cast<off_t>(total)) == 0
                     ? mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_SHARED, memory_, 0)
                     : MAP_FAILED;
  if (mapped == MAP_FAILED)
    throw Error(kNotMeasurable,
                "not enough memory for a case of " + std::to_string(total >> 20) + " MiB");
  base_ = static_cast<std::byte*>(mapped);
}

std::string Worker::send_and_wait(wire::Call& call, wire::Reply& reply, CallResult::Kind& kind) {
  const auto deadline = std::chrono::steady_clock::now() +
                        std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                            std::chrono::duration<double>(timeout_));
  call.number = ++number_;
  // Both pipes are non-blocking and at rest between calls: whatever is there besides one whole
  // reply is not the child's.
  const bool sent =
      loaded_ && write(calls_, &call, sizeof call) == static_cast<ssize_t>(sizeof call);
  const bool answered = sent && child_.wait_readable(replies_, deadline);
  char more;
  if (answered && read(replies_, &reply, sizeof reply) == static_cast<ssize_t>(sizeof reply) &&
      reply.number == call.number && read(replies_, &more, 1) < 0) {
    kind = CallResult::done;
    return "";
  }
  // A child that closed its pipe is about to end: give it a moment to say how.
  const auto grace = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (!child_.ended() && std::chrono::steady_clock::now() < std::min(grace, deadline))
    usleep(1000);
  const bool ended = child_.ended();
  const std::string noise = child_.noise();
  kind = ended || answered ? CallResult::crash : CallResult::timeout;
  std::string message =
      !loaded_             ? (ended ? child_.ending() : "no sign of life") + " while it was loaded"
      : !ended && answered ? "wrote to a descriptor that is not its own"
      : !ended ? "gave no answer within " + std::to_string(static_cast<int>(timeout_)) + " s"
      : child_.exit_code() == wire::kNoReply  ? "closed a descriptor that is not its own"
      : child_.exit_code() == wire::kNoMemory ? "left no memory for the next call's rows"
                                              : child_.ending() + " during the call";
  if (!noise.empty())
    message += "; it printed: " + noise.substr(0, noise.find('\n')).substr(0, 200);
  stop();
  return message;
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
    if (from[s]) std::memcpy(base_ + s * segment_bytes_, from[s], bytes[s]);
  }
  CallResult outcome;
  wire::Reply reply = {};
  outcome.message = send_and_wait(call, reply, outcome.kind);
  if (outcome.kind != CallResult::done) return outcome;
  std::memcpy(args.y, base_ + wire::kY * segment_bytes_, outputs);
  if (reply.status != 0) {
    outcome.kind = CallResult::unsupported;
    outcome.message = "returned " + std::to_string(reply.status);
  }
  return outcome;
}

CallResult Worker::run(const Case& c, bool closely) {
  if (!alive_) start();
  Placement placement(c, kernel_);
  reserve(placement.segment_bytes());
  placement.place(c.layout, segment_bytes_);

  wire::Call call = {};
  call.segment_bytes = segment_bytes_;
  call.rows = c.rows;
  call.cols = c.cols;
  call.alias = c.layout.alias == Alias::none ? 0 : placement.y_segment + 1;
  call.threads = c.layout.threads;
  call.closely = closely;
  const OpShape shape = shape_of(kernel_.op);
  const auto segment = [&](int s) { return base_ + static_cast<std::size_t>(s) * segment_bytes_; };
  for (int s = 0; s < wire::kSegments; ++s) {
    const Buffer& b = placement.buffer[s];
    call.at[s] = placement.used[s] ? static_cast<std::int64_t>(b.at) : -1;
    const bool unused =
        (s == wire::kY && shape.output == OpShape::kScalar) || (s == wire::kG && !shape.takes_g);
    call.stride[s] = unused ? kUnusedStride : b.stride;
    if (!placement.used[s] || (s == wire::kY && call.alias)) continue;
    visit_outside(b, segment_bytes_, [&](std::size_t at, std::size_t bytes) {
      std::memset(segment(s) + at, kFill, bytes);
    });
    for (std::size_t r = 0; r < b.rows; ++r) {
      std::byte* row = segment(s) + b.row_at(r);
      if (s == wire::kY) std::memset(row, kFill, b.width * b.element);
      if (s == wire::kLabels) std::memcpy(row, &c.labels[r], 8);
      if (s != wire::kX && s != wire::kG) continue;
      const double* values = (s == wire::kX ? c.x : c.g).data() + r * b.width;
      for (std::size_t i = 0; i < b.width; ++i) store(kernel_.dtype, row, i, values[i]);
      const std::size_t padding = r + 1 < b.rows ? b.stride - b.width : 0;
      for (std::size_t i = 0; i < padding; ++i)
        store(kernel_.dtype, row, b.width + i, c.layout.poison);
    }
  }
  // What must come back unchanged: everything outside y's rows, and the whole of each input that is
  // not y.
  std::vector<std::byte> before[wire::kSegments];
  std::size_t from[wire::kSegments];
  for (int s = 0; s < wire::kSegments; ++s) {
    const Buffer& b = placement.buffer[s];
    from[s] = b.at - std::min(b.at, kCanary);
    const std::size_t to = std::min(segment_bytes_, b.at + b.bytes() + kCanary);
    if (placement.used[s] && !(s == wire::kY && call.alias))
      before[s].assign(segment(s) + from[s], segment(s) + to);
  }

  CallResult outcome;
  wire::Reply reply = {};
  outcome.message = send_and_wait(call, reply, outcome.kind);
  if (outcome.kind != CallResult::done) return outcome;
  outcome.environment = name_changes(reply.changes);
  outcome.held = reply.held;
  outcome.exceptions = reply.exceptions;

  static constexpr const char* kSegmentNames[] = {"x", "g", "labels", "y"};
  for (int s = 0; s < wire::kSegments && outcome.memory.empty(); ++s) {
    if (before[s].empty()) continue;
    const Buffer& b = placement.buffer[s];
    const auto check = [&](std::size_t at, std::size_t bytes) {
      if (!outcome.memory.empty() ||
          std::memcmp(segment(s) + at, before[s].data() + (at - from[s]), bytes) == 0)
        return;
      std::size_t i = at;
      while (segment(s)[i] == before[s][i - from[s]]) ++i;
      const auto element = (static_cast<std::int64_t>(i) - static_cast<std::int64_t>(b.at)) /
                               static_cast<std::int64_t>(b.element) -
                           (i < b.at ? 1 : 0);
      outcome.memory = std::string(kSegmentNames[s]) + " was written at element " +
                       std::to_string(element) + " of its buffer (" + std::to_string(b.rows) +
                       " rows of " + std::to_string(b.width) + ", stride " +
                       std::to_string(b.stride) + ")";
    };
    const bool is_output = s == placement.y_segment;
    visit_outside(b, segment_bytes_, check);
    for (std::size_t r = 0; !is_output && r < b.rows; ++r) check(b.row_at(r), b.width * b.element);
  }
  if (reply.status != 0) {
    outcome.kind = CallResult::unsupported;
    outcome.message = "returned " + std::to_string(reply.status);
    return outcome;
  }
  const Buffer& y = placement.buffer[wire::kY];
  outcome.y.reserve(y.rows * y.width);
  for (std::size_t r = 0; r < y.rows; ++r)
    for (std::size_t i = 0; i < y.width; ++i)
      outcome.y.push_back(load(kernel_.dtype, segment(placement.y_segment) + y.row_at(r), i));
  return outcome;
}

}  // namespace softmark
