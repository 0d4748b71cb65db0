// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/known_failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "properties/engine/known_failures_text.h"
#include "properties/engine/property.h"
#include "support/effort.h"
#include "support/glob.h"
#include "support/json_reader.h"
#include "support/quote.h"
#include "support/schema.h"

namespace softmark {
namespace {

Json file_of(const std::string& path, const std::string& where) {
  return path.empty() ? parse_json(kKnownFailuresText, where) : read_json(path);
}

/// A property's name, or a glob, that matches none would excuse nothing, silently.
void check_property(const std::string& glob, const std::string& where) {
  // Besides the properties: what limits on the error and an early end of the verification report.
  std::vector<std::string> names = {"accuracy_limit", "summation", "verification"};
  for (const Property* property : all_properties()) names.emplace_back(property->name);
  for (const std::string& name : names)
    if (matches_glob(glob, name)) return;
  throw Error(kUnreadable, fmt::format("{}: no property is called \"{}\"; did you mean {}?", where,
                                       glob, nearest_names(glob, names)));
}

/// A string, or a list of strings.
std::vector<std::string> words(const Json& value) {
  if (value.is_string()) return {value.get<std::string>()};
  return value.get<std::vector<std::string>>();
}

std::optional<double> limit_of(const Json& entry, const char* key) {
  if (!entry.contains(key)) return std::nullopt;
  return entry[key].get<double>();
}

/// Whether a run of this effort searches further than the one that the limit was taken from.
bool searches_further(const std::string& effort, const KnownFailures::Limit& limit) {
  return !effort.empty() && !limit.effort.empty() &&
         parse_effort(effort) > parse_effort(limit.effort);
}

/// Whether a kernel keeps to its limit, by its entry of the document's "accuracy".
Verdict verdict_on(const KnownFailures::Limit& limit, const Json& accuracy,
                   std::optional<Grade> grade, const std::string& effort) {
  Verdict verdict;
  verdict.kernel = accuracy["kernel"];
  verdict.property = "accuracy_limit";
  verdict.criterion = "claim";
  verdict.cases = accuracy["elements"];
  verdict.seconds = 0;  // the accuracy was measured already
  for (const auto& [key, most] :
       {std::pair{"max_ulp", limit.max_ulp}, std::pair{"p999", limit.p999}}) {
    if (!most || parse_value(accuracy[key], key) <= *most) continue;
    verdict.outcome = "fail";
    verdict.message = std::string(key) + " is " + accuracy[key].dump() +
                      ", the known failures allow " + number(*most).dump() + " (" + limit.reason +
                      ")";
  }
  if (limit.grade && grade && *grade > *limit.grade) {
    verdict.outcome = "fail";
    verdict.message = fmt::format("its grade is {}, the known failures allow {} ({})", name(*grade),
                                  name(*limit.grade), limit.reason);
  }
  if (verdict.failed() && searches_further(effort, limit)) {
    verdict.severity = "note";
    verdict.message += "; the limit was taken from a run of effort " + limit.effort +
                       ": accept the limits of this one";
  }
  return verdict;
}

/// The grade that the document holds of a kernel.
std::optional<Grade> grade_in(const Json& document, const std::string& kernel) {
  for (const Json& entry : document.value("kernels", Json::array()))
    if (entry.value("id", "") == kernel)
      return grade_of(entry.value("/grade/grade"_json_pointer, std::string()));
  return std::nullopt;
}

std::optional<Grade> limit_of_grade(const Json& entry) {
  return grade_of(entry.value("grade", std::string()));
}

}  // namespace

Origin origin_of(const Json& document, const std::string& kernel) {
  if (document.contains("kernels"))
    for (const Json& entry : document["kernels"])
      if (entry.value("id", "") == kernel)
        return {kernel, entry.value("provider", ""), entry.value("version", "")};
  return {kernel, "", ""};
}

const KnownFailures::ExpectedFailure* KnownFailures::find(const Origin& kernel,
                                                          const std::string& property) const {
  if (shipped && kernel.provider != "builtin" && kernel.provider != "peer") return nullptr;
  for (const auto& expected : expected_failures)
    if (matches_glob(expected.kernel, kernel.id) && matches_glob(expected.property, property) &&
        (expected.provider.empty() || expected.provider == kernel.provider) &&
        (expected.version.empty() || matches_glob(expected.version, kernel.version)))
      return &expected;
  return nullptr;
}

KnownFailures read_known_failures(const std::string& path) {
  KnownFailures known;
  if (path == "none") return known;
  known.shipped = path.empty();
  const std::string where = path.empty() ? "the built-in known failures" : path;
  Json json = file_of(path, where);
  // Before 0.2 the file was called a contract.
  if (json.is_object() && json.value("schema", Json()) == "softmark.contract")
    json["schema"] = "softmark.known_failures";
  static const Json schema = Json::parse(kKnownFailuresSchema);
  if (const std::string fault = schema_fault(schema, json, UnknownKeys::kRefused); !fault.empty())
    throw Error(kUnreadable, where + ": " + fault);
  for (std::size_t i = 0; i < json["expected_failures"].size(); ++i) {
    const Json& entry = json["expected_failures"][i];
    for (const std::string& property : words(entry["property"])) {
      check_property(property, where + ": " + json_place("expected_failures", i) + ".property");
      known.expected_failures.push_back({entry["kernel"], property, entry["reason"],
                                         entry.value("provider", ""), entry.value("version", ""),
                                         entry.value("may_pass", false), entry.value("brief", "")});
    }
  }
  for (const Json& entry : json["limits"])
    known.limits.push_back({entry["kernel"], limit_of(entry, "max_ulp"), limit_of(entry, "p999"),
                            entry["reason"], entry.value("effort", ""), limit_of_grade(entry)});
  return known;
}

Json no_known_failures() {
  return {{"schema", "softmark.known_failures"},
          {"schema_version", "1.2"},
          {"expected_failures", Json::array()},
          {"limits", Json::array()}};
}

std::string known_failures_text(const Json& file) {
  return file.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> apply_known_failures(const KnownFailures& known, const Json& document,
                                              bool whole_sweep, std::vector<Verdict>& verdicts) {
  const std::string effort = document.value("/run/effort"_json_pointer, std::string());
  for (const Json& entry : document.value("accuracy", Json::array()))
    for (const auto& limit : known.limits)
      if (entry["domain"] == "all" && matches_glob(limit.kernel, entry["kernel"]))
        verdicts.push_back(verdict_on(limit, entry, grade_in(document, entry["kernel"]), effort));
  std::vector<std::string> warnings;
  for (Verdict& verdict : verdicts) {
    const auto* known_failure = known.find(origin_of(document, verdict.kernel), verdict.property);
    verdict.expected = known_failure && verdict.outcome != "incomplete" &&
                       (verdict.failed() || (whole_sweep && !known_failure->may_pass));
    verdict.reason = verdict.expected ? known_failure->reason : "";
    verdict.brief = verdict.expected ? known_failure->brief : "";
    if (verdict.expected && !verdict.failed())
      warnings.push_back(verdict.kernel + " was expected to fail " + verdict.property +
                         " but did not: remove it from the known failures");
  }
  return warnings;
}

bool has_unexpected_failure(const Json& document) {
  const Json& entries = document["properties"];
  return std::any_of(entries.begin(), entries.end(), [](const Json& entry) {
    const Verdict verdict = verdict_from_json(entry);
    return verdict.failed() && verdict.severity == "error" && !verdict.expected;
  });
}

}  // namespace softmark
