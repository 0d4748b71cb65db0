// SPDX-License-Identifier: Apache-2.0
// How much work a person asks for, by the same three words wherever rows or samples are counted.
#pragma once

#include <string>
#include <string_view>

namespace softmark {

enum class Effort { quick, standard, thorough };
inline constexpr std::string_view kEffortNames[] = {"quick", "standard", "thorough"};

/// Throws Error(kUsage) for another word.
Effort parse_effort(const std::string& word);

}  // namespace softmark
