// SPDX-License-Identifier: Apache-2.0
// The processes of one job under mpirun (MPI) that share work, its ranks; without a launcher this
// process alone. Rank 0 leads: it hands out the pieces, takes the results, and writes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/journal.h"

namespace softmark {

/// Where a launcher started several processes: joins them. Throws Error(kUsage) where this build
/// has no MPI, or where `verb` shares no work. Called once, before anything else.
void join_ranks(std::string_view verb, const std::vector<std::string_view>& sharing_verbs);

int rank_count();  // 1 without a launcher
/// Whether this process writes: files, standard output and error.
bool is_leader();

struct SharedWork {
  /// What has to be the same in all ranks, besides the program itself.
  std::string identity;
  /// Rank 0's count; handed out in this order.
  std::vector<std::string> pieces;
  /// The result of a piece; in any rank, on any of its threads.
  std::function<std::string(const std::string& piece)> run;
  /// Called in rank 0, one result at a time, in the order in which they come. False: no further
  /// piece is handed out.
  std::function<bool(const std::string& piece, const std::string& result)> take;
  unsigned threads = 1;        // that run pieces, in each rank
  Journal* journal = nullptr;  // of rank 0: gets each result of a whole piece
};

/// FILE.journal beside the file to be written, in rank 0: of several ranks always, of one process
/// where it `resumes`. Throws Error(kUsage) where it resumes and the output is no file.
Journal journal_beside(const std::string& output, std::string_view identity, bool resumes);

/// Returns in rank 0 once all pieces are done, `take` said false, or an interrupt came; in the
/// others, when there is no more to do. Throws what a `run` or `take` threw.
void share(const SharedWork& work);

/// This process ends early, with this line: all ranks do, of which rank 0 prints the line and has
/// the exit code. Whether this is rank 0; line and code may become those of another rank.
bool leads_failure(std::string& line, int& exit_code);

/// The end of main: leaves the job, or ends all of it where the work was not completed.
void leave_ranks(int exit_code);

}  // namespace softmark
