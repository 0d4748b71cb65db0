// SPDX-License-Identifier: Apache-2.0
#include "reports/brief.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "reports/across.h"
#include "reports/data.h"
#include "reports/machine_name.h"
#include "reports/readers.h"
#include "reports/scatter.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kMostLines = 40, kWide = 110, kMostRows = 6, kFewKernels = 10,
                      kMostDecisions = 5, kMostFailures = 6, kMostShown = 2, kMostOfFailures = 14,
                      kMostOfFewKernels = 28, kMostNotes = 4, kLeastKnown = 2, kMostAbsent = 3;

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Lines of at most `width` columns where words allow that; the second and further are indented.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string lines;
  std::size_t column = 0;
  std::istringstream words(one_line(text));
  for (std::string word; words >> word; column += word.size()) {
    if (column == 0) {
      lines += word;
    } else if (column + 1 + word.size() > width) {
      lines += "\n  " + word;
      column = 2;
    } else {
      lines += " " + word;
      ++column;
    }
  }
  return lines + "\n";
}

/// At most so many of the lines, and how many were left out.
std::string list_of(const std::vector<std::string>& lines, std::size_t most, std::size_t width) {
  std::string text;
  const std::size_t shown = lines.size() <= most ? lines.size() : most - 1;
  for (std::size_t i = 0; i < shown; ++i)
    text += "  " + clipped(one_line(lines[i]), width - 2) + "\n";
  return shown == lines.size()
             ? text
             : text + fmt::format("  and {} more: --verbose\n", lines.size() - shown);
}

std::string head(const View& view, const BriefRequest& request) {
  const Json &document = view.document, &run = field(document, "run");
  std::size_t passed = 0, wrong = 0;
  for (const KernelView& kernel : view.kernels) {
    passed += kernel.standing == Standing::kPass;
    wrong += is_wrong(kernel.standing);
  }
  return wrapped(fmt::format("{} kernel{} on {}: {} pass, {} wrong, {} other; seed {}, {} s{}",
                             view.kernels.size(), view.kernels.size() == 1 ? "" : "s",
                             request.machine.empty() ? machine_name(document) : request.machine,
                             passed, wrong, view.kernels.size() - passed - wrong,
                             text_of(run, "seed"), figure(field(run, "seconds")),
                             view.complete() ? "" : "; INCOMPLETE: the run was interrupted"),
                 request.width);
}

/// The first in full, the others in a line each.
std::string decisions(const std::vector<Selection>& selections, std::size_t width) {
  if (selections.empty()) return "";
  std::string text =
      wrapped(selections[0].decision.sentence, width) + wrapped(selections[0].decision.sure, width);
  std::vector<std::string> others;
  for (std::size_t i = 1; i < selections.size(); ++i)
    others.push_back(selections[i].decision.sentence);
  return text + list_of(others, kMostDecisions, width);
}

/// What became of a candidate.
std::string words_of(const Selection& selection, const Candidate& candidate) {
  if (!candidate.lost.empty()) return one_line(candidate.lost);
  if (&candidate == selection.winner()) return "use this";
  return candidate.tied ? "a tie"
                        : fmt::format("{:.2f} x the time",
                                      candidate.entry->ns / selection.decision.winner->ns);
}

/// A narrow table leaves out what the decision's sentence does not need.
std::string table(const Selection& selection, bool decided_by_needs, std::size_t width) {
  const bool wide = width >= kWide;
  std::vector<std::string> columns = {"kernel", "", "ns/element", "error/bound", "max ulp"};
  if (wide) columns.insert(columns.end(), {"of ceiling", "grade"});
  TextTable table(columns, "<<>>>><");
  const std::size_t shown = std::min(selection.candidates.size(), kMostRows);
  for (std::size_t i = 0; i < shown; ++i) {
    const Candidate& candidate = selection.candidates[i];
    const KernelView& kernel = *candidate.kernel;
    std::vector<std::string> cells = {clipped(one_line(kernel.label()), wide ? 44 : 26),
                                      clipped(words_of(selection, candidate), wide ? 40 : 15),
                                      candidate.entry ? candidate.entry->time_text() : "-",
                                      kernel.share_text(), kernel.ulp_text()};
    if (wide)
      cells.insert(cells.end(),
                   {candidate.entry ? share_of_ceiling(*candidate.entry->measurement) : "-",
                    kernel.grade()});
    table.add(std::move(cells));
  }
  const std::string far = decided_by_needs ? distance(selection) : "";
  std::string text = wrapped(fmt::format("{} {}, {}{}{}", selection.shape().op,
                                         selection.shape().dtype, selection.shape().words(),
                                         far.empty() ? "" : "; the shape measured has ", far),
                             width) +
                     table.text();
  if (selection.candidates.size() > shown)
    text += fmt::format("  and {} more: --verbose\n", selection.candidates.size() - shown);
  if (std::any_of(
          selection.candidates.begin(),
          selection.candidates.begin() + static_cast<std::ptrdiff_t>(shown),
          [](const Candidate& candidate) { return candidate.entry && candidate.entry->disturbed; }))
    text += "  !: disturbed by other work on its cores\n";
  return text;
}

