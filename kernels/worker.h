// SPDX-License-Identifier: Apache-2.0
// Runs one kernel in a child process and tells what came of each call: outputs, or a crash, a hang,
// memory or environment touched that must not be. The parent holds the inputs and judges; it never
// runs the kernel.
#pragma once

#include <string>
#include <vector>

#include "kernels/case.h"
#include "kernels/registry.h"
#include "kernels/wire.h"
#include "support/process.h"

namespace softmark {

struct CallResult {
  enum Kind { done, unsupported, crash, timeout, error } kind = error;
  std::string message;    // how it ended: "killed by SIGSEGV"; what run returned
  std::vector<double> y;  // [rows * outputs], where done
  std::string memory;  // what was written outside y's rows or changed in an input; empty if nothing
  std::string environment;  // what was left changed; empty if nothing
  std::uint32_t exceptions =
      0;                 // floating-point exception flags that the call raised, FE_INVALID ...
  wire::Held held = {};  // what the child holds after the call, where it was watched closely
};

class Worker {
 public:
  /// `timeout_seconds` bounds one call. Loading the kernel's library, before the first, has a
  /// minute of its own.
  explicit Worker(const Kernel& kernel, double timeout_seconds = 10);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// `closely` looks at handlers, descriptors, children, threads and memory too.
  CallResult run(const Case& c, bool closely = false);
  /// The bulk path: copies the arrays to and fro as they are and judges nothing but how the call
  /// ended; y is not filled. Contiguous rows, out of place.
  CallResult run(const softmark_args& args);
  const Kernel& kernel() const { return kernel_; }

 private:
  void start();
  void stop();
  void reserve(std::size_t segment_bytes);
  std::string send_and_wait(wire::Call& call, wire::Reply& reply, CallResult::Kind& kind);

  Kernel kernel_;
  double timeout_;
  Child child_;
  bool alive_ = false, loaded_ = false;
  std::uint64_t number_;  // of the last call
  int calls_ = -1, replies_ = -1, memory_ = -1;
  std::byte* base_ = nullptr;
  std::size_t segment_bytes_ = 0;
};

/// The child's main loop (hidden verb "child-worker LIBRARY INDEX"); LIBRARY "" is a built-in.
int worker_main(const std::string& library, std::size_t index);

}  // namespace softmark
