// SPDX-License-Identifier: Apache-2.0
// A terminal's view: verdicts, times at one shape that says most, the ranking on every shape in one
// line each, and the smallest counterexample of every failure with the command that replays it.
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/across.h"
#include "reports/data.h"
#include "reports/isa_class.h"
#include "reports/machine_name.h"
#include "reports/measurements.h"
#include "reports/readers.h"
#include "reports/view.h"

namespace softmark {
namespace {

constexpr std::size_t kElementsInText = 6;

/// "pass", "FAIL: alignment +2"; an entry that may not be ranked for another reason says which.
std::string verdict_text(const KernelView& kernel, const Entry* entry) {
  const std::string verdict = kernel.verdict();
  if (kernel.standing == Standing::kPass && entry && !entry->place)
    return verdict + "; here " + entry->why_not;
  if (kernel.standing == Standing::kIncomplete)
    return verdict + ": " + kernel.named_briefly(Outcome::kIncomplete) + " open";
  const std::string failed = kernel.named_briefly(
      kernel.standing == Standing::kFail ? Outcome::kFail : Outcome::kExpected);
  return failed.empty() ? verdict : verdict + ": " + failed;
}

std::vector<std::string> summary_row(const KernelView& kernel, const Entry* entry) {
  std::vector<std::string> row = {one_line(kernel.label()),
                                  one_line(verdict_text(kernel, entry)),
                                  kernel.share_text(),
                                  kernel.ulp_text(),
                                  one_line(kernel.grade()),
                                  entry ? entry->time_text() : "-",
                                  entry ? entry->interval_text() : "-"};
  for (const char* key : {"gb_per_s", "x_memcpy"})
    row.push_back(entry ? figure(field(*entry->measurement, key)) : "-");
  row.push_back(entry ? share_of_ceiling(*entry->measurement) : "-");
  return row;
}

std::string summary(const View& view, const Ranking& speed) {
  TextTable table({"kernel", "verdict", "error/bound", "max ulp", "grade", "ns/element", "95 %",
                   "GB/s", "x memcpy", "of ceiling"});
  bool disturbed = false;
  for (const auto& [kernel, entry] : summary_order(view, speed)) {
    table.add(summary_row(*kernel, entry));
    disturbed = disturbed || (entry && entry->disturbed);
  }
  return one_line(fmt::format("{} {}: times at {}", speed.shape.op, speed.shape.dtype,
                              speed.shape.words())) +
         "\n" + table.text() + (disturbed ? "!: disturbed by other work on its cores\n" : "");
}

std::string untimed_text(const View& view) {
  TextTable table({"kernel", "verdict", "error/bound", "max ulp", "grade", "verified in s"});
  const auto kernels = untimed(view);
  for (const KernelView* kernel : kernels)
    table.add({one_line(kernel->id), one_line(verdict_text(*kernel, nullptr)), kernel->share_text(),
               kernel->ulp_text(), one_line(kernel->grade()),
               kernel->row ? figure(field(*kernel->row, "verify_seconds")) : "-"});
  return kernels.empty() ? "" : fmt::format("\nNot timed\n{}", table.text());
}

std::string place_text(const Entry& entry) {
  const char* relation = entry.place == 1 ? "" : entry.tied ? "~ " : "< ";
  return fmt::format("{}{} {}", relation, one_line(entry.kernel->name), entry.time_text());
}

std::string ranking_line(const Ranking& ranking) {
  std::vector<std::string> places, others;
  for (const Entry& entry : ranking.ranked) places.push_back(place_text(entry));
  for (const Entry& entry : ranking.unranked)  // the wrong ones stand in the summary
    if (!is_wrong(entry.kernel->standing))
      others.push_back(
          fmt::format("{} ({})", one_line(entry.kernel->name), one_line(entry.why_not)));
  if (places.empty()) places.push_back("none passes");
  return fmt::format("{}{}", fmt::join(places, " "),
                     others.empty() ? "" : fmt::format("   unranked: {}", fmt::join(others, ", ")));
}

std::string rankings(const View& view, const std::string& op, const std::string& dtype) {
  TextTable table({"workload", "size", "threads", "cache",
                   "ns/element, fastest first (~: cannot be distinguished)"},
                  "<");
  for (const Ranking& ranking : view.rankings) {
    if (ranking.shape.op != op || ranking.shape.dtype != dtype) continue;
    table.add({one_line(ranking.shape.name()), ranking.shape.size(),
               std::to_string(ranking.shape.threads), one_line(ranking.shape.cache),
               ranking_line(ranking)});
  }
  return !table.empty() ? fmt::format("\n{}", table.text()) : "";
}

/// Where kernels of several classes were timed.
std::string by_isa(const View& view, const Ranking& ranking) {
  const auto classes = ranking_by_isa(ranking, least_effect(view.document));
  if (classes.size() < 2) return "";
  TextTable table({"instructions", "ns/element at " + ranking.shape.size() + ", fastest first"},
                  "<");
  for (const auto& [name, line] : classes) table.add({name, one_line(line)});
  return fmt::format("\n{}", table.text());
}

std::string counterexample_text(const Json& example) {
  if (!example.is_object()) return "";
  std::string text =
      fmt::format("    row    {} x {}: {}\n", count_of(example, "rows"), count_of(example, "cols"),
                  data_list(field(example, "x"), kElementsInText, false));
  for (const char* key : {"x", "g", "labels", "got", "want"}) {
    const Json& data = field(example, key);
    if (!data.is_array() || data.empty()) continue;
    text += fmt::format("    {:<6} {}\n", key, data_list(data, kElementsInText, true));
  }
  const std::string place = spot(example);
  if (!place.empty()) text += fmt::format("    {}\n", place);
  const Json& layout = field(example, "layout");
  if (layout.is_object() && !layout.empty())
    text += fmt::format("    layout {}\n", one_line(plain(layout)));
  return text;
}

}  // namespace

std::string failure_text(const Finding& finding, const char* mark) {
  const Json& property = *finding.shown;
  std::string text =
      fmt::format("  {} {} {} ({}, {}): {}\n", mark, one_line(text_of(property, "kernel")),
                  one_line(text_of(property, "property")), text_of(property, "criterion"),
                  text_of(property, "verdict"), one_line(text_of(property, "message")));
  text += counterexample_text(field(property, "counterexample"));
  const std::string repro = text_of(property, "repro"), also = finding.also_names();
  if (!repro.empty()) text += fmt::format("    replay {}\n", one_line(repro));
  return also.empty() ? text : text + fmt::format("    also   {}\n", one_line(also));
}

namespace {

/// The properties that were not decided, one line a kernel.
std::string undecided(const View& view) {
  std::string text;
  for (const KernelView& kernel : view.kernels)
    if (const std::string names = kernel.undecided(); !names.empty())
      text += one_line(fmt::format("  {}: {}", kernel.id, names)) + "\n";
  return text.empty() ? "" : fmt::format("\nIncomplete: not decided\n{}", text);
}

std::string refusals(const View& view) {
  std::string text;
  for (const KernelView* kernel : view.with_refusals())
    text += one_line(fmt::format("  {}: {}", kernel->id, kernel->refusals())) + "\n";
  return text.empty() ? ""
                      : fmt::format("\nRefused calls, on which nothing was verified\n{}", text);
}

std::string findings_text(const View& view) {
  std::string text;
  const auto section = [&](Outcome wanted, const char* head, auto&& line) {
    const auto rows = view.with(wanted);
    if (!rows.empty()) text += fmt::format("\n{}\n", head);
    for (const Json* row : rows) text += line(*row);
  };
  const auto failures = [&](Outcome wanted, const char* head, auto&& line) {
    const auto found = view.findings(wanted);
    if (!found.empty()) text += fmt::format("\n{}\n", head);
    for (const Finding& finding : found) text += line(finding);
  };
  const auto brief = [](const Json& row) {
    return fmt::format("  {} {}: {}\n", one_line(text_of(row, "kernel")),
                       one_line(text_of(row, "property")), one_line(text_of(row, "message")));
  };
  failures(Outcome::kFail, "Failures",
           [](const Finding& finding) { return failure_text(finding, "FAIL"); });
  failures(Outcome::kExpected, "Expected failures", [](const Finding& finding) {
    return fmt::format("{}    because {}\n", failure_text(finding, "known"),
                       one_line(text_of(*finding.shown, "reason")));
  });
  section(
      Outcome::kUnexpectedPass,
      "Expected to fail, but pass now: remove them from the known failures", [](const Json& row) {
        return fmt::format("  {} {} (was: {})\n", one_line(text_of(row, "kernel")),
                           one_line(text_of(row, "property")), one_line(text_of(row, "reason")));
      });
  section(Outcome::kInconclusive, "Undecided", brief);
  section(Outcome::kNote, "Notes", brief);
  return text + undecided(view) + refusals(view);
}

/// What the grades rest on, where there are few.
std::string grades_text(const View& view) {
  constexpr std::size_t kFew = 8;
  std::string text;
  if (view.kernels.size() > kFew) return text;
  for (const KernelView& kernel : view.kernels)
    if (const std::string sentence = kernel.grade_sentence(); !sentence.empty())
      text += one_line(fmt::format("  {}: {}", kernel.id, sentence)) + "\n";
  return text.empty() ? "" : fmt::format("\nGrades\n{}", text);
}

std::string foot_text(const View& view) {
  std::string text = certificate_sentence(view.document);
  if (!text.empty()) text = "certificate: " + text + "\n";
  if (!field(view.document, "accuracy").empty()) text.append(kErrorWords) += '\n';
  for (const Json& absent : field(view.document, "absent"))
    text += fmt::format("absent: {}: {}\n", one_line(text_of(absent, "name")),
                        one_line(text_of(absent, "reason")));
  for (const Json& warning : field(view.document, "warnings"))
    text += fmt::format("warning: {}\n", one_line(plain(warning)));
  return text.empty() ? "" : fmt::format("\n{}", text);
}

std::string document_text(const Json& document) {
  const View view(document);
  const Json &run = field(document, "run"), &generator = field(document, "generator");
  std::string text = fmt::format("softmark {} on {} ({}), {}, seed {}, {} s{}\n",
                                 one_line(text_of(generator, "version")), machine_name(document),
                                 one_line(view.machine()), text_of(run, "started"),
                                 text_of(run, "seed"), figure(field(run, "seconds")),
                                 view.complete() ? "" : "; INCOMPLETE: the run was interrupted");
  for (const auto& [op, dtype] : timed_groups(view)) {
    const Ranking& speed = *headline(view, op, dtype);
    text += fmt::format("\n{}{}{}", summary(view, speed), rankings(view, op, dtype),
                        by_isa(view, speed));
  }
  if (const std::string calls = calls_table(document); !calls.empty()) text += "\n" + calls;
  text += untimed_text(view);
  if (view.kernels.empty()) text += "\nNo kernel was verified or timed.\n";
  return text + findings_text(view) + grades_text(view) + foot_text(view);
}

}  // namespace

std::string render_text(Documents documents) {
  std::vector<std::string> texts;
  for (const Json& document : documents) texts.push_back(document_text(document));
  return fmt::format("{}{}", across_text(documents), fmt::join(texts, "\n"));
}

}  // namespace softmark
