// SPDX-License-Identifier: Apache-2.0
#include "reports/document.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <set>

#include "reports/schema_text.h"
#include "support/files.h"
#include "support/json_reader.h"
#include "support/quote.h"
#include "support/schema.h"
#include "support/text.h"
#include "support/version.h"

namespace softmark {
namespace {

const auto kProgramStart = std::chrono::steady_clock::now();

constexpr std::string_view kSchema = "softmark.report";
constexpr std::string_view kSchemaVersion =
    "2.2";  // minor: additive only; an unknown major is refused

/// What readers rely on beyond the schema: each kernel stands in `kernels`, once.
void check_kernels(const Json& document, const std::string& path) {
  std::set<std::string> known;
  const auto place = [&](const char* section, std::size_t i, const char* key) {
    return path + ": " + json_place(json_place(section, i), key) + ": ";
  };
  std::size_t index = 0;
  for (const Json& kernel : document["kernels"])
    if (!known.insert(kernel["id"]).second)
      throw Error(kUnreadable, place("kernels", index, "id") + "stands twice");
    else
      ++index;
  for (const char* section : {"properties", "accuracy", "measurements"})
    for (std::size_t i = 0; i < document[section].size(); ++i)
      if (const Json& kernel = document[section][i]["kernel"]; !known.contains(kernel))
        throw Error(kUnreadable,
                    fmt::format("{}\"{}\" is none of the document's kernels",
                                place(section, i, "kernel"), kernel.get_ref<const std::string&>()));
}

void check_document(const Json& document, const std::string& path, UnknownKeys unknown) {
  static const Json schema = Json::parse(kReportSchemaText);
  if (const std::string fault = schema_fault(schema, document, unknown); !fault.empty())
    throw Error(kUnreadable, path + ": " + fault);
  check_kernels(document, path);
}

/// What 2.0 renamed: a verdict's "judge" is its "criterion", and severity "must" is "error".
void upgrade_from_1(Json& document) {
  document["schema_version"] = kSchemaVersion;
  if (!document.contains("properties") || !document["properties"].is_array()) return;
  for (Json& verdict : document["properties"]) {
    if (!verdict.is_object()) continue;
    if (verdict.contains("judge") && !verdict.contains("criterion"))
      verdict["criterion"] = verdict["judge"];
    verdict.erase("judge");
    if (verdict.value("severity", Json()) == "must") verdict["severity"] = "error";
  }
}

/// Paths and what kernels print may be any bytes; a document and its formats are UTF-8.
void make_valid_utf8(Json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    text = valid_utf8(text);
  }
  if (value.is_structured())
    for (Json& element : value) make_valid_utf8(element);
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
  make_valid_utf8(document);
}

Json read_document(const std::string& path) {
  const std::string named = path == "-" ? "standard input" : path;
  Json document = read_json(path);
  const Json schema = document.is_object() ? document.value("schema", Json()) : Json();
  if (schema != kSchema)
    throw Error(
        kUnreadable,
        fmt::format("{}: not a softmark document (its \"schema\" is not \"{}\")", named, kSchema));
  const Json version = document.value("schema_version", Json());
  const std::string text =
      version.is_string() ? version.get<std::string>().substr(0, 40) : "(no text)";
  if (!text.starts_with("1.") && !text.starts_with("2."))
    throw Error(
        kUnreadable,
        fmt::format("{}: schema_version {} is unknown to softmark {}, which reads 1.x and 2.x; "
                    "read it with the softmark that wrote it or a newer one",
                    named, text, kVersion));
  const bool is_old = text.starts_with("1.");
  if (is_old) upgrade_from_1(document);
  // What another version has more than this one is not an error.
  check_document(document, named,
                 text == kSchemaVersion ? UnknownKeys::kRefused : UnknownKeys::kIgnored);
  return document;
}

}  // namespace softmark
