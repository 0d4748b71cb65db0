// SPDX-License-Identifier: Apache-2.0
// How accurate a kernel is, found and not declared: its grade, the row that keeps it from the next
// better one, and how its error grows with the length of the row.
#pragma once

#include "properties/engine/property.h"
#include "support/grade.h"

namespace softmark {

/// The bounds of one row for a grade between kOneUlp and kNone.
std::vector<Bound> bounds_of(Grade grade, const Problem& problem, std::span<const Exact> exact);

/// The document's "grade" of a kernel; null where it took none of the rows.
Json measure_grade(KernelSession& session, std::uint64_t seed);

/// What the grade of a library's sum is worth a note: worse than that of float32 blocks. Empty for
/// a better one.
std::string summation_note(const Json& grade);

}  // namespace softmark
