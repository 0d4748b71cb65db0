// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/known_failures.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "properties/engine/known_failures_text.h"
#include "support/effort.h"
#include "support/glob.h"

namespace softmark {
namespace {

std::string text_of(const std::string& path) {
  if (path.empty()) return kKnownFailuresText;
  std::ifstream file(path);
  std::ostringstream text;
  if (!(text << file.rdbuf()))
    throw Error(kUnreadable,
                path + ": cannot be read as a file of known failures; give an existing JSON file");
  return text.str();
}

std::string word(const Json& entry, const char* key, const std::string& where) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_string() || found->get<std::string>().empty())
    throw Error(kUnreadable, where + " needs a \"" + key + "\" (a non-empty string)");
  return *found;
}

std::string word_if_any(const Json& entry, const char* key, const std::string& where) {
  return entry.contains(key) ? word(entry, key, where) : "";
}

std::string effort_if_any(const Json& entry, const std::string& where) {
  const std::string effort = word_if_any(entry, "effort", where);
  if (!effort.empty() &&
      std::find(std::begin(kEffortNames), std::end(kEffortNames), effort) == std::end(kEffortNames))
    throw Error(kUnreadable, where + ".effort must be quick, standard or thorough");
  return effort;
}

bool flag(const Json& entry, const char* key, const std::string& where) {
  if (entry.contains(key) && !entry[key].is_boolean())
    throw Error(kUnreadable, where + "." + key + " must be true or false");
  return entry.value(key, false);
}

// A string, or a list of strings.
std::vector<std::string> words(const Json& entry, const char* key, const std::string& where) {
  if (!entry.contains(key) || !entry[key].is_array() || entry[key].empty())
    return {word(entry, key, where)};
  std::vector<std::string> list;
  for (const Json& one : entry[key]) list.push_back(word({{key, one}}, key, where));
  return list;
}

std::optional<double> limit_of(const Json& entry, const char* key, const std::string& where) {
  if (!entry.contains(key)) return std::nullopt;
  const double limit = parse_value(entry[key], where + "." + key);
  if (!(limit >= 0)) throw Error(kUnreadable, where + "." + key + " must be 0 or more");
  return limit;
}

const Json& list(const Json& json, const char* key, const std::string& where) {
  static const Json none = Json::array();
  if (!json.contains(key)) return none;
  if (!json[key].is_array()) throw Error(kUnreadable, where + ": \"" + key + "\" must be a list");
  return json[key];
}

/// Whether a run of this effort searches further than the one that the limit was taken from.
bool searches_further(const std::string& effort, const KnownFailures::Limit& limit) {
  return !effort.empty() && !limit.effort.empty() &&
         parse_effort(effort) > parse_effort(limit.effort);
}

/// Whether a kernel keeps to its limit, by its entry of the document's "accuracy".
Verdict verdict_on(const KnownFailures::Limit& limit, const Json& accuracy,
                   const std::string& effort) {
  Verdict verdict;
  verdict.kernel = accuracy["kernel"];
  verdict.property = "accuracy_limit";
  verdict.criterion = "claim";
  verdict.cases = accuracy["elements"];
  for (const auto& [key, most] :
       {std::pair{"max_ulp", limit.max_ulp}, std::pair{"p999", limit.p999}}) {
    if (!most || parse_value(accuracy[key], key) <= *most) continue;
    verdict.outcome = "fail";
    verdict.message = std::string(key) + " is " + accuracy[key].dump() +
                      ", the known failures allow " + number(*most).dump() + " (" + limit.reason +
                      ")";
  }
  if (verdict.failed() && searches_further(effort, limit)) {
    verdict.severity = "note";
    verdict.message += "; the limit was taken from a run of effort " + limit.effort +
                       ": accept the limits of this one";
  }
  return verdict;
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
  const Json json = Json::parse(text_of(path), nullptr, false);
  if (json.is_discarded() || !json.is_object()) throw Error(kUnreadable, where + ": is not JSON");
  const Json schema = json.value("schema", Json()), version = json.value("schema_version", Json());
  // Before 0.2 the file was called a contract.
  if (schema != "softmark.known_failures" && schema != "softmark.contract")
    throw Error(
        kUnreadable,
        where +
            ": is not a file of known failures (\"schema\" must be \"softmark.known_failures\")");
  if (!version.is_string() || version.get<std::string>().rfind("1.", 0) != 0)
    throw Error(kUnreadable, where + ": has an unknown schema_version; this softmark reads 1.x");
  std::size_t index = 0;
  for (const Json& entry : list(json, "expected_failures", where)) {
    const std::string place = where + ": expected_failures[" + std::to_string(index++) + "]";
    for (const std::string& property : words(entry, "property", place))
      known.expected_failures.push_back(
          {word(entry, "kernel", place), property, word(entry, "reason", place),
           word_if_any(entry, "provider", place), word_if_any(entry, "version", place),
           flag(entry, "may_pass", place)});
  }
  for (const Json& entry : list(json, "limits", where)) {
    const std::string place = where + ": limits[" + std::to_string(known.limits.size()) + "]";
    known.limits.push_back({word(entry, "kernel", place), limit_of(entry, "max_ulp", place),
                            limit_of(entry, "p999", place), word(entry, "reason", place),
                            effort_if_any(entry, place)});
  }
  return known;
}

Json no_known_failures() {
  return {{"schema", "softmark.known_failures"},
          {"schema_version", "1.1"},
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
        verdicts.push_back(verdict_on(limit, entry, effort));
  std::vector<std::string> warnings;
  for (Verdict& verdict : verdicts) {
    const auto* known_failure = known.find(origin_of(document, verdict.kernel), verdict.property);
    verdict.expected = known_failure && verdict.outcome != "incomplete" &&
                       (verdict.failed() || (whole_sweep && !known_failure->may_pass));
    verdict.reason = verdict.expected ? known_failure->reason : "";
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
