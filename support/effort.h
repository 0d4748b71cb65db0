// SPDX-License-Identifier: Apache-2.0
// How much work a person asks for, by the same three words wherever rows or samples are counted.
#pragma once

#include <string>
#include <string_view>

#include "support/error.h"

namespace softmark {

enum class Effort { quick, standard, thorough };
inline constexpr std::string_view kEffortNames[] = {"quick", "standard", "thorough"};

constexpr std::string_view name(Effort effort) { return kEffortNames[static_cast<int>(effort)]; }

/// Throws Error(kUsage) for another word.
inline Effort parse_effort(const std::string& word) {
  for (std::size_t i = 0; i < std::size(kEffortNames); ++i)
    if (word == kEffortNames[i]) return static_cast<Effort>(i);
  throw Error(kUsage, "unknown effort '" + word + "': quick, standard or thorough");
}

}  // namespace softmark
