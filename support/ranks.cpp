// SPDX-License-Identifier: Apache-2.0
#include "support/ranks.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "support/channel.h"
#include "support/error.h"
#include "support/hash.h"
#include "support/interrupts.h"
#include "support/journal.h"
#include "support/piece_threads.h"
#include "support/quote.h"
#include "support/transport.h"

namespace softmark {
namespace {

enum Tag : int { kReady = 1, kPiece, kResult, kFault, kEnd };

/// What Open MPI, MPICH, and Slurm with PMIx or PMI2 tell each process: its rank, and how many.
struct Launcher {
  const char *rank, *size;
};
constexpr Launcher kLaunchers[] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                   {"PMI_RANK", "PMI_SIZE"},
                                   {"PMIX_RANK", "SLURM_NTASKS"}};

struct Told {
  int rank = 0, size = 1;
};
Told told_by_launcher() {
  for (const auto& [rank, size] : kLaunchers) {
    const char *told_rank = std::getenv(rank), *told_size = std::getenv(size);
    if (told_rank && told_size) return {std::atoi(told_rank), std::atoi(told_size)};
  }
  return {};
}

/// The job that this process is a rank of.
struct Job {
  Transport* transport = nullptr;  // never deleted: MPI is not left before the process ends
  bool agreed = false, finished = false;
};
Job job;

/// What ranks compare before the first piece.
struct Introduction {
  std::uint64_t program, work;
  int exit_code;  // 0: nothing is wrong
  std::array<char, 64> host;
  std::array<char, 1024> line;
};

template <std::size_t n>
void put(std::array<char, n>& to, std::string_view text) {
  to.fill('\0');
  std::copy_n(text.begin(), std::min(text.size(), n - 1), to.begin());
}

Transport* join() {
  const std::string library = program_folder() + "softmark_mpi.so";
  // Global: the parts of Open MPI that it loads look for its symbols there.
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  const char* why = handle ? nullptr : dlerror();
  void* symbol = handle ? dlsym(handle, kJoinSymbol) : nullptr;
  if (!symbol)
    throw Error(
        kUsage,
        "mpirun started several processes, and this softmark has no MPI (" +
            (::access(library.c_str(), F_OK) == 0 && why ? why : library + " was not built") +
            "): install libopenmpi-dev and build again, or start it without mpirun");
  return reinterpret_cast<JoinJob>(symbol)();
}

std::string place_of(std::size_t rank, const Introduction& of) {
  return "rank " + std::to_string(rank) + " on " + of.host.data();
}

/// What keeps the ranks from working together, the first of them; nothing where all agree.
std::optional<Error> difference(const std::vector<Introduction>& ranks) {
  const Introduction& first = ranks[0];
  if (first.exit_code) return Error(static_cast<ExitCode>(first.exit_code), first.line.data());
  for (std::size_t r = 1; r < ranks.size(); ++r)
    if (ranks[r].program != first.program)
      return Error(kUsage, place_of(r, ranks[r]) +
                               " runs another build of softmark than rank 0; "
                               "install the same on every node");
  for (std::size_t r = 1; r < ranks.size(); ++r)
    if (ranks[r].exit_code)
      return Error(static_cast<ExitCode>(ranks[r].exit_code),
                   place_of(r, ranks[r]) + ": " + ranks[r].line.data());
  for (std::size_t r = 1; r < ranks.size(); ++r)
    if (ranks[r].work != first.work)
      return Error(kUsage, place_of(r, ranks[r]) +
                               " has other work than rank 0; give all ranks "
                               "the same flags, kernels and files");
  return std::nullopt;
}

/// All ranks meet here once, each with what is wrong with it.
std::optional<Error> agree(std::string_view identity, int exit_code, std::string_view line) {
  Introduction own{};
  own.program = hash_of_program();
  own.work = fnv1a(identity);
  own.exit_code = exit_code;
  put(own.host, job.transport->host());
  put(own.line, line);
  std::vector<Introduction> ranks;
  for (const std::string& bytes : job.transport->gather(message_of(own)))
    parse_message(bytes, ranks.emplace_back());
  job.agreed = true;
  return difference(ranks);
}

/// How long to wait for this process's threads before other ranks' messages, or an interrupt, are
/// looked for: waiting by MPI's own functions would keep a core busy.
std::chrono::microseconds pause() { return std::chrono::microseconds(job.transport ? 200 : 20000); }

/// Rank 0's side of share().
class Leader {
 public:
  explicit Leader(const SharedWork& work)
      : work_(work), threads_(work.run, std::min<std::size_t>(work.threads, work.pieces.size())) {}

  void run() {
    warn_of_idle_ranks();
    while (!interrupted() && (open_ > 0 || has_next())) {
      bool moved = give_to_threads();
      if (auto done = threads_.finished()) moved = true, take(done->piece, done->result);
      if (job.transport)
        if (auto message = job.transport->poll()) moved = true, take(std::move(*message));
      if (!moved) threads_.wait_for_one(pause());
    }
    // Chunks that a thread had done when the interrupt came are known, too.
    for (auto& done : threads_.join()) take(done.piece, done.result);
    if (interrupted()) tell_what_is_kept();
    for (int rank = 1; !interrupted() && rank < rank_count(); ++rank)
      job.transport->send(rank, kEnd, "");
  }

