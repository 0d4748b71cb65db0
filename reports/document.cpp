// SPDX-License-Identifier: Apache-2.0
#include "reports/document.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <optional>

#include "support/files.h"
#include "support/text.h"
#include "support/version.h"

namespace softmark {
namespace {

const auto kProgramStart = std::chrono::steady_clock::now();

constexpr std::string_view kSchema = "softmark.report";
constexpr std::string_view kSchemaVersion =
    "2.1";  // minor: additive only; an unknown major is refused

/// The sections and their shapes: readers may rely on them after read_document.
void check_sections(const Json& document, const std::string& path) {
  for (const char* section : {"kernels", "properties", "accuracy", "measurements", "ceilings"}) {
    if (!document.contains(section)) continue;
    const Json& rows = document[section];
    bool objects = rows.is_array();
    for (std::size_t i = 0; objects && i < rows.size(); ++i) objects = rows[i].is_object();
    if (!objects)
      throw Error(kUnreadable, fmt::format("{}: \"{}\" is not a list of objects", path, section));
  }
  for (const char* section : {"generator", "run", "machine", "build"})
    if (document.contains(section) && !document[section].is_object())
      throw Error(kUnreadable, fmt::format("{}: \"{}\" is not an object", path, section));
}

/// What 2.0 renamed: a verdict's "judge" is its "criterion", and severity "must" is "error".
void upgrade_from_1(Json& document) {
  for (Json& verdict : document["properties"]) {
    if (verdict.contains("judge") && !verdict.contains("criterion"))
      verdict["criterion"] = verdict["judge"];
    verdict.erase("judge");
    if (verdict.value("severity", "") == "must") verdict["severity"] = "error";
  }
  document["schema_version"] = kSchemaVersion;
}

}  // namespace

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
  document["machine"] = {{"key", ""},
                         {"identity", Json::object()},
                         {"environment", Json::object()},
                         {"unavailable", Json::object()}};
  document["build"] = Json::object();
  for (const char* section :
       {"kernels", "absent", "properties", "accuracy", "measurements", "ceilings", "warnings"})
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
    const std::string_view what =
        problem.what();  // "[json.exception.parse_error.101] parse error at ..."
    throw Error(kUnreadable,
                fmt::format("{}: not JSON: {}", named, what.substr(what.find(']') + 2)));
  }
  const Json schema = document.is_object() ? document.value("schema", Json()) : Json();
  if (schema != kSchema)
    throw Error(
        kUnreadable,
        fmt::format("{}: not a softmark document (its \"schema\" is not \"{}\")", named, kSchema));
  const Json version = document.value("schema_version", Json());
  const std::string text = version.is_string() ? version.get<std::string>() : version.dump();
  if (!text.starts_with("1.") && !text.starts_with("2."))
    throw Error(
        kUnreadable,
        fmt::format("{}: schema_version {} is unknown to softmark {}, which reads 1.x and 2.x; "
                    "read it with the softmark that wrote it or a newer one",
                    named, text, kVersion));
  check_sections(document, named);
  if (text.starts_with("1.")) upgrade_from_1(document);
  return document;
}

}  // namespace softmark
