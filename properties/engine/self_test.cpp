// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/self_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "support/interrupts.h"

namespace softmark {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarker = "killed by ";
constexpr double kCallSeconds = 0.9;  // a mutant that hangs costs five of these
constexpr double kSlowSeconds = 5;    // a kill that takes longer is told

/// One kernel of the two plugins, and what became of it.
struct Subject {
  Kernel kernel;
  std::string wanted;  // the property that must kill it; empty for a control
  std::vector<std::string> killers;
  std::string message;  // of the first killer
  std::size_t passed = 0;
  double seconds = 0;

  bool is_mutant() const { return !wanted.empty(); }
  bool killed_as_wanted() const {
    return std::find(killers.begin(), killers.end(), wanted) != killers.end();
  }
};

std::string property_of(const Kernel& mutant) {
  const std::size_t end = mutant.summary.find(':');
  const bool marked = mutant.summary.rfind(kMarker, 0) == 0 && end != std::string::npos;
  const std::string named =
      marked ? mutant.summary.substr(kMarker.size(), end - kMarker.size()) : "";
  if (std::none_of(all_properties().begin(), all_properties().end(),
                   [&](const Property* p) { return p->name == named; }))
    throw Error(kUnreadable, mutant.id + ": its summary must begin with 'killed by PROPERTY: '");
  return named;
}

std::vector<Subject> subjects() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path() / "plugins";
  const std::string mutants = folder / "softmark_mutants.so",
                    controls = folder / "softmark_controls.so";
  std::vector<Subject> all;
  for (const Kernel& kernel : load_registry({mutants, controls}, false).kernels) {
    if (kernel.provider != "plugin") continue;
    Subject& subject = all.emplace_back();
    subject.kernel = kernel;
    if (kernel.library == mutants) subject.wanted = property_of(kernel);
  }
  return all;
}

// One run of `verify` on this kernel alone.
void hold(Subject& subject, VerifyOptions options) {
  options.known_failures = "none";
  options.corpus.clear();  // what mutants fail is nothing to keep
  options.jobs = 1;
  options.call_timeout_seconds = subject.is_mutant() ? kCallSeconds : options.call_timeout_seconds;
  Json document = Json::object();
  verify(options, Registry(), {subject.kernel}, document);
  for (const Json& verdict : document["properties"]) {
    const bool holds = verdict["verdict"] == "pass" || verdict["verdict"] == "skip";
    subject.passed += verdict["verdict"] == "pass";
    if (holds || (verdict["severity"] != "error" && verdict["property"] != subject.wanted))
      continue;
    if (subject.killers.empty()) subject.message = verdict["message"];
    subject.killers.push_back(verdict["property"]);
  }
}

// The named property alone is asked first; only who survives it meets the others.
void judge(Subject& subject, const VerifyOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  VerifyOptions first = options;
  if (subject.is_mutant()) first.properties = {subject.wanted};
  hold(subject, first);
  subject.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (subject.is_mutant() && subject.killers.empty()) hold(subject, options);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// The score, worst first; counts what fails the test.
std::string score_of(const std::vector<Subject>& all, std::size_t& bad) {
  std::string told;
  std::size_t mutants = 0, as_wanted = 0, by_another = 0, controls = 0, flagged = 0;
  const Subject* slowest = nullptr;
  for (const Subject& s : all) {
    if (!s.is_mutant()) {
      ++controls;
      if (s.killers.empty() && s.passed > 0) continue;
      ++flagged;
      told += fmt::format(
          "  flagged   {:<40} {}\n", s.kernel.id,
          s.killers.empty() ? "no property could be tried" : joined(s.killers) + ": " + s.message);
      continue;
    }
    ++mutants;
    if (!slowest || s.seconds > slowest->seconds) slowest = &s;
    if (s.killed_as_wanted()) {
      ++as_wanted;
      if (s.seconds > kSlowSeconds)
        told += fmt::format("  slow      {:<40} {:.1f} s until {} had its verdict\n", s.kernel.id,
                            s.seconds, s.wanted);
    } else if (!s.killers.empty()) {
      ++by_another;
      told += fmt::format("  elsewhere {:<40} killed by {}, not by {}\n", s.kernel.id,
                          joined(s.killers), s.wanted);
    } else {
      told += fmt::format("  survived  {:<40} {}\n", s.kernel.id, s.kernel.summary);
    }
  }
  bad = (mutants - as_wanted) + flagged;
  told += fmt::format(
      "mutants   {}: {} killed by the property that the table names, {} by another only, {} "
      "survived\n",
      mutants, as_wanted, by_another, mutants - as_wanted - by_another);
  told += fmt::format("controls  {}: {} pass, {} flagged\n", controls, controls - flagged, flagged);
  if (slowest)
    told += fmt::format("slowest   {:.1f} s ({})\n", slowest->seconds, slowest->kernel.id);
  return told;
}

}  // namespace

int self_test(const VerifyOptions& options, std::string& text) {
  auto all = subjects();
  // The long ones first, so that no core waits for the last.
  std::stable_partition(all.begin(), all.end(), [](const Subject& s) { return !s.is_mutant(); });
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; !interrupted() && (i = next++) < all.size();) judge(all[i], options);
  };
  std::vector<std::thread> workers;
  const unsigned jobs =
      options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < jobs; ++i) workers.emplace_back(work);
  for (auto& worker : workers) worker.join();
  std::size_t bad = 0;
  text = score_of(all, bad);
  return interrupted() ? kNotMeasurable : bad ? kGateFailed : kPass;
}

}  // namespace softmark
