// SPDX-License-Identifier: Apache-2.0
// GitHub-flavoured Markdown for step summaries, issues and notes: the decision first, then what
// failed; known failures a line a library; the long tables folded away.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>

#include "reports/across.h"
#include "reports/brief.h"
#include "reports/data.h"
#include "reports/isa_class.h"
#include "reports/machine_name.h"
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

std::string folded(const std::string& head, const std::string& items) {
  return items.empty()
             ? ""
             : fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n\n", head, items);
}

std::string counted(const char* head, const std::string& items) {
  return fmt::format("{} ({})", head, std::count(items.begin(), items.end(), '\n'));
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
  std::string failures, open;
  for (const Finding& finding : view.findings(Outcome::kFail)) failures += failure(finding);
  add("Failures", failures);
  section(Outcome::kUnexpectedPass, "Expected to fail, but pass now", reasoned);
  section(Outcome::kInconclusive, "Undecided", reported);
  for (const KernelView& kernel : view.kernels)
    if (const std::string names = kernel.undecided(); !names.empty())
      open += fmt::format("- {}: {}\n", code(kernel.id), escape_markdown(names));
  add("Incomplete: not decided", open);
  return text;
}

/// What is no news: known failures a line a library, the rest folded.
std::string known(const View& view) {
  std::string libraries, expected, notes, refused;
  for (const KnownWrong& library : known_wrong(view))
    libraries += fmt::format("- {}\n", escape_markdown(library.line()));
  for (const Finding& finding : view.findings(Outcome::kExpected)) {
    const Json& row = *finding.shown;
    const std::string also = finding.also_names();
    expected +=
        fmt::format("- {} **{}**: {}{}\n", code(text_of(row, "kernel")), md(row, "property"),
                    md(row, "reason"), also.empty() ? "" : "; also " + escape_markdown(also));
  }
  for (const Json* row : view.with(Outcome::kNote))
    notes += fmt::format("- {} **{}**: {}\n", code(text_of(*row, "kernel")), md(*row, "property"),
                         md(*row, "message"));
  for (const KernelView* kernel : view.with_refusals())
    refused += fmt::format("- {}: {}\n", code(kernel->id), escape_markdown(kernel->refusals()));
  return (libraries.empty() ? "" : fmt::format("### Known to be wrong\n\n{}\n", libraries)) +
         folded(counted("Each known failure", expected), expected) +
         folded(counted("Notes", notes), notes) +
         folded(counted("Kernels that refused calls, on which nothing was verified", refused),
                refused);
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

std::string decided(const View& view) {
  const auto needs = default_needs(view);
  if (needs.empty()) return "";
  const Decision decision = select(view, needs.front()).decision;
  return fmt::format("**{}** {}\n\n", escape_markdown(decision.sentence),
                     escape_markdown(decision.sure));
}

std::string document_markdown(const Json& document, const std::string& name) {
  const View view(document);
  const Json& run = field(document, "run");
  std::string text =
      fmt::format("## softmark on {}\n\n{}{}, seed {}, softmark {}, machine {}{}\n\n",
                  escape_markdown(name), decided(view), md(run, "started"), md(run, "seed"),
                  md(field(document, "generator"), "version"), code(view.machine()),
                  view.complete() ? "" : ". **Incomplete**: the run was interrupted");
  text += findings(view);
  // The opening group in full, the others folded.
  const auto needs = default_needs(view);
  for (const auto& [op, dtype] : timed_groups(view)) {
    const bool opens = op == needs.front().op && dtype == needs.front().dtype;
    const std::string tables = group(view, op, dtype);
    text += opens ? tables : folded(escape_markdown(op + " " + dtype), tables);
  }
  text += known(view);
  text += folded("Not timed", untimed_table(view));
  if (view.kernels.empty()) text += "No kernel was verified or timed.\n\n";
  return text + grades(view) + foot(view);
}

std::string across_markdown(Documents documents) {
  if (documents.size() < 2) return "";
  std::deque<View> owned;  // views do not move
  std::vector<const View*> views;
  std::string head = "| kernel |", rule = "|:--|", text;
  for (const std::string& name : distinct_machine_names(documents)) {
    head += " " + escape_markdown(name) + " |";
    rule += "--:|";
  }
  for (const Json& document : documents) views.push_back(&owned.emplace_back(document));
  for (const auto& [op, dtype] : timed_groups(owned.front())) {
    const Shape& shape = headline(owned.front(), op, dtype)->shape;
    text += fmt::format("{} {}, {}\n\n{}\n{}\n", escape_markdown(op), escape_markdown(dtype),
                        escape_markdown(shape.words()), head, rule);
    for (const AcrossRow& row : across(views, shape)) {
      text += "| " + escape_markdown(row.kernel) + " |";
      for (const AcrossCell& cell : row.cells) text += " " + cell.text + " |";
      text += "\n";
    }
    text += "\n";
  }
  return text.empty() ? "" : fmt::format("## Machines\n\n{}\n\n{}", kAcrossWords, text);
}

}  // namespace

std::string render_markdown(Documents documents) {
  std::vector<std::string> texts;
  const auto names = distinct_machine_names(documents);
  for (std::size_t i = 0; i < documents.size(); ++i)
    texts.push_back(document_markdown(documents[i], names[i]));
  return fmt::format("{}{}", across_markdown(documents), fmt::join(texts, "\n"));
}

}  // namespace softmark
