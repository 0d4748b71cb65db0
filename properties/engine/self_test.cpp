// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/self_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "support/interrupts.h"
#include "support/progress.h"
#include "support/quote.h"

namespace softmark {
namespace {

constexpr std::string_view kMarker = "killed by ";
constexpr double kCallSeconds = 0.9;  // a mutant that hangs costs five of these
constexpr double kSlowSeconds = 5;    // slower kills are reported

/// One kernel of the two plugins, and its result.
struct Subject {
  Kernel kernel;
  std::string wanted;  // the property that must kill it; empty for a control
  std::string kind;    // the class of its defect: what the summary says, else the property
  std::vector<std::string> killers;
  std::string message;  // of the first killer
  std::size_t passed = 0;
  double seconds = 0;

  bool is_mutant() const { return !wanted.empty(); }
  bool killed_as_wanted() const {
    return std::find(killers.begin(), killers.end(), wanted) != killers.end();
  }
};

/// The property that must kill it, and the class of its defect: "killed by PROPERTY (CLASS): ...".
void read_summary(const Kernel& mutant, Subject& subject) {
  const std::size_t end = mutant.summary.find(':');
  const bool marked = mutant.summary.rfind(kMarker, 0) == 0 && end != std::string::npos;
  const std::string before =
      marked ? mutant.summary.substr(kMarker.size(), end - kMarker.size()) : "";
  const std::size_t open = before.find(" (");
  const std::string named = before.substr(0, open);
  if (std::none_of(all_properties().begin(), all_properties().end(),
                   [&](const Property* p) { return p->name == named; }))
    throw Error(kUnreadable, mutant.id + ": its summary must begin with 'killed by PROPERTY: '");
  subject.wanted = named;
  subject.kind = open == before.npos ? named : named + before.substr(open);
}

std::vector<Subject> subjects() {
  const std::string folder = program_folder() + "plugins/";
  const std::string mutants = folder + "softmark_mutants.so",
                    at_load = folder + "softmark_mutant_at_load.so",
                    controls = folder + "softmark_controls.so";
  std::vector<Subject> all;
  for (const Kernel& kernel : load_plugins({mutants, at_load, controls}).kernels) {
    Subject& subject = all.emplace_back();
    subject.kernel = kernel;
    if (kernel.library != controls) read_summary(kernel, subject);
  }
  return all;
}

/// By the kernel's id.
using Group = std::map<std::string, Subject*>;

// Runs `verify` on these kernels and records the properties that failed. `all_properties`: on
// mutants too, not only the one that must kill them.
void run_verify(const Group& group, VerifyOptions options, bool all_properties) {
  options.known_failures = "none";
  options.corpus.clear();  // failures of mutants are not kept in a corpus
  options.adjust = [&](const Kernel& kernel, VerifyOptions& own) {
    const Subject& subject = *group.at(kernel.id);
    if (!subject.is_mutant()) return;
    own.call_timeout_seconds = kCallSeconds;
    if (!all_properties) own.properties = {subject.wanted};
  };
  std::vector<Kernel> kernels;
  for (const auto& [id, subject] : group) kernels.push_back(subject->kernel);
  Json document = Json::object();
  verify(options, Registry(), kernels, document);
  for (const Json& kernel : document["kernels"])
    group.at(kernel["id"])->seconds += kernel.value("verify_seconds", 0.0);
  for (const Json& verdict : document["properties"]) {
    Subject& subject = *group.at(verdict["kernel"]);
    const bool holds = verdict["verdict"] == "pass" || verdict["verdict"] == "skip" ||
                       verdict["verdict"] == "incomplete";
    subject.passed += verdict["verdict"] == "pass";
    if (holds || (verdict["severity"] != "error" && verdict["property"] != subject.wanted))
      continue;
    if (subject.killers.empty()) subject.message = verdict["message"];
    subject.killers.push_back(verdict["property"]);
  }
}

Group survivors(const Group& group) {
  Group left = group;
  std::erase_if(left, [](const auto& entry) {
    return !entry.second->is_mutant() || !entry.second->killers.empty();
  });
  return left;
}

/// Mutants are tried by the property that must kill them, and by the others where they survive it.
void test(Group group, VerifyOptions options) {
  Progress progress("self-test", static_cast<double>(group.size()));
  options.progress = &progress;
  run_verify(group, options, false);
  group = survivors(group);
  // Some defects only show at sizes that a quick run leaves out.
  if (options.effort == Effort::quick && !group.empty() && !interrupted()) {
    VerifyOptions longer = options;
    longer.effort = Effort::standard;
    run_verify(group, longer, false);
    group = survivors(group);
  }
  if (!group.empty() && !interrupted()) run_verify(group, options, true);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// How many mutants of each class were killed.
std::string by_class(const std::vector<Subject>& all) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> classes;
  for (const Subject& s : all) {
    if (!s.is_mutant()) continue;
    auto& [killed, total] = classes[s.kind];
    killed += s.killed_as_wanted();
    ++total;
  }
  std::string text = "class                                            killed\n";
  for (const auto& [name, score] : classes)
    text += fmt::format("  {:<46} {} of {}\n", name, score.first, score.second);
  return text;
}

/// The score, worst first; `bad` counts the kernels that fail the self-test.
std::string score_of(const std::vector<Subject>& all, std::size_t& bad) {
  std::string text;
  std::size_t mutants = 0, as_wanted = 0, by_another = 0, controls = 0, flagged = 0;
  const Subject* slowest = nullptr;
  for (const Subject& s : all) {
    if (!s.is_mutant()) {
      ++controls;
      if (s.killers.empty() && s.passed > 0) continue;
      ++flagged;
      text += fmt::format(
          "  flagged   {:<40} {}\n", s.kernel.id,
          s.killers.empty() ? "no property could be tried" : joined(s.killers) + ": " + s.message);
      continue;
    }
    ++mutants;
    if (!slowest || s.seconds > slowest->seconds) slowest = &s;
    if (s.killed_as_wanted()) {
      ++as_wanted;
      if (s.seconds > kSlowSeconds)
        text += fmt::format("  slow      {:<40} {:.1f} s until {} failed\n", s.kernel.id, s.seconds,
                            s.wanted);
    } else if (!s.killers.empty()) {
      ++by_another;
      text += fmt::format("  elsewhere {:<40} killed by {}, not by {}\n", s.kernel.id,
                          joined(s.killers), s.wanted);
    } else {
      text += fmt::format("  survived  {:<40} {}\n", s.kernel.id, s.kernel.summary);
    }
  }
  bad = (mutants - as_wanted) + flagged;
  text += by_class(all);
  text += fmt::format(
      "mutants   {}: {} killed by the property that their summary names, {} by another only, {} "
      "survived\n",
      mutants, as_wanted, by_another, mutants - as_wanted - by_another);
  text += fmt::format("controls  {}: {} pass, {} flagged\n", controls, controls - flagged, flagged);
  if (slowest)
    text += fmt::format("slowest   {:.1f} s ({})\n", slowest->seconds, slowest->kernel.id);
  return text;
}

}  // namespace

int self_test(const VerifyOptions& options, std::size_t sample, std::string& text) {
  auto all = subjects();
  std::map<std::string, std::size_t> seen;  // of each property; that of the controls is ""
  std::erase_if(all, [&](const Subject& s) {
    return seen[s.kind.substr(0, s.kind.find(" ("))]++ % sample != 0;
  });
  Group group;
  for (Subject& subject : all) group[subject.kernel.id] = &subject;
  test(std::move(group), options);
  std::size_t bad = 0;
  text = score_of(all, bad);
  if (sample > 1) text += fmt::format("a sample: one of {} of each property\n", sample);
  return interrupted() ? kNotMeasurable : bad ? kGateFailed : kPass;
}

}  // namespace softmark
