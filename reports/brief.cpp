// SPDX-License-Identifier: Apache-2.0
#include "reports/brief.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "reports/data.h"
#include "reports/machine_name.h"
#include "reports/readers.h"
#include "reports/scatter.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kMostLines = 40, kWidth = 120, kMostRows = 6, kFewKernels = 10,
                      kMostDecisions = 5, kMostFailures = 6, kMostShown = 2, kMostOfFailures = 14,
                      kMostOfFewKernels = 28, kMostNotes = 4, kLeastKnown = 2;

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Lines of at most kWidth columns where words allow that; the second and further are indented.
std::string wrapped(const std::string& text) {
  std::string lines;
  std::size_t column = 0;
  std::istringstream words(one_line(text));
  for (std::string word; words >> word; column += word.size()) {
    if (column == 0) {
      lines += word;
    } else if (column + 1 + word.size() > kWidth) {
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
std::string list_of(const std::vector<std::string>& lines, std::size_t most) {
  std::string text;
  const std::size_t shown = lines.size() <= most ? lines.size() : most - 1;
  for (std::size_t i = 0; i < shown; ++i) text += "  " + clipped(one_line(lines[i]), kWidth) + "\n";
  return shown == lines.size()
             ? text
             : text + fmt::format("  and {} more: --verbose\n", lines.size() - shown);
}

std::string head(const View& view) {
  const Json &document = view.document, &run = field(document, "run");
  std::size_t passed = 0, wrong = 0;
  for (const KernelView& kernel : view.kernels) {
    passed += kernel.standing == Standing::kPass;
    wrong += is_wrong(kernel.standing);
  }
  return wrapped(fmt::format(
      "{} kernel{} on {}: {} pass, {} wrong, {} other; seed {}, {} s{}", view.kernels.size(),
      view.kernels.size() == 1 ? "" : "s", machine_name(document), passed, wrong,
      view.kernels.size() - passed - wrong, text_of(run, "seed"), figure(field(run, "seconds")),
      view.complete() ? "" : "; INCOMPLETE: the run was interrupted"));
}

/// The first in full, the others in a line each.
std::string decisions(const std::vector<Selection>& selections) {
  if (selections.empty()) return "";
  std::string text =
      wrapped(selections[0].decision.sentence) + wrapped(selections[0].decision.sure);
  std::vector<std::string> others;
  for (std::size_t i = 1; i < selections.size(); ++i)
    others.push_back(selections[i].decision.sentence);
  return text + list_of(others, kMostDecisions);
}

std::string table(const Selection& selection, bool decided_by_needs) {
  TextTable table({"kernel", "", "ns/element", "of ceiling", "error/bound", "max ulp", "grade"},
                  "<<>>>><");
  const std::size_t shown = std::min(selection.candidates.size(), kMostRows);
  const double best = selection.decision.winner ? selection.decision.winner->ns : NAN;
  for (std::size_t i = 0; i < shown; ++i) {
    const Candidate& candidate = selection.candidates[i];
    const KernelView& kernel = *candidate.kernel;
    std::string words = clipped(one_line(candidate.lost), 40);
    if (candidate.lost.empty())
      words = &candidate == selection.winner() ? "use this"
              : candidate.tied                 ? "a tie"
                               : fmt::format("{:.2f} x the time", candidate.entry->ns / best);
    table.add({clipped(one_line(kernel.label()), 44), words,
               candidate.entry ? candidate.entry->time_text() : "-",
               candidate.entry ? share_of_ceiling(*candidate.entry->measurement) : "-",
               kernel.share_text(), kernel.ulp_text(), kernel.grade()});
  }
  const std::string far = decided_by_needs ? distance(selection) : "";
  std::string text = wrapped(fmt::format("{} {}, {}{}{}", selection.shape().op,
                                         selection.shape().dtype, selection.shape().words(),
                                         far.empty() ? "" : "; the shape measured has ", far)) +
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

std::string failures(const View& view) {
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
  return text + list_of(lines, kMostFailures);
}

/// Refusals are news of a plugin, and where few kernels ran; else the foot counts them.
bool is_listed(const View& view, const KernelView& kernel) {
  return view.kernels.size() <= kFewKernels ||
         (kernel.row && text_of(*kernel.row, "provider") == "plugin");
}

/// What was not decided and what was refused, a line a kernel.
std::string open(const View& view) {
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
  if (!noted.empty()) lines.push_back(fmt::format("{}", fmt::join(noted, ", ")));
  return lines.empty() ? "" : "\nNotes\n" + list_of(lines, kMostNotes);
}

/// In at most so many lines, its head among them.
std::string known(const View& view, std::size_t most) {
  const std::vector<std::string> lines = known_lines(view);
  if (lines.empty()) return "";
  return "\nKnown to be wrong\n" + list_of(lines, most - 2);
}

std::string foot(const View& view, const std::string& more) {
  std::vector<std::string> absent;
  for (const Json& row : field(view.document, "absent")) absent.push_back(text_of(row, "name"));
  std::string text;
  if (!absent.empty())
    text += clipped(one_line(fmt::format("absent: {} (softmark list says why and how to get them)",
                                         fmt::join(absent, ", "))),
                    kWidth) +
            "\n";
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
                    kWidth) +
            "\n";
  if (!more.empty()) text += more + "\n";
  return text.empty() ? "" : "\n" + text;
}

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

}  // namespace

std::vector<std::string> known_lines(const View& view) {
  struct Library {
    std::string name;
    std::vector<std::string> faults;
    std::vector<std::string> kernels;
  };
  std::vector<Library> libraries;
  const auto add = [](std::vector<std::string>& to, const std::string& text) {
    if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(text);
  };
  for (const KernelView& kernel : view.kernels)
    for (const Json* property : kernel.properties) {
      if (outcome(*property) != Outcome::kExpected) continue;
      const std::string name = one_line(kernel.versioned());
      auto library = std::find_if(libraries.begin(), libraries.end(),
                                  [&](const Library& l) { return l.name == name; });
      if (library == libraries.end()) library = libraries.insert(libraries.end(), {name, {}, {}});
      const std::string brief = text_of(*property, "brief");
      add(library->faults, one_line(brief.empty() ? text_of(*property, "reason") : brief));
      add(library->kernels, kernel.id);
    }
  std::vector<std::string> lines;
  for (const Library& library : libraries)
    lines.push_back(fmt::format("{} ({} kernel{}): {}", library.name, library.kernels.size(),
                                library.kernels.size() == 1 ? "" : "s",
                                fmt::join(library.faults, "; ")));
  return lines;
}

std::string brief(const Json& document, const BriefRequest& request) {
  const View view(document);
  const bool asked = !request.needs.empty();
  std::vector<Selection> selections;
  for (const ChooseRequest& needs : asked ? request.needs : default_needs(view))
    selections.push_back(select(view, needs));
  std::string text = head(view) + decisions(selections);
  const std::string broken = failures(view);
  if (!selections.empty()) {
    text += "\n" + table(selections[0], asked);
    if (broken.empty()) text += scatter(selections[0]);
  } else {
    text += verdicts(view);
  }
  text += broken + open(view);
  const std::string end = foot(view, request.more);
  const std::size_t used = lines_of(text) + lines_of(end),
                    left = kMostLines > used ? kMostLines - used : 0;
  return text + known(view, std::max(left, kLeastKnown + 2)) + end;
}

std::string render_brief(Documents documents) {
  std::vector<std::string> texts;
  for (const Json& document : documents) texts.push_back(brief(document));
  return fmt::format("{}", fmt::join(texts, "\n"));
}

}  // namespace softmark
