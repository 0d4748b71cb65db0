// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <fmt/format.h>

#include "support/json.h"
#include "support/role.h"

namespace softmark::bench {
namespace {

ReplicateResult no_samples(const std::string& status, const std::string& message) {
  ReplicateResult result;
  result.status = status;
  result.message = message;
  return result;
}

}  // namespace

ReplicateResult run_replicate(const Replicate& replicate, int inputs_fd, double timeout_seconds) {
  std::optional<ReplicateResult> result;
  const ChildResult child =
      run_child("child-replicate", json_message(nlohmann::json(replicate)), timeout_seconds,
                [&](const std::string& reply) {
                  result = json_of_message<nlohmann::json>(reply).get<ReplicateResult>();
                },
                {inputs_fd});
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
