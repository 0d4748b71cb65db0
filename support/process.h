// SPDX-License-Identifier: Apache-2.0
// Children: this same program started afresh with a hidden verb. Kernels only ever run there, never
// in the parent (a parent that has run OpenMP and then forks can deadlock its child; a stranger's
// code may do anything).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace softmark {

/// One child. Descriptors 3 and up are those of `fds` in order; standard input is /dev/null,
/// standard output and error go to `noise` (a memory file) so that a noisy kernel can be told and
/// can spoil nothing. It leads a process group of its own, which is killed whole when the object
/// goes, stray grandchildren included.
class Child {
 public:
  Child() = default;
  Child(const std::vector<std::string>& arguments, const std::vector<int>& fds);
  ~Child();
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;

  /// Waits until `fd` is readable (true), or the child has ended or the deadline has passed
  /// (false). Watches the process itself, never end-of-file alone: a stray grandchild may hold a
  /// pipe open.
  bool wait_readable(int fd, std::chrono::steady_clock::time_point deadline);
  /// Whether the child has ended; never blocks.
  bool ended();
  /// Kills the group and reaps the child.
  void kill();
  /// After the end: "killed by SIGSEGV", "exit code 3"; "running" before.
  std::string ending() const;
  int exit_code() const;      // -1 while running or when killed by a signal
  int signal() const;         // 0 unless killed by one
  std::string noise() const;  // what it wrote to standard output and error, at most 64 KiB
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1, noise_ = -1, status_ = -1;
};

/// From now on what a kernel's process leaves running becomes a child of this one, wherever it put
/// itself (setsid, daemon).
void adopt_strays();
/// This process's children, alive or not waited for.
std::vector<pid_t> own_children();
/// Kills and reaps every child of this process that is left. Call it only where all of them are
/// strays.
void kill_strays();

struct Answer {
  bool ok = false;  // ended with exit code 0 within the time
  bool timed_out = false;
  bool interrupted = false;
  std::string output;  // what it wrote to descriptor 4
  std::string ending;  // "exit code 0", "killed by SIGSEGV", "timed out after 60 s"
  std::string noise;
};
/// From now on Ctrl-C and SIGTERM no longer end the program: they end waiting children, and
/// interrupted() tells, so that what is known is still written. A second one ends the program at
/// once.
void watch_interrupts();
bool interrupted();

/// Runs this program with `arguments`, `input` readable on descriptor 3, and gathers what it writes
/// to descriptor 4.
Answer ask_child(const std::vector<std::string>& arguments, const std::string& input,
                 double timeout_seconds);

}  // namespace softmark
