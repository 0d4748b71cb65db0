// SPDX-License-Identifier: Apache-2.0
// A comparison of two documents as a comment on a pull request.
#include <fmt/format.h>

#include <algorithm>

#include "reports/compare.h"
#include "reports/machine_name.h"
#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kMostListed = 20;

bool is_regression(const Json& finding) {
  const std::string what = text_of(finding, "finding");
  return what == "BROKEN" || what == "WORSE";
}

std::string words_of(const Json& finding) {
  if (finding.contains("old_max_ulp"))
    return fmt::format("max ulp {} → {}", figure(finding["old_max_ulp"]),
                       figure(finding["new_max_ulp"]));
  if (finding.contains("old_grade"))
    return fmt::format("grade {} → {}", text_of(finding, "old_grade"),
                       text_of(finding, "new_grade"));
  const std::string message = text_of(finding, "message"), what = text_of(finding, "finding");
  if (what == "failing") return "failed before, still fails";
  if (what == "fixed") return "failed before, now " + text_of(finding, "verdict");
  if (what == "unknown") return "passed before, now not decided";
  return message;
}

/// Text between back-quotes, whatever it holds.
std::string code(const std::string& text) {
  std::string shown = one_line(text);
  std::replace(shown.begin(), shown.end(), '`', '\'');
  std::replace(shown.begin(), shown.end(), '|', '/');
  return "`" + shown + "`";
}

std::string finding_row(const Json& finding) {
  std::string where = text_of(finding, "property") + text_of(finding, "domain");
  if (const std::string shape = text_of(finding, "shape"); !shape.empty()) where = shape;
  const std::string repro = text_of(finding, "repro");
  return fmt::format("| {} | {} | {} | {}{} |\n", text_of(finding, "finding"),
                     code(text_of(finding, "kernel")), escape_markdown(where),
                     escape_markdown(words_of(finding)),
                     is_regression(finding) && !repro.empty() ? "<br>" + code(repro) : "");
}

/// A table of at most so many of the rows; "" for none.
std::string table(const char* head, const std::vector<std::string>& rows) {
  if (rows.empty()) return "";
  std::string text = head;
  for (std::size_t i = 0; i < std::min(rows.size(), kMostListed); ++i) text += rows[i];
  if (rows.size() > kMostListed)
    text +=
        fmt::format("\nand {} more (`softmark compare` lists all)\n", rows.size() - kMostListed);
  return text + "\n";
}

std::string folded(const std::string& summary, const std::string& text) {
  return text.empty()
             ? ""
             : fmt::format("<details><summary>{}</summary>\n\n{}</details>\n\n", summary, text);
}

std::string findings(const Comparison& comparison) {
  constexpr const char* kFindingsHead = "| | kernel | where | what |\n|---|---|---|---|\n";
  std::vector<std::string> regressions, others;
  for (const Json& finding : comparison.findings)
    (is_regression(finding) ? regressions : others).push_back(finding_row(finding));
  return table(kFindingsHead, regressions) +
         folded(fmt::format("{} other changes of verdicts and errors", others.size()),
                table(kFindingsHead, others));
}

std::string speed(const Comparison& comparison) {
  constexpr const char* kSpeedHead =
      "| | kernel | shape | old ns | new ns | ratio | 95 % |\n|---|---|---|--:|--:|--:|---|\n";
  std::vector<std::string> counted, others;
  for (const Json& row : comparison.speed) {
    const std::string verdict = text_of(row, "verdict");
    const bool counts = truth_of(row, "counts") && verdict == "SLOWER";
    (counts ? counted : others)
        .push_back(fmt::format("| {} | {} | {} | {} | {} | {} | {} .. {} |\n", verdict,
                               code(text_of(row, "kernel")), escape_markdown(text_of(row, "shape")),
                               figure(field(row, "old_ns")), figure(field(row, "new_ns")),
                               figure(field(row, "ratio")), figure(row["ci95"][0]),
                               figure(row["ci95"][1])));
  }
  return table(kSpeedHead, counted) +
         folded(fmt::format("{} times that differ, may differ, or do not count", others.size()),
                table(kSpeedHead, others));
}

std::string run_line(const char* side, const Json& document) {
  const Json &run = field(document, "run"), &generator = field(document, "generator");
  return escape_markdown(fmt::format("{}: softmark {} {}, {}, {}{}", side,
                                     text_of(generator, "version"), text_of(generator, "git"),
                                     text_of(run, "started"), machine_name(document),
                                     field(run, "complete") == false ? ", INCOMPLETE" : ""));
}

}  // namespace

std::string comparison_markdown(const Comparison& comparison, const Json& old_document,
                                const Json& new_document) {
  const std::string sentence =
      comparison.broken == 0
          ? "no regression"
          : fmt::format("{} regression{}", comparison.broken, comparison.broken == 1 ? "" : "s");
  const bool same_rows =
      field(field(old_document, "run"), "seed") == field(field(new_document, "run"), "seed");
  return fmt::format(
      "### softmark: {}{}\n\n{}{}<sub>{}<br>{}{}</sub>\n", sentence,
      comparison.undecided ? fmt::format(", {} undecided", comparison.undecided) : "",
      findings(comparison), speed(comparison), run_line("old", old_document),
      run_line("new", new_document),
      same_rows ? "" : "<br>the seeds differ: the errors come from different rows");
}

}  // namespace softmark
