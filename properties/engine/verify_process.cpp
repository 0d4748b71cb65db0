// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/verify_process.h"

#include <chrono>
#include <cstdio>

#include "properties/engine/counterexample.h"
#include "support/emulation.h"
#include "support/quote.h"
#include "support/role.h"

namespace softmark {
namespace {

constexpr double kPropertySeconds[] = {4, 20,
                                       300};  // at most, of one kernel at quick, standard, thorough

double property_seconds(Effort effort) {
  return kPropertySeconds[static_cast<int>(effort)] * emulation_allowance();
}

// The flags that make a run of one property come out the same.
std::string rerun_of(const VerifyOptions& options) {
  char seed[32];
  std::snprintf(seed, sizeof seed, "0x%llx", static_cast<unsigned long long>(options.seed));
  return " --effort " + std::string(name(options.effort)) + " --seed " + seed +
         (options.logits.empty() ? "" : " --logits " + shell_quoted(absolute_path(options.logits)));
}

Json request_for(const VerifyOptions& options, const Kernel& kernel) {
  Json request = {{"kernel", kernel_to_json(kernel)},
                  {"library", kernel.library},
                  {"index", kernel.index},
                  {"effort", static_cast<int>(options.effort)},
                  {"seed", options.seed},
                  {"properties", options.properties},
                  {"has_logits", !options.logits.empty()},
                  {"case", options.one_case},
                  {"done", Json::array()},
                  {"corpus", options.corpus},
                  {"rerun", rerun_of(options)},
                  {"call_timeout_seconds", options.call_timeout_seconds * emulation_allowance()},
                  {"property_seconds", property_seconds(options.effort)}};
  return request;
}

constexpr int kMostDeaths =
    4;  // of the verifying process, before the rest of a kernel's properties is given up

/// Adds one report of a verifying process; `begun` is the property that it works on, or empty.
void add(const Json& report, VerifyResult& result, std::string& begun) {
  const std::string section = report["section"];
  const Json& entry = report["entry"];
  if (section == "begin") begun = entry.get<std::string>();
  if (section == "certificate") result.certificate = entry;
  if (section == "outputs") result.outputs = entry;
  if (section == "coverage") result.coverage.add(Coverage::from_json(entry));
  if (section == "cause")
    for (Verdict& verdict : result.properties)
      if (verdict.property == entry["property"].get<std::string>())
        verdict.cause = entry["cause"].get<std::string>();
  if (section == "accuracy") result.accuracy.push_back(entry);
  if (section == "grade") result.grade = entry;
  if (section == "corpus") result.corpus.push_back(entry);
  if (section != "properties") return;
  result.properties.push_back(verdict_from_json(entry));
  begun.clear();
}

/// The verifying process ended early: by a defect of softmark, or by a kernel that reached it (a
/// signal to its parent).
Verdict ended_early(const Kernel& kernel, const std::string& property, const ChildResult& child) {
  // Its last line says why; RapidCheck writes its configuration before.
  std::string printed = child.output;
  while (!printed.empty() && printed.back() == '\n') printed.pop_back();
  printed.erase(0, printed.rfind('\n') + 1);
  Verdict verdict;
  verdict.kernel = kernel.id;
  verdict.property = property;
  verdict.outcome = child.timed_out() ? "timeout" : "error";
  verdict.message = "the process that verifies this kernel ended early: " + child.ending +
                    (printed.empty() ? "" : ": " + printed);
  verdict.repro = command_for("verify", kernel);
  verdict.seconds = 0;
  return verdict;
}

}  // namespace

VerifyResult::VerifyResult(const Json& record) : seconds(record.at("seconds")) {
  std::string begun;
  for (const Json& report : record.at("reports")) add(report, *this, begun);
}

Json verify_in_process(const VerifyOptions& options, const Kernel& kernel,
                       const std::vector<int>& descriptors) {
  const auto start = std::chrono::steady_clock::now();
  const double limit =
      60 + 2 * property_seconds(options.effort) * static_cast<double>(all_properties().size());
  Json reports = Json::array();
  VerifyResult result;
  Json request = request_for(options, kernel);
  for (int deaths = 0; deaths < kMostDeaths; ++deaths) {
    std::string begun;
    const ChildResult child = run_child(
        "child-verify", json_message(request), limit,
        [&](const std::string& reply) {
          reports.push_back(json_of_message(reply));
          add(reports.back(), result, begun);
        },
        descriptors);
    if (child.ok() || child.interrupted()) break;
    const bool was_idle = begun.empty();
    reports.push_back(
        {{"section", "properties"},
         {"entry", to_json(ended_early(kernel, was_idle ? "verification" : begun, child))}});
    add(reports.back(), result, begun);
    if (was_idle || child.timed_out()) break;
    // The other properties go on in a fresh process.
    request["done"] = Json::array();
    for (const Verdict& verdict : result.properties) request["done"].push_back(verdict.property);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {{"reports", reports}, {"seconds", seconds.count()}};
}

}  // namespace softmark
