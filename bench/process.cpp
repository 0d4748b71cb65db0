// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <fmt/format.h>

#include <filesystem>

#include "kernels/registry.h"
#include "support/fork_server.h"
#include "support/json.h"
#include "support/role.h"
#include "support/strays.h"

namespace softmark::bench {
namespace {

ReplicateResult no_samples(const std::string& status, const std::string& message) {
  ReplicateResult result;
  result.status = status;
  result.message = message;
  return result;
}

constexpr std::string_view kCanBeCopied = "can be copied";

/// Not started() where its process cannot be copied.
ChildProcess load(const Replicate& replicate) {
  const auto deadline = deadline_after(kLoadingSeconds);
  ChildStart start;
  start.arguments = {"child-library"};
  start.ends_at_interrupt = true;
  ChildProcess child(start);
  std::string reply;
  const bool loaded =
      child.send(json_message(nlohmann::json(replicate)), deadline) &&
      child.receive(reply, kCanBeCopied.size(), deadline) == ChildProcess::Received::message &&
      reply == kCanBeCopied;
  return loaded ? std::move(child) : ChildProcess();
}

}  // namespace

LoadedLibraries::LoadedLibraries(int replicates)
    : replicates_(replicates > 0 && adopt_strays() ? static_cast<std::size_t>(replicates) : 0) {}

ChildProcess LoadedLibraries::copy(const Replicate& replicate, std::size_t which, int inputs_fd) {
  if (which >= replicates_ || replicate.library.empty()) return {};
  std::vector<std::optional<ChildProcess>>& loaded = loaded_[replicate.library];
  loaded.resize(replicates_);
  std::optional<ChildProcess>& one = loaded[which];
  if (!one) one = load(replicate);
  return one->started() ? one->copy({inputs_fd}, deadline_after(kLoadingSeconds)) : ChildProcess();
}

int library_main(Channel& parent) {
  std::string request;
  if (!parent.receive(request)) return kNotMeasurable;
  const auto replicate = json_of_message<nlohmann::json>(request).get<Replicate>();
  resolve_kernel(replicate.library, replicate.index);
  const auto threads = std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  const bool alone = own_children().empty() && threads == 1;
  if (!parent.send(alone ? kCanBeCopied : "") || !alone) return kPass;
  return serve_forks(parent) ? replicate_main(parent) : kPass;
}

ReplicateResult run_replicate(const Replicate& replicate, int inputs_fd, double timeout_seconds,
                              ChildProcess copy) {
  std::optional<ReplicateResult> result;
  const auto take = [&](const std::string& reply) {
    result = json_of_message<nlohmann::json>(reply).get<ReplicateResult>();
  };
  const std::string request = json_message(nlohmann::json(replicate));
  const ChildResult child =
      copy.started() ? run_child(std::move(copy), request, timeout_seconds, take)
                     : run_child("child-replicate", request, timeout_seconds, take, {inputs_fd});
  if (child.interrupted()) return no_samples("interrupted", child.ending);
  if (child.timed_out())
    return no_samples("timeout", fmt::format("no answer in {:.0f} s", timeout_seconds));
  const bool exited = child.exit_code >= 0 && child.end == ChildProcess::Received::ended;
  if (exited && result) return *result;
  if (!exited) return no_samples("crash", child.ending);
  const std::string printed = first_line(child.output);
  return no_samples(child.ok() ? "error" : "crash",
                    "ended with no answer: " + child.ending +
                        (printed.empty() ? "" : "; it printed: " + printed));
}

}  // namespace softmark::bench
