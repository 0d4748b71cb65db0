// SPDX-License-Identifier: Apache-2.0
// GitHub-flavoured Markdown for step summaries, issues and notes: the verdicts first, the long
// tables folded away.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/data.h"
#include "reports/isa_class.h"
#include "reports/readers.h"
#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kShownElements = 8;

std::string md(const Json& row, const char* key) { return escape_markdown(text_of(row, key)); }

/// A code span that its content cannot leave: the fence is longer than any run of backticks inside.
std::string code(std::string_view text) {
  const std::string line = one_line(text);
  std::string fence = "`";
  while (line.find(fence) != std::string::npos) fence += '`';
  std::string cell;  // in a table cell even code must not hold a bare pipe
  for (char c : line) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  const bool apart = fence.size() > 1 || line.empty();
  return fence + (apart ? " " : "") + cell + (apart ? " " : "") + fence;
}

std::string verdict_cell(const KernelView& kernel) {
  if (kernel.standing == Standing::kIncomplete)
    return escape_markdown(kernel.verdict() + ": " + kernel.named_briefly(Outcome::kIncomplete) +
                           " open");
  std::vector<std::string> names =
      kernel.named(kernel.standing == Standing::kFail ? Outcome::kFail : Outcome::kExpected);
  for (std::string& name : names) name = escape_markdown(name);
  const std::string verdict = escape_markdown(kernel.verdict());
  const std::string shown = kernel.standing == Standing::kFail ? "**" + verdict + "**" : verdict;
  return names.empty() ? shown : fmt::format("{}: {}", shown, fmt::join(names, ", "));
}

std::string speed_row(const Entry& entry) {
  const Json& row = *entry.measurement;
  const std::string place =
      entry.place ? fmt::format("{}{}", entry.tied ? "~" : "", entry.place) : "";
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", place,
                     escape_markdown(entry.kernel->label()),
                     entry.place ? verdict_cell(*entry.kernel) : escape_markdown(entry.why_not),
                     entry.kernel->share_text(), entry.kernel->ulp_text(),
                     escape_markdown(entry.kernel->grade()), entry.time_text(),
                     entry.interval_text(), figure(field(row, "gb_per_s")),
                     figure(field(row, "x_memcpy")), escape_markdown(share_of_ceiling(row)));
}

constexpr const char* kSpeedHead =
    "| place | kernel | verdict | error/bound | max ulp | grade | ns/element | 95 % | GB/s "
    "| x memcpy | of ceiling |\n|--:|:--|:--|--:|--:|:--|--:|--:|--:|--:|--:|\n";

std::string speed_table(const Ranking& ranking) {
  std::string text = fmt::format("{}\n\n{}", escape_markdown(ranking.shape.words()), kSpeedHead);
  bool disturbed = false;
  for (const auto* entries : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *entries) {
      text += speed_row(entry);
      disturbed = disturbed || entry.disturbed;
    }
  return text + (disturbed ? "\n!: disturbed by other work on its cores\n\n" : "\n");
}

std::string untimed_table(const View& view) {
  std::string rows;
  for (const KernelView* kernel : untimed(view))
    rows += fmt::format("| {} | {} | {} | {} | {} |\n", escape_markdown(kernel->id),
                        verdict_cell(*kernel), kernel->share_text(), kernel->ulp_text(),
                        escape_markdown(kernel->grade()));
  return rows.empty() ? ""
                      : fmt::format(
                            "### Not timed\n\n| kernel | verdict | error/bound | max ulp | grade "
                            "|\n|:--|:--|--:|--:|:--|\n{}\n",
                            rows);
}

std::string group(const View& view, const std::string& op, const std::string& dtype) {
  std::string text = fmt::format("### {} {}\n\n", escape_markdown(op), escape_markdown(dtype));
  const Ranking* speed = headline(view, op, dtype);
  text += speed_table(*speed);
  if (const auto classes = ranking_by_isa(*speed, least_effect(view.document));
      classes.size() > 1) {
    for (const auto& [name, line] : classes)
      text += fmt::format("- {}: {}\n", name, escape_markdown(line));
    text += "\n";
  }
  std::string rest;
  for (const Ranking& ranking : view.rankings)
    if (&ranking != speed && ranking.shape.op == op && ranking.shape.dtype == dtype)
      rest += speed_table(ranking);
  return rest.empty()
             ? text
             : text + "<details><summary>Every shape</summary>\n\n" + rest + "</details>\n\n";
}

