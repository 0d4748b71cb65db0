// SPDX-License-Identifier: Apache-2.0
// Runs one kernel in a child process and reports what came of each call: outputs, or a crash, a
// hang, memory or environment that it changed and must not. The parent holds the inputs and never
// runs the kernel.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/case.h"
#include "kernels/registry.h"
#include "kernels/wire.h"
#include "support/child.h"

namespace softmark {

struct CallResult {
  enum Kind { done, unsupported, crash, timeout, error } kind = error;
  std::string message;    // how it ended: "killed by SIGSEGV"; what run returned
  std::vector<double> y;  // [rows * outputs], where done
  std::string memory;  // what was written outside y's rows or changed in an input; empty if nothing
  std::string environment;  // what was left changed; empty if nothing
  std::uint32_t exceptions =
      0;                  // floating-point exception flags that the call raised, FE_INVALID ...
  wire::Held held = {};   // what the child holds after the call, where it was watched closely
  unsigned meetings = 0;  // of two callers: how often a call of one overlapped one of the other's
};

class Worker {
 public:
  /// `timeout_seconds` bounds one call. Loading the kernel's library, before the first, has a
  /// minute of its own.
  explicit Worker(const Kernel& kernel, double timeout_seconds = 10);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// `closely`: 1 compares handlers, descriptors, children, threads and memory too; 2 counts maps.
  CallResult run(const Case& c, int closely = 0);
  /// Whether the call may be one of several in one exchange with the child: it is a small one, and
  /// in no process of its own, made few times.
  bool takes_slot(const Case& c) const;
  /// Makes calls of which each takes a slot, at most wire::kSlots, one after the other; each has
  /// arrays of its own. Nothing where the child did not answer: what ended it, a call alone says.
  std::vector<CallResult> run_all(std::span<const Case* const> cases, int closely = 0);
  /// The bulk path: copies the arrays to and fro as they are and reports only how the call ended; y
  /// is not filled. Contiguous rows, out of place.
  CallResult run(const softmark_args& args);
  /// Ends the child: the next call runs in a fresh one.
  void end() { stop(); }
  const Kernel& kernel() const { return kernel_; }
  /// The CPU time of the child that runs now.
  double cpu_seconds() const { return alive_ ? child_.cpu_seconds() : 0; }

 private:
  ChildProcess load(int thread_limit, bool origin);
  void start(int thread_limit = 0);
  void end_child();
  void stop();
  void reserve(std::size_t segment_bytes);
  std::size_t mapped_bytes() const;
  void unmap();
  std::byte* at_slot(std::size_t slot) const { return base_ + wire::at_slot(slot); }
  void start_for(const Layout& layout);
  bool exchange(std::span<const wire::Call> calls, std::span<CallResult> results);
  CallResult result_of(const wire::Reply& reply);
  std::string failure(bool wrote, ChildProcess::Clock::time_point deadline, CallResult::Kind& kind);

  Kernel kernel_;
  double timeout_;
  ChildProcess origin_;  // has loaded the library, and makes copies of itself; where it can
  ChildProcess child_;
  bool alive_ = false, loaded_ = false;
  int memory_ = -1;
  std::byte* base_ = nullptr;
  std::size_t segment_bytes_ = 0;
  std::vector<std::byte> filled_[wire::kSlots + 1];  // before a call, for Snapshot
  int thread_limit_ = 0;                             // of the child that runs
  wire::Loaded load_ = {};
  bool load_is_told_ = true;
};

/// The child's main loop (role "child-worker"): its messages stand in kernels/wire.h.
int worker_main(Channel& parent);

}  // namespace softmark
