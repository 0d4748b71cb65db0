// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "kernels/names.h"
#include "support/process.h"

namespace softmark::bench {
namespace {

using std::chrono::steady_clock;

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw Error(kNotMeasurable, fmt::format("no pipe: {}", std::strerror(errno)));
    read_end = ends[0], write_end = ends[1];
  }
  ~Pipe() { close_read(), close_write(); }
  void close_read() {
    if (read_end >= 0) close(read_end);
    read_end = -1;
  }
  void close_write() {
    if (write_end >= 0) close(write_end);
    write_end = -1;
  }
};

ReplicateResult no_samples(const std::string& status, const std::string& message) {
  ReplicateResult result;
  result.status = status;
  result.message = message;
  return result;
}

/// Reads until the child has closed its end, has ended, or the deadline has passed. An answer is
/// one line.
std::string gather(Child& child, int fd, steady_clock::time_point deadline) {
  std::string text;
  char buffer[4096];
  while (!interrupted() && steady_clock::now() < deadline &&
         (text.empty() || text.back() != '\n')) {
    const auto slice = std::min(deadline, steady_clock::now() + std::chrono::milliseconds(100));
    if (!child.wait_readable(fd, slice)) {
      if (child.ended()) break;
      continue;
    }
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

ReplicateResult result_of(Child& child, const std::string& text, steady_clock::time_point deadline,
                          double timeout_seconds) {
  while (!child.ended() && !interrupted() && steady_clock::now() < deadline) usleep(200);
  if (interrupted()) return no_samples("interrupted", "interrupted");
  if (!child.ended()) {
    child.kill();
    return no_samples("timeout", fmt::format("no answer in {:.0f} s", timeout_seconds));
  }
  if (child.signal() != 0) return no_samples("crash", child.ending());
  try {
    return result_from_json(Json::parse(text));
  } catch (const Json::exception&) {
    const std::string noise = child.noise();
    return no_samples(
        child.exit_code() == 0 ? "error" : "crash",
        "ended with no answer: " + child.ending() +
            (noise.empty() ? "" : "; it printed: " + noise.substr(0, noise.find('\n'))));
  }
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
  Pipe request, answer;
  const std::string text = to_json(replicate).dump();
  if (write(request.write_end, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw Error(kNotMeasurable, "a request did not fit its pipe");
  request.close_write();
  const auto deadline = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                                  std::chrono::duration<double>(timeout_seconds));
  Child child({"child-replicate"}, {request.read_end, answer.write_end, inputs_fd});
  answer.close_write();
  const std::string said = gather(child, answer.read_end, deadline);
  return result_of(child, said, deadline, timeout_seconds);
}

}  // namespace softmark::bench
