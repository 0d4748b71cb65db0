// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <fmt/format.h>

#include "kernels/names.h"
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

Json to_json(const Replicate& replicate) {
  return {{"library", replicate.library},
          {"index", replicate.index},
          {"ceiling", replicate.ceiling
                          ? Json(kCeilingNames[static_cast<std::size_t>(*replicate.ceiling)])
                          : Json(nullptr)},
          {"most_seconds", number(replicate.most_seconds)},
          {"op", name(replicate.op)},
          {"dtype", name(replicate.dtype)},
          {"rows", replicate.rows},
          {"cols", replicate.cols},
          {"threads", replicate.threads},
          {"cpu", replicate.cpu},
          {"pool_bytes", replicate.pool_bytes},
          {"in_place", replicate.in_place},
          {"min_time", number(replicate.min_time)},
          {"samples", replicate.samples},
          {"flags", replicate.flags}};
}

Replicate replicate_from_json(const Json& json) {
  Replicate replicate;
  replicate.library = json.at("library");
  replicate.index = json.at("index");
  if (json.at("ceiling").is_string())
    replicate.ceiling =
        find_name<Ceiling>(kCeilingNames, json.at("ceiling").get<std::string>()).value();
  replicate.most_seconds = json.at("most_seconds");
  replicate.op = find_op(json.at("op").get<std::string>()).value();
  replicate.dtype = find_dtype(json.at("dtype").get<std::string>()).value();
  replicate.rows = json.at("rows");
  replicate.cols = json.at("cols");
  replicate.threads = json.at("threads");
  replicate.cpu = json.at("cpu");
  replicate.pool_bytes = json.at("pool_bytes");
  replicate.in_place = json.at("in_place");
  replicate.min_time = json.at("min_time");
  replicate.samples = json.at("samples");
  replicate.flags = json.at("flags").get<std::vector<std::string>>();
  return replicate;
}

Json to_json(const ReplicateResult& result) {
  Json samples = Json::array();
  for (double value : result.nanoseconds) samples.push_back(number(value));
  return {{"status", result.status},
          {"message", result.message},
          {"nanoseconds", samples},
          {"pinned", result.pinned},
          {"cycles_per_nanosecond", number(result.cycles_per_nanosecond)},
          {"clock", result.clock}};
}

ReplicateResult result_from_json(const Json& json) {
  return {json.at("status"),
          json.at("message"),
          json.at("nanoseconds").get<std::vector<double>>(),
          json.at("pinned"),
          json.at("cycles_per_nanosecond"),
          json.at("clock")};
}

ReplicateResult run_replicate(const Replicate& replicate, int inputs_fd, double timeout_seconds) {
  std::optional<ReplicateResult> result;
  const ChildResult child =
      run_child("child-replicate", to_json(replicate).dump(), timeout_seconds,
                [&](const std::string& reply) { result = result_from_json(Json::parse(reply)); },
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
