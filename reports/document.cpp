// SPDX-License-Identifier: Apache-2.0
#include "reports/document.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <optional>

#include "reports/files.h"
#include "reports/format.h"
#include "reports/version.h"

namespace softmark {
namespace {

const auto kProgramStart = std::chrono::steady_clock::now();

constexpr std::string_view kSchema = "softmark.report";
constexpr std::string_view kSchemaVersion = "1.0";  // minor: additive only; another major is refused

constexpr std::string_view kHowToGiveAFloat =
    "give a number, a hex float such as \"0x1.8p+1\", or \"inf\", \"-inf\", \"nan\"";

const char* name_of_non_finite(double value) { return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"; }

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
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return ParseProblem::kNotAFloat;
  if (error != std::errc()) return ParseProblem::kOutOfRange;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  if (negative) value = -value;
  return ParseProblem::kNone;
}

std::string shortened(const std::string& text) { return text.size() > 60 ? text.substr(0, 57) + "..." : text; }

/// The sections and their shapes: readers may rely on them after read_document.
void check_sections(const Json& document, const std::string& path) {
  for (const char* section : {"kernels", "properties", "accuracy", "measurements", "ceilings"}) {
    if (!document.contains(section)) continue;
    const Json& rows = document[section];
    bool objects = rows.is_array();
    for (std::size_t i = 0; objects && i < rows.size(); ++i) objects = rows[i].is_object();
    if (!objects) throw Error(kUnreadable, fmt::format("{}: \"{}\" is not a list of objects", path, section));
  }
  for (const char* section : {"generator", "run", "machine", "build"})
    if (document.contains(section) && !document[section].is_object())
      throw Error(kUnreadable, fmt::format("{}: \"{}\" is not an object", path, section));
}

}  // namespace

Json number(double value) {
  if (std::isfinite(value)) return value;
  return name_of_non_finite(value);
}

std::string hex(double value) {
  if (!std::isfinite(value)) return name_of_non_finite(value);
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, std::fabs(value), std::chars_format::hex);
  return (std::signbit(value) ? "-0x" : "0x") + std::string(digits, end);
}

double parse_value(const Json& datum, std::string_view where) {
  if (datum.is_number()) return datum.get<double>();
  const std::string shown = shortened(datum.dump(-1, ' ', false, Json::error_handler_t::replace));
  double value = 0;
  const ParseProblem problem =
      datum.is_string() ? parse_float(datum.get_ref<const std::string&>(), value) : ParseProblem::kNotAFloat;
  if (problem == ParseProblem::kNotAFloat)
    throw Error(kUnreadable, fmt::format("{}: {} is not a float; {}", where, shown, kHowToGiveAFloat));
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

Json new_document(const std::vector<std::string>& argv, std::uint64_t seed) {
  Json document;
  document["schema"] = kSchema;
  document["schema_version"] = kSchemaVersion;
  document["generator"] = {{"version", kVersion}, {"git", kGit}};
  document["run"] = {{"started", utc_time(std::time(nullptr))},
                     {"seconds", 0.0},
                     {"argv", argv},
                     {"seed", fmt::format("{:#x}", seed)},
                     {"complete", false}};
  document["machine"] = {
      {"key", ""}, {"identity", Json::object()}, {"environment", Json::object()}, {"unavailable", Json::object()}};
  document["build"] = Json::object();
  for (const char* section : {"kernels", "absent", "properties", "accuracy", "measurements", "ceilings", "warnings"})
    document[section] = Json::array();
  return document;
}

void finish_document(Json& document, bool complete) {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - kProgramStart;
  document["run"]["seconds"] = number(elapsed.count());
  document["run"]["complete"] = complete;
}

Json read_document(const std::string& path) {
  const std::string named = path == "-" ? "standard input" : path;
  Json document;
  try {
    document = Json::parse(read_file(path));
  } catch (const Json::exception& problem) {
    const std::string_view what = problem.what();  // "[json.exception.parse_error.101] parse error at ..."
    throw Error(kUnreadable, fmt::format("{}: not JSON: {}", named, what.substr(what.find(']') + 2)));
  }
  const Json schema = document.is_object() ? document.value("schema", Json()) : Json();
  if (schema != kSchema)
    throw Error(kUnreadable, fmt::format("{}: not a softmark document (its \"schema\" is not \"{}\")", named, kSchema));
  const Json version = document.value("schema_version", Json());
  const std::string text = version.is_string() ? version.get<std::string>() : version.dump();
  if (!text.starts_with("1."))
    throw Error(kUnreadable, fmt::format("{}: schema_version {} is unknown to softmark {}, which reads 1.x; "
                                         "read it with the softmark that wrote it or a newer one",
                                         named, text, kVersion));
  check_sections(document, named);
  return document;
}

}  // namespace softmark
