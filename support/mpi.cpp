// SPDX-License-Identifier: Apache-2.0
// The only source that includes MPI: a library of its own, so that a program and the children that
// it starts load MPI under mpirun alone.
#define OMPI_SKIP_MPICXX
#define MPICH_SKIP_MPICXX
#include <mpi.h>

#include <cstdlib>

#include "support/transport.h"

namespace softmark {
namespace {

/// Ranks of one machine need no network; Open MPI takes 0.2 s to look for those that there may be.
/// What the user has set stays.
class OnOneMachine {
 public:
  OnOneMachine() {
    const char *all = std::getenv("OMPI_COMM_WORLD_SIZE"),
               *here = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    if (!all || !here || std::string_view(all) != here) return;
    for (const auto& [name, value] : kSettings)
      if (!std::getenv(name) && setenv(name, value, 0) == 0) set_.push_back(name);
  }
  ~OnOneMachine() {
    for (const char* name : set_) unsetenv(name);
  }
  OnOneMachine(const OnOneMachine&) = delete;
  OnOneMachine& operator=(const OnOneMachine&) = delete;

 private:
  static constexpr std::pair<const char*, const char*> kSettings[] = {
      {"OMPI_MCA_pml", "ob1"}, {"OMPI_MCA_btl", "self,vader"}};
  std::vector<const char*> set_;
};

/// Errors end the job: MPI's default.
class Mpi final : public Transport {
 public:
  Mpi() {
    int level = 0;
    const OnOneMachine settings;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  std::string host() const override {
    char name[MPI_MAX_PROCESSOR_NAME];
    int length = 0;
    MPI_Get_processor_name(name, &length);
    return {name, static_cast<std::size_t>(length)};
  }

  std::vector<std::string> gather(std::string_view bytes) override {
    const int each = static_cast<int>(bytes.size());
    std::string all(bytes.size() * static_cast<std::size_t>(size_), '\0');
    MPI_Allgather(bytes.data(), each, MPI_BYTE, all.data(), each, MPI_BYTE, MPI_COMM_WORLD);
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < all.size(); at += bytes.size())
      parts.push_back(all.substr(at, bytes.size()));
    return parts;
  }

  void send(int to, int tag, std::string_view bytes) override {
    MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD);
  }

  std::optional<Incoming> poll() override {
    int has_come = 0, count = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &has_come, &status);
    if (!has_come) return std::nullopt;
    MPI_Get_count(&status, MPI_BYTE, &count);
    Incoming message{status.MPI_SOURCE, status.MPI_TAG, std::string(std::size_t(count), '\0')};
    MPI_Recv(message.bytes.data(), count, MPI_BYTE, message.from, message.tag, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    return message;
  }

  void finish() override { MPI_Finalize(); }

  [[noreturn]] void abort(int exit_code) override {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::abort();
  }

 private:
  int rank_ = 0, size_ = 1;
};

}  // namespace
}  // namespace softmark

extern "C" __attribute__((visibility("default"))) softmark::Transport* softmark_join_job() {
  return new softmark::Mpi;
}
