// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/known_failures.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "properties/engine/known_failures_text.h"
#include "support/glob.h"

namespace softmark {
namespace {

bool is_failure(const std::string& verdict) { return verdict != "pass" && verdict != "skip"; }

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

void add_limit_verdict(const KnownFailures::Limit& limit, const Json& accuracy, Json& verdicts) {
  Json verdict = {{"kernel", accuracy["kernel"]},
                  {"property", "accuracy_limit"},
                  {"criterion", "claim"},
                  {"severity", "error"},
                  {"verdict", "pass"},
                  {"expected", false},
                  {"cases", accuracy["elements"]},
                  {"message", ""},
                  {"counterexample", nullptr},
                  {"repro", ""}};
  for (const auto& [key, most] :
       {std::pair{"max_ulp", limit.max_ulp}, std::pair{"p999", limit.p999}}) {
    if (!most) continue;
    const double got = parse_value(accuracy[key], key);
    if (!(got <= *most)) {
      verdict["verdict"] = "fail";
      verdict["message"] = std::string(key) + " is " + accuracy[key].dump() +
                           ", the known failures allow " + number(*most).dump() + " (" +
                           limit.reason + ")";
    }
  }
  verdicts.push_back(verdict);
}

}  // namespace

KnownFailures::ExpectedFailure* KnownFailures::find(const std::string& kernel,
                                                    const std::string& property) {
  for (auto& expected : expected_failures)
    if (matches_glob(expected.kernel, kernel) && matches_glob(expected.property, property))
      return &expected;
  return nullptr;
}

KnownFailures read_known_failures(const std::string& path) {
  KnownFailures known;
  if (path == "none") return known;
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
      known.expected_failures.push_back({word(entry, "kernel", place), property,
                                         word(entry, "reason", place),
                                         flag(entry, "may_pass", place)});
  }
  for (const Json& entry : list(json, "limits", where)) {
    const std::string place = where + ": limits[" + std::to_string(known.limits.size()) + "]";
    known.limits.push_back({word(entry, "kernel", place), limit_of(entry, "max_ulp", place),
                            limit_of(entry, "p999", place), word(entry, "reason", place)});
  }
  return known;
}

void apply_known_failures(KnownFailures& known, Json& document, bool whole_sweep) {
  for (const Json& accuracy : document["accuracy"])
    for (const auto& limit : known.limits)
      if (accuracy["domain"] == "all" && matches_glob(limit.kernel, accuracy["kernel"]))
        add_limit_verdict(limit, accuracy, document["properties"]);
  for (Json& verdict : document["properties"]) {
    auto* expected = known.find(verdict["kernel"], verdict["property"]);
    const bool failed = is_failure(verdict["verdict"]);
    const bool told = expected && (failed || (whole_sweep && !expected->may_pass));
    verdict["expected"] = told;
    verdict["reason"] = told ? expected->reason : "";
    if (told && !failed)
      document["warnings"].push_back(verdict["kernel"].get<std::string>() +
                                     " was expected to fail " +
                                     verdict["property"].get<std::string>() +
                                     " but did not: remove it from the known failures");
  }
}

bool has_unexpected_failure(const Json& document) {
  for (const Json& verdict : document["properties"])
    if (is_failure(verdict["verdict"]) && verdict["severity"] == "error" &&
        !verdict["expected"].get<bool>())
      return true;
  return false;
}

}  // namespace softmark
