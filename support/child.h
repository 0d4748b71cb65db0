// SPDX-License-Identifier: Apache-2.0
// A child process and the channel to it: this program started afresh (support/role.h), or another.
// Kernels run in children alone: a parent that has run OpenMP and then forks can deadlock its
// child, and a plugin's code may do anything.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace softmark {

struct ChildStart {
  std::string program;  // a path, or a name for PATH to find; empty: this program
  std::vector<std::string> arguments;
  std::vector<int> descriptors;          // 4, 5, ... in the child, after Channel::kDescriptor
  std::vector<std::string> environment;  // "NAME=value", besides this process's
  bool shares_output = false;      // prints where this process does; else its output is captured
  bool shares_group = false;       // stays in this process's group; else it leads one of its own
  bool ends_at_interrupt = false;  // receive returns at an interrupt (support/interrupts.h)
};

/// Starts a child and kills it, its group included, when the object goes. Its standard input is
/// /dev/null. Throws Error where it cannot be started.
class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Received {
    message,
    foreign,  // bytes that are no reply to the message sent last: something else was written
    ended,    // the child has ended and there is nothing more to read
    timed_out,
    interrupted,
  };

  ChildProcess() = default;
  explicit ChildProcess(const ChildStart& start);
  ~ChildProcess();
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;

  /// A copy of this child, which serves forks (support/fork_server.h), with a channel and an output
  /// of its own and with these descriptors in place of those that this one was given. Not started()
  /// where this child has ended or makes none by the deadline.
  ChildProcess copy(const std::vector<int>& descriptors, Clock::time_point deadline);
  bool started() const { return pid_ > 0; }

  /// Sends a message under a new number; reads what comes meanwhile, so that two long messages
  /// cannot block each other. False where the child does not take it: receive then says why.
  bool send(std::string_view message, Clock::time_point deadline);
  /// The next reply to the message sent last. One of more than `most_bytes` is foreign. Watches the
  /// process, never end-of-file alone: a stray grandchild may hold the channel open.
  Received receive(std::string& message, std::size_t most_bytes, Clock::time_point deadline);
  /// Whether more has come than was received: after the only reply, that is foreign too.
  bool has_unread() const { return !unread_.empty(); }

  /// The CPU time that it has used; 0 where there is none.
  double cpu_seconds() const;

  /// Whether the child has ended; never blocks.
  bool ended();
  /// Waits for the end; false where it has not come by the deadline.
  bool wait_end(Clock::time_point deadline);
  /// Kills the child, its group included, and reaps it.
  void kill();

  /// After the end: "killed by SIGSEGV", "exit code 3"; "running" before.
  std::string ending() const;
  int exit_code() const;  // -1 while running or when killed by a signal
  int signal() const;     // 0 unless killed by one
  /// What it wrote to standard output and error, at most 64 KiB; empty where those are shared.
  std::string output() const;

 private:
  Received wait(short events, Clock::time_point deadline);
  bool read_more();

  pid_t pid_ = -1;
  int pidfd_ = -1, channel_ = -1, output_ = -1, status_ = -1;
  bool shares_group_ = false, ends_at_interrupt_ = false;
  bool closed_ = false;       // the child's end of the channel
  std::uint64_t number_ = 0;  // of the message sent last
  std::string unread_;
};

ChildProcess::Clock::time_point deadline_after(double seconds);

/// The first line of what a child printed, at most 200 characters, for a message.
std::string first_line(const std::string& output);

}  // namespace softmark
