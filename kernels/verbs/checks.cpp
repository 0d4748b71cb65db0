// SPDX-License-Identifier: Apache-2.0
#include "kernels/verbs/checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "support/quote.h"
#include "support/text.h"

namespace softmark {
namespace {

/// A word as a message shows it.
std::string shown(const std::string& word) {
  const std::string line = one_line(valid_utf8(word));
  return "'" + (line.size() > 60 ? valid_utf8(line.substr(0, 57)) + "..." : line) + "'";
}

template <class T>
bool parse_whole(const std::string& text, T& value) {
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc() && end == last;
}

std::vector<std::string> flag_names_of(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

}  // namespace

std::string suggestion(const std::string& wanted, const std::vector<std::string>& names) {
  if (names.size() > 7) return "did you mean " + nearest_names(wanted, names) + "?";
  return fmt::format("give {}", fmt::join(names, ", "));
}

CLI::Validator whole_within(std::uint64_t low, std::uint64_t high) {
  const std::string limits = fmt::format("{}..{}", low, high);
  return {[=](std::string& text) -> std::string {
            std::uint64_t value = 0;
            if (parse_whole(text, value) && value >= low && value <= high) return "";
            return fmt::format("{} is not a whole number within {} .. {}", shown(text), low, high);
          },
          limits};
}

CLI::Validator real_within(double low, double high, const std::string& unit) {
  const std::string limits = fmt::format("{}..{}", low, high);
  return {[=](std::string& text) -> std::string {
            double value = std::nan("");
            if (parse_whole(text, value) && value >= low && value <= high) return "";
            return fmt::format("{} is not a number within {} .. {}{}{}", shown(text), low, high,
                               unit.empty() ? "" : " ", unit);
          },
          limits};
}

CLI::Validator one_of_names(const std::string& what, const std::vector<std::string>& names,
                            std::function<std::string(std::string_view)> nearest) {
  return {[=](std::string& text) -> std::string {
            if (std::find(names.begin(), names.end(), text) != names.end()) return "";
            return fmt::format("{} is not {}; {}", shown(text), what,
                               nearest && !text.empty() ? "did you mean " + nearest(text) + "?"
                                                        : suggestion(text, names));
          },
          ""};
}

CLI::Validator not_empty() {
  return {[](std::string& text) -> std::string {
            return text.empty() ? "the value is empty; leave the flag out or give one" : "";
          },
          ""};
}

void refuse_empty_values(CLI::App& app) {
  for (CLI::App* verb : app.get_subcommands({}))
    for (CLI::Option* option : verb->get_options())
      if (option->get_items_expected_max() > 0) option->check(not_empty());
}

std::string verb_fault(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) return "no verb is given (softmark --help lists them)";
  std::vector<std::string> names;
  const bool is_flag = words[0].starts_with('-');
  if (is_flag) names = flag_names_of(app);
  if (words[0] == "-h" || std::find(names.begin(), names.end(), words[0]) != names.end()) return "";
  for (const CLI::App* verb : app.get_subcommands({})) {
    if (verb->get_name() == words[0]) return "";
    if (!is_flag) names.push_back(verb->get_name());
  }
  return fmt::format("unknown {} {}: did you mean {}? (softmark --help)", is_flag ? "flag" : "verb",
                     shown(words[0]), nearest_names(words[0], names));
}

std::string usage_fault(const CLI::App& app, const CLI::ParseError& error) {
  if (app.get_subcommands().empty()) return one_line(valid_utf8(error.what()));
  const CLI::App& verb = *app.get_subcommands().front();
  const std::string help = " (softmark help " + verb.get_name() + ")";
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
    const std::vector<std::string> extras = app.remaining(true);
    for (const std::string& word : extras)
      if (word.size() > 1 && word[0] == '-') {
        const std::string name = word.substr(0, word.find('='));
        return fmt::format("unknown flag {}: did you mean {}?{}", shown(name),
                           nearest_names(name, flag_names_of(verb)), help);
      }
    if (!extras.empty())
      return fmt::format("unexpected argument {}{}", shown(extras.front()), help);
  }
  return one_line(valid_utf8(error.what())) + help;
}

}  // namespace softmark
