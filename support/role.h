// SPDX-License-Identifier: Apache-2.0
// This program as a child of itself: its first argument names a role, which users never see.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/channel.h"
#include "support/child.h"

namespace softmark {

struct ChildRole {
  std::string_view name;        // "child-verify"
  int (*run)(Channel& parent);  // returns the exit code
};

/// The exit code of the role that the first argument names; nothing where it names none, or where
/// no parent has opened the channel. The child
/// ends with its parent, and writes no core file.
std::optional<int> run_role(int argc, char** argv, std::span<const ChildRole> roles);

/// How a child ended.
struct ChildResult {
  ChildProcess::Received end = ChildProcess::Received::ended;  // anything but a message
  int exit_code = -1;                                          // -1: killed by a signal
  std::string ending;  // "exit code 0", "killed by SIGSEGV", "timed out after 60 s", "interrupted"
  std::string output;  // what it wrote to standard output and error, at most 64 KiB

  bool ok() const { return end == ChildProcess::Received::ended && exit_code == 0; }
  bool timed_out() const { return end == ChildProcess::Received::timed_out; }
  bool interrupted() const { return end == ChildProcess::Received::interrupted; }
};

/// Sends a child one request, and waits for its end, which an interrupt or `timeout_seconds` brings
/// about too. Each reply goes to `take` as it comes.
ChildResult run_child(ChildProcess child, std::string_view request, double timeout_seconds,
                      const std::function<void(const std::string&)>& take);

/// The same of this program in `role`. `descriptors` are the child's 4, 5, ...
ChildResult run_child(const std::string& role, std::string_view request, double timeout_seconds,
                      const std::function<void(const std::string&)>& take,
                      const std::vector<int>& descriptors = {});

}  // namespace softmark
