// SPDX-License-Identifier: Apache-2.0
// Guided search for the row with a kernel's largest error: hill climbing on the kernel's own error,
// starting from rows of every family. Random rows find common errors, this finds rare large ones.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kernels/case.h"
#include "kernels/registry.h"
#include "properties/rows/rows.h"

namespace softmark {

struct SearchOptions {
  std::uint64_t seed = 1;
  std::size_t rows = 4000;  // to try
  std::size_t cols = 0;     // of every row; 0: lengths in turn
  // Maximises error / bound instead of the error.
  bool over_bound = false;
  // false: random rows of the families only, the baseline for the guided search.
  bool guided = true;
  // Ends the search early; what it found then depends on the machine.
  double seconds = std::numeric_limits<double>::infinity();
};

/// The output with the largest error.
struct WorstRow {
  Case c;  // one row, or the whole batch where the row alone has a smaller error
  std::size_t row = 0, output = 0;
  double score = -1;  // what was maximised: ulp, or error / bound
  double ulp = -1;    // infinity: got a NaN or an infinity where the exact value is finite
  double got = 0, want = 0;
};

struct SearchResult {
  // None: the kernel declined every row, or no exact value is finite.
  std::optional<WorstRow> worst;
  std::size_t rows = 0;  // tried
};

/// All outputs of a case; nothing where the kernel declines it. Exceptions pass through the search.
using SearchRunner = std::function<std::optional<std::vector<double>>(const Case&)>;
/// Called now and then; returning false ends the search.
using SearchProgress = std::function<bool(std::size_t rows_done)>;

/// Uses finite input and outputs with finite exact values only, which is what a kernel's max_ulp
/// covers. The same seed, kernel id and options give the same rows.
SearchResult search_worst(const Kernel& kernel, const SearchOptions& options,
                          const SearchRunner& run, const SearchProgress& progress = {});

class KernelSession;
/// The search by the session's effort: 768, 6000 or 200000 rows, or as many as 1, 4 or 120 s allow.
/// Where the kernel crashes or hangs, `stopped_at` is that case and nothing else is set.
struct SessionSearch {
  SearchResult result;
  std::optional<Case> stopped_at;
};
SessionSearch search_session(KernelSession& session, std::uint64_t seed, bool over_bound);

/// The search behind a property; the number of rows depends on the session's effort and is added to
/// `rows`. Returns a case whose score exceeds the limit, or on which the kernel crashed or hung;
/// nothing where none was found.
std::optional<Case> seek_beyond(KernelSession& session, std::uint64_t seed, bool over_bound,
                                double limit, std::size_t& rows);

}  // namespace softmark
