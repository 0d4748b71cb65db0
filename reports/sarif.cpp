// SPDX-License-Identifier: Apache-2.0
// SARIF 2.1.0: one run a document, a rule a property, a result a failure. Speed is never a result.
// Expected failures are results too, suppressed with their reason. The fingerprint is kernel and
// property alone, so that a finding stays the same finding when seed, machine or counterexample
// change.
#include <fmt/format.h>

#include <algorithm>

#include "reports/data.h"
#include "reports/readers.h"
#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

/// A kernel has no file that this document knows; its id stands for one, as a relative URI.
std::string uri_of(std::string_view id) {
  std::string uri;
  for (char c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

std::size_t rule_index(Json& rules, const std::string& property) {
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (rules[i]["id"] == property) return i;
  std::string words = property;
  std::replace(words.begin(), words.end(), '_', ' ');
  rules.push_back({{"id", property}, {"shortDescription", {{"text", words + " does not hold"}}}});
  return rules.size() - 1;
}

std::string message_of(const Json& property) {
  std::string text =
      fmt::format("{}: {} ({}): {}", text_of(property, "kernel"), text_of(property, "property"),
                  text_of(property, "verdict"), text_of(property, "message"));
  const Json& example = field(property, "counterexample");
  if (example.is_object())
    text += fmt::format("\nx {}, got {}, want {}\n{}", data_list(field(example, "x"), 8, true),
                        data_list(field(example, "got"), 8, true),
                        data_list(field(example, "want"), 8, true), spot(example));
  const std::string repro = text_of(property, "repro");
  return repro.empty() ? text : text + "\nreplay: " + repro;
}

Json result_of(const Json& property, std::size_t rule) {
  const std::string kernel = text_of(property, "kernel"), name = text_of(property, "property");
  const Outcome what = outcome(property);
  const std::string fingerprint = kernel + ":" + name;
  Json result = {
      {"ruleId", name},
      {"ruleIndex", rule},
      {"level", what == Outcome::kNote         ? "note"
                : what == Outcome::kIncomplete ? "none"
                                               : "error"},
      {"message", {{"text", message_of(property)}}},
      {"locations",
       {{{"physicalLocation",
          {{"artifactLocation", {{"uri", uri_of(kernel)}}}, {"region", {{"startLine", 1}}}}},
         {"logicalLocations", {{{"fullyQualifiedName", kernel}, {"kind", "function"}}}}}}},
      {"partialFingerprints",
       {{"softmark/v1", fingerprint}, {"primaryLocationLineHash", fingerprint}}},
      {"properties",
       {{"criterion", text_of(property, "criterion")}, {"verdict", text_of(property, "verdict")}}}};
  if (field(property, "counterexample").is_object())
    result["properties"]["counterexample"] = property["counterexample"];
  if (what == Outcome::kIncomplete) result["kind"] = "open";  // evaluated, and not decided
  if (what == Outcome::kExpected)
    result["suppressions"] = {{{"kind", "external"},
                               {"status", "accepted"},
                               {"justification", text_of(property, "reason")}}};
  return result;
}

Json run_of(const Json& document) {
  const View view(document);
  Json rules = Json::array(), results = Json::array();
  for (Outcome wanted : {Outcome::kFail, Outcome::kExpected, Outcome::kNote, Outcome::kIncomplete})
    for (const Json* property : view.with(wanted))
      results.push_back(result_of(*property, rule_index(rules, text_of(*property, "property"))));
  for (const KernelView& kernel : view.kernels) {
    if (kernel.standing != Standing::kUnsupported) continue;
    const Json unsupported = {{"kernel", kernel.id},
                              {"property", "supported"},
                              {"verdict", "unsupported"},
                              {"message", "nothing was verified: " + kernel.refusals()}};
    results.push_back(result_of(unsupported, rule_index(rules, "supported")));
  }
  const Json& run = field(document, "run");
  return {{"tool",
           {{"driver",
             {{"name", "softmark"},
              {"version", text_of(field(document, "generator"), "version")},
              {"rules", rules}}}}},
          {"automationDetails", {{"id", "softmark/" + view.machine() + "/"}}},
          {"invocations",
           {{{"executionSuccessful", view.complete()}, {"startTimeUtc", text_of(run, "started")}}}},
          {"columnKind", "utf16CodeUnits"},
          {"results", results}};
}

}  // namespace

std::string render_sarif(Documents documents) {
  Json runs = Json::array();
  for (const Json& document : documents) runs.push_back(run_of(document));
  return to_text({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                  {"version", "2.1.0"},
                  {"runs", runs}});
}

}  // namespace softmark