std::string failure(const Finding& finding) {
  const Json& property = *finding.shown;
  std::string text = fmt::format("- {} **{}** ({}, {}): {}\n", code(text_of(property, "kernel")),
                                 md(property, "property"), md(property, "criterion"),
                                 md(property, "verdict"), md(property, "message"));
  const Json& example = field(property, "counterexample");
  if (example.is_object())
    text += fmt::format("  - row {} = {}, got {}, want {}\n",
                        code(data_list(field(example, "x"), kShownElements, false)),
                        code(data_list(field(example, "x"), kShownElements, true)),
                        code(data_list(field(example, "got"), kShownElements, true)),
                        code(data_list(field(example, "want"), kShownElements, true)));
  if (!spot(example).empty()) text += fmt::format("  - {}\n", code(spot(example)));
  const std::string repro = text_of(property, "repro"), also = finding.also_names();
  if (!repro.empty()) text += "  - replay: " + code(repro) + "\n";
  return also.empty() ? text : text + fmt::format("  - also: {}\n", escape_markdown(also));
}

std::string findings(const View& view) {
  std::string text;
  const auto add = [&](const char* head, const std::string& items) {
    if (!items.empty()) text += fmt::format("### {}\n\n{}\n", head, items);
  };
  const auto section = [&](Outcome wanted, const char* head, auto&& item) {
    std::string items;
    for (const Json* row : view.with(wanted)) items += item(*row);
    add(head, items);
  };
  const auto reasoned = [](const Json& row) {
    return fmt::format("- {} **{}**: {}\n", code(text_of(row, "kernel")), md(row, "property"),
                       md(row, "reason"));
  };
  const auto reported = [](const Json& row) {
    return fmt::format("- {} **{}**: {}\n", code(text_of(row, "kernel")), md(row, "property"),
                       md(row, "message"));
  };
  std::string failures, open, refused;
  for (const Finding& finding : view.findings(Outcome::kFail)) failures += failure(finding);
  add("Failures", failures);
  section(Outcome::kExpected, "Expected failures", reasoned);
  section(Outcome::kUnexpectedPass, "Expected to fail, but pass now", reasoned);
  section(Outcome::kInconclusive, "Undecided", reported);
  section(Outcome::kNote, "Notes", reported);
  for (const KernelView& kernel : view.kernels)
    if (const std::string names = kernel.undecided(); !names.empty())
      open += fmt::format("- {}: {}\n", code(kernel.id), escape_markdown(names));
  add("Incomplete: not decided", open);
  for (const KernelView* kernel : view.with_refusals())
    refused += fmt::format("- {}: {}\n", code(kernel->id), escape_markdown(kernel->refusals()));
  add("Refused calls, on which nothing was verified", refused);
  return text;
}

std::string grades(const View& view) {
  std::string text;
  for (const KernelView& kernel : view.kernels)
    if (const std::string sentence = kernel.grade_sentence(); !sentence.empty())
      text += fmt::format("- {}: {}\n", code(kernel.id), escape_markdown(sentence));
  return text.empty() ? ""
                      : fmt::format("<details><summary>Grades</summary>\n\n{}</details>\n\n", text);
}

std::string foot(const View& view) {
  std::string text = certificate_sentence(view.document);
  if (!text.empty()) text = "- certificate: " + text + "\n";
  if (!field(view.document, "accuracy").empty())
    text += fmt::format("- {}\n", escape_markdown(kErrorWords));
  for (const Json& absent : field(view.document, "absent"))
    text += fmt::format("- absent: {}: {}\n", md(absent, "name"), md(absent, "reason"));
  for (const Json& warning : field(view.document, "warnings"))
    text += "- warning: " + escape_markdown(plain(warning)) + "\n";
  return text;
}

std::string document_markdown(const Json& document) {
  const View view(document);
  const Json& run = field(document, "run");
  std::string text = fmt::format(
      "## softmark on {}\n\n{}, seed {}, softmark {}{}\n\n", escape_markdown(view.machine()),
      md(run, "started"), md(run, "seed"), md(field(document, "generator"), "version"),
      view.complete() ? "" : ". **Incomplete**: the run was interrupted");
  text += findings(view);
  for (const auto& [op, dtype] : timed_groups(view)) text += group(view, op, dtype);
  text += untimed_table(view);
  if (view.kernels.empty()) text += "No kernel was verified or timed.\n\n";
  return text + grades(view) + foot(view);
}

}  // namespace

std::string render_markdown(Documents documents) {
  std::vector<std::string> texts;
  for (const Json& document : documents) texts.push_back(document_markdown(document));
  return fmt::format("{}", fmt::join(texts, "\n"));
}

}  // namespace softmark
