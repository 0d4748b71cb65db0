// SPDX-License-Identifier: Apache-2.0
// Messages between the processes of a job, as MPI carries them. softmark_mpi.so (support/mpi.cpp)
// implements it; nothing else includes MPI, and no process but a rank of a job loads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace softmark {

struct Incoming {
  int from, tag;
  std::string bytes;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual std::string host() const = 0;
  /// The bytes of every rank, by rank. All must call it, with as many bytes.
  virtual std::vector<std::string> gather(std::string_view bytes) = 0;
  virtual void send(int to, int tag, std::string_view bytes) = 0;
  /// A message that has come; never waits for one.
  virtual std::optional<Incoming> poll() = 0;
  /// All ranks are done.
  virtual void finish() = 0;
  /// Ends every rank of the job.
  [[noreturn]] virtual void abort(int exit_code) = 0;
};

/// What softmark_mpi.so exports: joins the job, once in a process.
inline constexpr const char* kJoinSymbol = "softmark_join_job";
using JoinJob = Transport* (*)();

}  // namespace softmark
