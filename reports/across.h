// SPDX-License-Identifier: Apache-2.0
// Several machines side by side, by the two figures that compare machines: the share of its own
// ceiling that a kernel reaches, and the cycles that it takes. Their nanoseconds are not compared.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "reports/readers.h"
#include "reports/view.h"

namespace softmark {

inline constexpr const char* kAcrossWords =
    "Side by side: the share of the machine's own ceiling that a kernel reaches, and its cycles "
    "per element. Nanoseconds of different machines are not compared.";

struct AcrossCell {
  std::string text = "-";  // "56 %, 0.81 cycles"; in parentheses if the kernel is not ranked there
  int place = 0;
  bool is_timed = false;
};
struct AcrossRow {
  std::string kernel;
  std::vector<AcrossCell> cells;  // one a document
};

/// The kernels of one op and type at a shape, in the order of the first document; those that none
/// timed are left out.
std::vector<AcrossRow> across(std::span<const View* const> views, const Shape& shape);

/// What people call the documents' machines, told apart by date, then time, then the documents'
/// order where several runs are of one machine.
std::vector<std::string> distinct_machine_names(Documents documents);

/// The same as text, at most so many shapes and kernels of each; "" for a single document.
std::string across_text(Documents documents,
                        std::size_t most_shapes = std::numeric_limits<std::size_t>::max(),
                        std::size_t most_kernels = std::numeric_limits<std::size_t>::max());

}  // namespace softmark
