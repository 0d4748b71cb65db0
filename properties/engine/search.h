// SPDX-License-Identifier: Apache-2.0
// Guided search for the row on which a kernel is furthest off: hill climbing from rows of every
// family, led by the error that the kernel itself shows. Random rows find what is common, this
// finds what is bad.
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
  bool over_bound =
      false;  // looks for the largest error over the bound of the row instead of the largest error
  bool guided =
      true;  // false: rows of the families and nothing else, what guidance is measured against
  double seconds = std::numeric_limits<double>::infinity();  // ends the search early; what it found
                                                             // then depends on the machine
};

/// The output that is furthest off.
struct WorstRow {
  Case c;  // one row; the whole batch where the row alone is not as bad
  std::size_t row = 0, output = 0;
  double score = -1;  // what was looked for: ulp, or ulp over the bound
  double ulp = -1;    // infinity: not a number, or infinite, where a finite one is due
  double got = 0, want = 0;
};

struct SearchResult {
  std::optional<WorstRow> worst;  // none: the kernel took no row, or has no finite result
  std::size_t rows = 0;           // tried
};

/// All outputs of a case; nothing where the kernel refuses it. May throw: the search passes it on.
using SearchRunner = std::function<std::optional<std::vector<double>>(const Case&)>;
/// Told now and then; false ends the search.
using SearchProgress = std::function<bool(std::size_t rows_done)>;

/// Finite input only, and only outputs whose exact value is finite: where a kernel's max_ulp is
/// promised. The same seed, kernel id and options give the same rows.
SearchResult search_worst(const Kernel& kernel, const SearchOptions& options,
                          const SearchRunner& run, const SearchProgress& progress = {});

class KernelSession;
/// The search behind a property: its rows by the session's effort, added to `rows`. A case whose
/// score is not within the limit, or on which the kernel crashed or hung; nothing where none was
/// found.
std::optional<Case> seek_beyond(KernelSession& session, std::uint64_t seed, bool over_bound,
                                double limit, std::size_t& rows);

}  // namespace softmark
