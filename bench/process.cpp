// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

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
    return nlohmann::json::parse(text).get<ReplicateResult>();
  } catch (const Json::exception&) {
    const std::string noise = child.noise();
    return no_samples(
        child.exit_code() == 0 ? "error" : "crash",
        "ended with no answer: " + child.ending() +
            (noise.empty() ? "" : "; it printed: " + noise.substr(0, noise.find('\n'))));
  }
}

}  // namespace

ReplicateResult run_replicate(const Replicate& replicate, int inputs_fd, double timeout_seconds) {
  Pipe request, answer;
  const std::string text = nlohmann::json(replicate).dump();
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
