// SPDX-License-Identifier: Apache-2.0
// Checks of the values on a command line. CLI11 prints what they find as "FLAG: what is wrong".
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace softmark {

inline constexpr std::uint64_t kMostExtent = std::uint64_t{1} << 30;  // rows or columns of a shape

/// A whole number, in decimal, within low .. high.
CLI::Validator whole_within(std::uint64_t low, std::uint64_t high);
/// A finite number within low .. high; `unit` is printed after the range.
CLI::Validator real_within(double low, double high, const std::string& unit = "");
/// One of these words; `what` names what they are: "an operation". `nearest` gives those that
/// another word may mean; without it, see suggestion.
CLI::Validator one_of_names(const std::string& what, const std::vector<std::string>& names,
                            std::function<std::string(std::string_view)> nearest = nullptr);
/// Anything but the empty text.
CLI::Validator not_empty();

/// "did you mean softmax, hardmax, sigmoid?", or for up to seven names all of them: "give text or
/// json".
std::string suggestion(const std::string& wanted, const std::vector<std::string>& names);

template <class Names>
std::vector<std::string> words_of(const Names& names) {
  return {std::begin(names), std::end(names)};
}

/// Every option of every verb that takes a value refuses an empty one.
void refuse_empty_values(CLI::App& app);

/// What is wrong with the first word of a command line, with the nearest verbs; "" where it is a
/// verb or a flag of the program.
std::string verb_fault(const CLI::App& app, const std::vector<std::string>& words);
/// What is wrong with the command line that CLI11 refused, in one line: unknown flags with the
/// nearest ones, else what CLI11 found.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error);

}  // namespace softmark