 private:
  bool has_next() const { return !stopped_ && next_ < work_.pieces.size(); }

  void warn_of_idle_ranks() const {
    const auto ranks = static_cast<std::size_t>(rank_count());
    if (ranks > 1 && work_.pieces.size() < ranks)
      std::fprintf(stderr, "softmark: %zu ranks for %zu pieces of work: %zu have nothing to do\n",
                   ranks, work_.pieces.size(), ranks - work_.pieces.size());
  }
  bool give_to_threads() {
    bool gave = false;
    for (; has_next() && threads_.idle() > 0; gave = true, ++open_)
      threads_.give(work_.pieces[next_++]);
    return gave;
  }
  void take(const std::string& piece, const std::string& result) {
    --open_;
    if (!work_.take(piece, result))
      stopped_ = true;
    else if (work_.journal && !interrupted())  // an interrupt leaves pieces that are not whole
      work_.journal->add(result);
  }
  void tell_what_is_kept() const {
    if (!work_.journal || work_.journal->path().empty()) return;
    const std::size_t all = work_.journal->found().size() + work_.pieces.size();
    std::fprintf(stderr,
                 "softmark: interrupted: %s holds %zu of %zu pieces; the same command with "
                 "--resume does the others\n",
                 work_.journal->path().c_str(), work_.journal->entries(), all);
  }
  void take(Incoming message) {
    if (message.tag == kFault) throw Error(kNotMeasurable, message.bytes);
    if (message.tag == kResult) {
      std::size_t index;
      std::memcpy(&index, message.bytes.data(), sizeof index);
      take(work_.pieces[index], message.bytes.substr(sizeof index));
    }
    if (!has_next()) return;
    const std::size_t index = next_++;
    ++open_;
    job.transport->send(message.from, kPiece, std::string(message_of(index)) + work_.pieces[index]);
  }

  const SharedWork& work_;
  PieceThreads threads_;
  std::size_t next_ = 0, open_ = 0;  // open: handed out and not taken
  bool stopped_ = false;
};

/// The other ranks' side: pieces come with their index before them, and so go the results.
void follow(const SharedWork& work) {
  constexpr std::size_t kIndex = sizeof(std::size_t);
  Transport& leader = *job.transport;
  PieceThreads threads(
      [&](const std::string& piece) {
        return piece.substr(0, kIndex) + work.run(piece.substr(kIndex));
      },
      work.threads);
  try {
    for (unsigned i = 0; i < work.threads; ++i) leader.send(0, kReady, "");
    while (!interrupted()) {
      bool moved = false;
      if (auto done = threads.finished(); done && !interrupted())
        moved = true, leader.send(0, kResult, done->result);
      if (auto message = leader.poll()) {
        if (message->tag == kEnd) return;
        moved = true;
        threads.give(message->bytes);
      }
      if (!moved) threads.wait_for_one(pause());
    }
  } catch (const std::exception& error) {
    leader.send(
        0, kFault,
        "rank " + std::to_string(leader.rank()) + " on " + leader.host() + ": " + error.what());
    for (;;) std::this_thread::sleep_for(pause());  // rank 0 ends the job
  }
}

}  // namespace

void join_ranks(std::string_view verb, const std::vector<std::string_view>& sharing_verbs) {
  if (told_by_launcher().size < 2) return;
  if (std::find(sharing_verbs.begin(), sharing_verbs.end(), verb) == sharing_verbs.end())
    throw Error(kUsage, std::string(verb) +
                            ": shares no work between processes (sweep and verify "
                            "do); start it without mpirun");
  job.transport = join();
}

int rank_count() { return job.transport ? job.transport->size() : 1; }

bool is_leader() { return (job.transport ? job.transport->rank() : told_by_launcher().rank) == 0; }

Journal journal_beside(const std::string& output, std::string_view identity, bool resumes) {
  const bool is_file = output != "-" && !output.starts_with("/dev/");
  if (resumes && !is_file)
    throw Error(kUsage,
                "--resume: give -o FILE as well; FILE.journal beside it holds what is done");
  if (!is_leader() || !is_file || (!resumes && rank_count() == 1)) return {};
  return {output + ".journal", std::to_string(hash_of_program()) + " " + std::string(identity),
          resumes};
}

void share(const SharedWork& work) {
  if (job.transport)
    if (const auto fault = agree(work.identity, 0, "")) {
      job.finished = true;  // in every rank
      throw *fault;
    }
  if (is_leader())
    Leader(work).run();
  else
    follow(work);
  if (job.transport) job.finished = !interrupted();
}

bool leads_failure(std::string& line, int& exit_code) {
  if (job.transport && !job.agreed) {
    const auto fault = agree("", exit_code, line);
    line = fault->what();
    exit_code = fault->code;
    job.finished = true;
  }
  // mpirun ends the job at the first exit code that is not 0: rank 0's line comes first.
  if (!is_leader()) exit_code = kPass;
  return is_leader();
}

void leave_ranks(int exit_code) {
  if (!job.transport) return;
  std::fflush(stdout);
  if (job.agreed && !job.finished) job.transport->abort(exit_code ? exit_code : kNotMeasurable);
  job.transport->finish();
}

}  // namespace softmark
