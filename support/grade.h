// SPDX-License-Identifier: Apache-2.0
// Numerical grades, the best first: the tightest bound of a ladder that all results of a kernel
// keep.
#pragma once

#include <optional>
#include <string_view>

namespace softmark {

enum class Grade {
  rounded,     // every result is the exact value rounded to nearest
  one_ulp,     // no result is off by more than an ulp
  wide,        // as by integer exponents and a sum in a wider type
  blocked,     // as by fl(x - max) and a sum that is wide, in blocks or a tree
  sequential,  // as by fl(x - max) and a sum in any order, or one term after the other
  none         // beyond what a sane evaluation loses
};
inline constexpr std::string_view kGradeNames[] = {"rounded", "one_ulp",    "wide",
                                                   "blocked", "sequential", "none"};

constexpr std::string_view name(Grade grade) { return kGradeNames[static_cast<int>(grade)]; }

constexpr std::optional<Grade> grade_of(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kGradeNames); ++i)
    if (word == kGradeNames[i]) return static_cast<Grade>(i);
  return std::nullopt;
}

}  // namespace softmark
