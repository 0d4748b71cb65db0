// SPDX-License-Identifier: Apache-2.0
#include "properties/verify.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include "kernels/process.h"
#include "properties/contract.h"
#include "reference/npy.h"

namespace softmark {
namespace {

constexpr double kPropertySeconds[] = {4, 20, 300};  // at most, of one kernel at quick, standard, thorough

void check_property_names(const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (std::none_of(all_properties().begin(), all_properties().end(), [&](const Property* p) { return p->name == name; }))
      throw Error(kUsage, "unknown property '" + name + "' (softmark list shows all)");
}

Json request_for(const VerifyOptions& options, const Kernel& kernel) {
  const int effort = static_cast<int>(parse_effort(options.effort));
  Json request = {{"kernel", kernel_to_json(kernel)}, {"library", kernel.library}, {"index", kernel.index}, {"effort", effort},
                  {"seed", options.seed}, {"properties", options.properties}, {"logits", options.logits}, {"case", nullptr},
                  {"call_timeout_seconds", options.call_timeout_seconds}, {"property_seconds", kPropertySeconds[effort]}};
  if (!options.one_case.empty()) request["case"] = Json::parse(options.one_case);
  return request;
}

/// What one kernel's process told, and an "error" verdict where it ended before it had told all.
struct Result {
  Json properties = Json::array(), accuracy = Json::array();
  double seconds = 0;
  bool interrupted = false;
};

Result verify_one(const VerifyOptions& options, const Kernel& kernel) {
  const auto start = std::chrono::steady_clock::now();
  const int effort = static_cast<int>(parse_effort(options.effort));
  const double limit = 60 + 2 * kPropertySeconds[effort] * static_cast<double>(all_properties().size());
  const Answer answer = ask_child({"child-verify"}, request_for(options, kernel).dump(), limit);
  Result result;
  std::istringstream lines(answer.output);
  for (std::string line; std::getline(lines, line);) {
    const Json told = Json::parse(line, nullptr, false);
    if (told.is_discarded()) continue;
    (told["section"] == "accuracy" ? result.accuracy : result.properties).push_back(told["entry"]);
  }
  result.interrupted = answer.interrupted;
  if (!answer.ok && !answer.interrupted) {
    // Its last line says why; RapidCheck writes its configuration before.
    std::string noise = answer.noise;
    while (!noise.empty() && noise.back() == '\n') noise.pop_back();
    noise.erase(0, noise.rfind('\n') + 1);
    result.properties.push_back({{"kernel", kernel.id}, {"property", "verification"}, {"judge", "contract"}, {"severity", "must"},
                                 {"verdict", answer.timed_out ? "timeout" : "error"}, {"expected", false}, {"cases", 0},
                                 {"message", "the verification of this kernel ended early: " + answer.ending + (noise.empty() ? "" : ": " + noise)},
                                 {"counterexample", nullptr}, {"repro", "softmark verify --kernel " + kernel.id}, {"seconds", 0}});
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

std::string summary_of(const Result& result) {
  std::size_t failed = 0, passed = 0;
  for (const Json& p : result.properties) (p["verdict"] == "pass" || p["verdict"] == "skip" ? passed : failed) += 1;
  return std::to_string(passed) + " held, " + std::to_string(failed) + " broken";
}

}  // namespace

bool verify(const VerifyOptions& options, const Registry& registry, const std::vector<Kernel>& kernels, Json& document) {
  check_property_names(options.properties);
  // What is wrong with the file is told once, before anything runs.
  if (!options.logits.empty() && read_npy(options.logits).values.empty()) throw Error(kUnreadable, options.logits + ": holds no logits");
  Contract contract = read_contract(options.contract);
  std::vector<Result> results(kernels.size());
  std::atomic<std::size_t> next{0};
  std::mutex terminal;
  const bool show = isatty(STDERR_FILENO);
  const auto work = [&] {
    for (std::size_t i; !interrupted() && (i = next++) < kernels.size();) {
      results[i] = verify_one(options, kernels[i]);
      const std::lock_guard lock(terminal);
      if (show) std::fprintf(stderr, "verify %zu/%zu  %-36s %5.1f s  %s\n", i + 1, kernels.size(), kernels[i].id.c_str(), results[i].seconds, summary_of(results[i]).c_str());
    }
  };
  const unsigned cores = options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < std::min<std::size_t>(cores, kernels.size()); ++i) workers.emplace_back(work);
  for (auto& worker : workers) worker.join();

  for (const Kernel& kernel : kernels) document["kernels"].push_back(kernel_to_json(kernel));
  for (const Absent& absent : registry.absent) document["absent"].push_back({{"name", absent.name}, {"reason", absent.reason}});
  for (const Result& result : results) {
    for (const Json& entry : result.properties) document["properties"].push_back(entry);
    for (const Json& entry : result.accuracy) document["accuracy"].push_back(entry);
  }
  apply_contract(contract, document, options.effort != kEffortNames[0] && options.one_case.empty());
  return !interrupted();
}

std::set<std::string> failed_kernels(const Json& document) {
  std::set<std::string> failed;
  for (const Json& verdict : document["properties"])
    if (verdict["verdict"] != "pass" && verdict["verdict"] != "skip" && verdict["severity"] == "must") failed.insert(verdict["kernel"]);
  return failed;
}

}  // namespace softmark