/// Without measurements: the kernels where they are few, else how many of each op pass.
std::string verdicts(const View& view) {
  if (view.kernels.size() <= kFewKernels) {
    TextTable table({"kernel", "verdict", "error/bound", "max ulp", "grade", "verified in s"},
                    "<<>><>");
    for (const KernelView& kernel : view.kernels)
      table.add({one_line(kernel.id), one_line(kernel.verdict()), kernel.share_text(),
                 kernel.ulp_text(), kernel.grade(),
                 kernel.row ? figure(field(*kernel.row, "verify_seconds")) : "-"});
    return view.kernels.empty() ? "No kernel was verified or timed.\n" : "\n" + table.text();
  }
  std::vector<std::string> ops;
  for (const KernelView& kernel : view.kernels)
    if (std::find(ops.begin(), ops.end(), kernel.op) == ops.end()) ops.push_back(kernel.op);
  TextTable table({"op", "pass", "wrong", "other"}, "<>");
  for (const std::string& op : ops) {
    std::size_t all = 0, passed = 0, wrong = 0;
    for (const KernelView& kernel : view.kernels) {
      if (kernel.op != op) continue;
      ++all;
      passed += kernel.standing == Standing::kPass;
      wrong += is_wrong(kernel.standing);
    }
    table.add(
        {op, std::to_string(passed), std::to_string(wrong), std::to_string(all - passed - wrong)});
  }
  return "\n" + table.text();
}

std::string failures(const View& view, std::size_t width) {
  const auto found = view.findings(Outcome::kFail);
  if (found.empty()) return "";
  std::string text = fmt::format("\n{} failure{}\n", found.size(), found.size() == 1 ? "" : "s");
  const std::size_t most = view.kernels.size() <= kFewKernels && view.rankings.empty()
                               ? kMostOfFewKernels
                               : kMostOfFailures;
  std::string shown;
  for (std::size_t i = 0; i < std::min(found.size(), kMostShown); ++i)
    shown += failure_text(found[i], "FAIL");
  if (found.size() <= kMostShown && (found.size() == 1 || lines_of(shown) <= most))
    return text + shown;
  std::vector<std::string> lines;
  for (const Finding& finding : found)
    lines.push_back(fmt::format("{} {}: {}", text_of(*finding.shown, "kernel"),
                                text_of(*finding.shown, "property"),
                                text_of(*finding.shown, "message")));
  return text + list_of(lines, kMostFailures, width);
}

/// Refusals are news of a plugin, and where few kernels ran; else the foot counts them.
bool is_listed(const View& view, const KernelView& kernel) {
  return view.kernels.size() <= kFewKernels ||
         (kernel.row && text_of(*kernel.row, "provider") == "plugin");
}

/// What was not decided and what was refused, a line a kernel.
std::string open(const View& view, std::size_t width) {
  std::vector<std::string> lines;
  for (const KernelView& kernel : view.kernels) {
    if (const std::string names = kernel.undecided(); !names.empty())
      lines.push_back(fmt::format("{}: not decided: {}", kernel.id, names));
    if (const std::string refusals = kernel.refusals();
        !refusals.empty() && is_listed(view, kernel))
      lines.push_back(fmt::format("{}: {}", kernel.id, refusals));
  }
  for (const Json* row : view.with(Outcome::kUnexpectedPass))
    lines.push_back(
        fmt::format("{} {}: passes, though known to fail; remove it from the known "
                    "failures",
                    text_of(*row, "kernel"), text_of(*row, "property")));
  for (const Json* row : view.with(Outcome::kInconclusive))
    lines.push_back(fmt::format("{} {}: {}", text_of(*row, "kernel"), text_of(*row, "property"),
                                text_of(*row, "message")));
  std::map<std::string, std::size_t> notes;
  for (const Json* row : view.with(Outcome::kNote)) ++notes[text_of(*row, "property")];
  std::vector<std::string> noted;
  for (const auto& [property, count] : notes)
    noted.push_back(fmt::format("{} ({} kernel{})", property, count, count == 1 ? "" : "s"));
  std::string text = lines.empty() ? "" : "\nNot decided\n" + list_of(lines, kMostNotes, width);
  if (!noted.empty())
    text += "\n" + clipped(fmt::format("Notes: {}", fmt::join(noted, ", ")), width) + "\n";
  return text;
}

/// In at most so many lines, its head among them; those without a line of their own by name.
std::string known(const View& view, std::size_t most, std::size_t width) {
  const std::vector<KnownWrong> all = known_wrong(view);
  if (all.empty()) return "";
  const std::size_t shown = all.size() <= most - 2 ? all.size() : most - 3;
  std::string text = "\nKnown to be wrong\n";
  for (std::size_t i = 0; i < shown; ++i) text += "  " + all[i].line(width - 2) + "\n";
  if (shown == all.size()) return text;
  std::string names;
  for (std::size_t i = shown; i < all.size(); ++i)
    names += (i == shown ? "" : ", ") + one_line(all[i].name);
  const std::string more = fmt::format("  and {} more: --verbose: ", all.size() - shown);
  return text + more + clipped(names, width - more.size()) + "\n";
}

