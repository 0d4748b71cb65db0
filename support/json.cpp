// SPDX-License-Identifier: Apache-2.0
#include "support/json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace softmark {
namespace {

constexpr std::string_view kHowToGiveAFloat =
    "give a number, a hex float such as \"0x1.8p+1\", or \"inf\", \"-inf\", \"nan\"";

const char* name_of_non_finite(double value) {
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

enum class ParseProblem { kNone, kNotAFloat, kOutOfRange };

/// std::from_chars takes neither "+" nor the "0x" prefix; both are taken off here.
ParseProblem parse_float(std::string_view text, double& value) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  auto format = std::chars_format::general;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    format = std::chars_format::hex;
    text.remove_prefix(2);
  }
  if (text.empty() || text[0] == '-') return ParseProblem::kNotAFloat;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument)
    return ParseProblem::kNotAFloat;
  if (error != std::errc()) return ParseProblem::kOutOfRange;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  if (negative) value = -value;
  return ParseProblem::kNone;
}

std::string shortened(const std::string& text) {
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

}  // namespace

Json number(double value) {
  if (std::isfinite(value)) return value;
  return name_of_non_finite(value);
}

std::string hex(double value) {
  if (!std::isfinite(value)) return name_of_non_finite(value);
  char digits[32];
  const auto [end, error] =
      std::to_chars(digits, digits + sizeof digits, std::fabs(value), std::chars_format::hex);
  return (std::signbit(value) ? "-0x" : "0x") + std::string(digits, end);
}

double parse_value(const Json& datum, std::string_view where) {
  if (datum.is_number()) return datum.get<double>();
  const std::string shown = shortened(datum.dump(-1, ' ', false, Json::error_handler_t::replace));
  double value = 0;
  const ParseProblem problem = datum.is_string()
                                   ? parse_float(datum.get_ref<const std::string&>(), value)
                                   : ParseProblem::kNotAFloat;
  if (problem == ParseProblem::kNotAFloat)
    throw Error(kUnreadable,
                fmt::format("{}: {} is not a float; {}", where, shown, kHowToGiveAFloat));
  if (problem == ParseProblem::kOutOfRange)
    throw Error(kUnreadable, fmt::format("{}: {} is beyond the range of float64", where, shown));
  return value;
}

double parse_value(std::string_view text) {
  double value = 0;
  const ParseProblem problem = parse_float(text, value);
  const std::string shown = shortened(std::string(text));
  if (problem == ParseProblem::kNotAFloat)
    throw Error(kUsage, fmt::format("\"{}\" is not a float; {}", shown, kHowToGiveAFloat));
  if (problem == ParseProblem::kOutOfRange)
    throw Error(kUsage, fmt::format("\"{}\" is beyond the range of float64", shown));
  return value;
}

std::string to_text(const Json& document) {
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace softmark
