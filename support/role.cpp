// SPDX-License-Identifier: Apache-2.0
#include "support/role.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdio>
#include <exception>

#include "support/error.h"

namespace softmark {
namespace {

using Received = ChildProcess::Received;

std::string ending_of(const ChildProcess& child, Received end, double timeout_seconds) {
  switch (end) {
    case Received::interrupted:
      return "interrupted";
    case Received::timed_out:
      return "timed out after " + std::to_string(static_cast<int>(timeout_seconds)) + " s";
    case Received::foreign:
      return "wrote to a descriptor that is not its own";
    default:
      return child.ending();
  }
}

}  // namespace

std::optional<int> run_role(int argc, char** argv, std::span<const ChildRole> roles) {
  struct stat channel {};
  // Typed by hand, a role has no parent to answer.
  if (fstat(Channel::kDescriptor, &channel) != 0 || !S_ISSOCK(channel.st_mode)) return std::nullopt;
  for (const ChildRole& role : roles) {
    if (argc != 2 || role.name != argv[1]) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    fcntl(Channel::kDescriptor, F_SETFD, FD_CLOEXEC);  // no program that a kernel starts gets it
    Channel parent;
    try {
      return role.run(parent);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      return kNotMeasurable;
    }
  }
  return std::nullopt;
}

ChildResult run_child(ChildProcess child, std::string_view request, double timeout_seconds,
                      const std::function<void(const std::string&)>& take) {
  const auto deadline = deadline_after(timeout_seconds);
  child.send(request, deadline);  // where it cannot be sent, receive says why
  ChildResult result;
  std::string reply;
  while ((result.end = child.receive(reply, Channel::kMostBytes, deadline)) == Received::message)
    take(reply);
  child.kill();
  result.exit_code = child.exit_code();
  result.ending = ending_of(child, result.end, timeout_seconds);
  result.output = child.output();
  return result;
}

ChildResult run_child(const std::string& role, std::string_view request, double timeout_seconds,
                      const std::function<void(const std::string&)>& take,
                      const std::vector<int>& descriptors) {
  ChildStart start;
  start.arguments = {role};
  start.descriptors = descriptors;
  start.ends_at_interrupt = true;
  return run_child(ChildProcess(start), request, timeout_seconds, take);
}

}  // namespace softmark