/// What is absent and why, a line each where they are few.
std::string absent(const View& view, std::size_t width) {
  const Json& rows = field(view.document, "absent");
  std::string text;
  std::vector<std::string> names;
  for (const Json& row : rows) {
    names.push_back(one_line(text_of(row, "name")));
    text +=
        clipped(
            one_line(fmt::format("absent: {}: {}", text_of(row, "name"), text_of(row, "reason"))),
            width) +
        "\n";
  }
  if (names.size() <= kMostAbsent) return text;
  constexpr const char* kHow = " (softmark list says why and how to get them)";
  const std::string all = fmt::format("absent: {}", fmt::join(names, ", "));
  return clipped(all, width - std::string_view(kHow).size()) + kHow + "\n";
}

std::string foot(const View& view, const BriefRequest& request) {
  std::string text = absent(view, request.width);
  std::size_t refusing = 0;
  for (const KernelView* kernel : view.with_refusals()) refusing += !is_listed(view, *kernel);
  if (refusing > 0)
    text +=
        fmt::format("{} kernel{} refused some calls, on which nothing was verified: --verbose\n",
                    refusing, refusing == 1 ? "" : "s");
  const Json& list = field(view.document, "warnings");
  const std::size_t warnings = list.is_array() ? list.size() : 0;
  if (warnings > 0)
    text += clipped(fmt::format("{} warning{}: {}", warnings, warnings == 1 ? "" : "s",
                                one_line(plain(list[0]))),
                    request.width) +
            "\n";
  if (!request.more.empty()) text += request.more + "\n";
  return text.empty() ? "" : "\n" + text;
}

}  // namespace

/// Where nothing was asked for: softmax of float32, else the first op and type that was timed.
std::vector<ChooseRequest> default_needs(const View& view) {
  const auto groups = timed_groups(view);
  if (groups.empty()) return {};
  const std::pair<std::string, std::string> usual = {"softmax", "f32"};
  const auto group =
      std::find(groups.begin(), groups.end(), usual) != groups.end() ? usual : groups[0];
  const Shape& shape = headline(view, group.first, group.second)->shape;
  ChooseRequest request;
  request.op = group.first;
  request.dtype = group.second;
  request.rows = shape.rows;
  request.cols = shape.cols;
  request.threads = shape.threads;
  return {request};
}

std::string KnownWrong::line(std::size_t width) const {
  std::string text = one_line(
      fmt::format("{} ({} kernel{}): ", name, kernels.size(), kernels.size() == 1 ? "" : "s"));
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const std::string rest =
        i + 1 < faults.size() ? fmt::format("; and {} more", faults.size() - i - 1) : "";
    const std::string next = (i == 0 ? "" : "; ") + faults[i];
    if (i > 0 && text.size() + next.size() + rest.size() > width)
      return text + fmt::format("; and {} more", faults.size() - i);
    text += next;
  }
  return clipped(text, width);
}

std::vector<KnownWrong> known_wrong(const View& view) {
  std::vector<KnownWrong> libraries;
  const auto add = [](std::vector<std::string>& to, const std::string& text) {
    if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(text);
  };
  for (const KernelView& kernel : view.kernels)
    for (const Json* property : kernel.properties) {
      if (outcome(*property) != Outcome::kExpected) continue;
      const std::string name = one_line(kernel.versioned());
      auto library = std::find_if(libraries.begin(), libraries.end(),
                                  [&](const KnownWrong& l) { return l.name == name; });
      if (library == libraries.end()) library = libraries.insert(libraries.end(), {name, {}, {}});
      const std::string brief = text_of(*property, "brief");
      add(library->faults, one_line(brief.empty() ? text_of(*property, "reason") : brief));
      add(library->kernels, kernel.id);
    }
  return libraries;
}

std::string brief(const Json& document, const BriefRequest& request) {
  const View view(document);
  const bool asked = !request.needs.empty();
  std::vector<Selection> selections;
  for (const ChooseRequest& needs : asked ? request.needs : default_needs(view))
    selections.push_back(select(view, needs));
  const std::size_t width = request.width;
  std::string text = head(view, request) + decisions(selections, width);
  const std::string broken = failures(view, width);
  if (!selections.empty()) {
    text += "\n" + table(selections[0], asked, width);
    if (broken.empty()) text += scatter(selections[0]);
  } else {
    text += verdicts(view);
  }
  text += broken + open(view, width);
  const std::string end = foot(view, request);
  const std::size_t used = lines_of(text) + lines_of(end),
                    left = kMostLines > used ? kMostLines - used : 0;
  return text + known(view, std::max(left, kLeastKnown + 2), width) + end;
}

std::string render_brief(Documents documents) {
  constexpr std::size_t kMostShapes = 1, kMostKernels = 12;
  std::vector<std::string> texts;
  const auto names = distinct_machine_names(documents);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    BriefRequest request;
    request.machine = names[i];
    texts.push_back(brief(documents[i], request));
  }
  return fmt::format("{}{}", across_text(documents, kMostShapes, kMostKernels),
                     fmt::join(texts, "\n"));
}

}  // namespace softmark
