// SPDX-License-Identifier: Apache-2.0
#include "reports/brief.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "reports/machine_name.h"
#include "reports/readers.h"
#include "reports/scatter.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kMostRows = 10, kMostFailures = 6, kMostKnown = 12, kMostDetailed = 2,
                      kMostNotes = 4;

std::string clipped(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

/// At most so many of the lines, and how many were left out.
std::string list_of(const std::vector<std::string>& lines, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), most); ++i)
    text += "  " + clipped(one_line(lines[i]), 150) + "\n";
  return lines.size() <= most ? text : text + fmt::format("  and {} more\n", lines.size() - most);
}

std::string head(const View& view) {
  const Json &document = view.document, &run = field(document, "run");
  std::size_t passed = 0, wrong = 0;
  for (const KernelView& kernel : view.kernels) {
    passed += kernel.standing == Standing::kPass;
    wrong += is_wrong(kernel.standing);
  }
  return one_line(fmt::format("{} kernel{} on {}: {} pass, {} wrong, {} other; seed {}, {} s{}",
                              view.kernels.size(), view.kernels.size() == 1 ? "" : "s",
                              machine_name(document), passed, wrong,
                              view.kernels.size() - passed - wrong, text_of(run, "seed"),
                              figure(field(run, "seconds")),
                              view.complete() ? "" : "; INCOMPLETE: the run was interrupted")) +
         "\n";
}

std::string table(const Selection& selection, bool decided_by_needs) {
  TextTable table({"kernel", "", "ns/element", "of ceiling", "max ulp", "error/bound"}, "<<>>>>");
  const std::size_t shown = std::min(selection.candidates.size(), kMostRows);
  const double best = selection.decision.winner ? selection.decision.winner->ns : NAN;
  for (std::size_t i = 0; i < shown; ++i) {
    const Candidate& candidate = selection.candidates[i];
    const KernelView& kernel = *candidate.kernel;
    std::string words = clipped(one_line(candidate.lost), 44);
    if (candidate.lost.empty())
      words = &candidate == selection.winner() ? "use this"
              : candidate.tied                 ? "a tie"
                               : fmt::format("{:.2f} x the time", candidate.entry->ns / best);
    table.add(
        {one_line(kernel.label()), words, candidate.entry ? candidate.entry->time_text() : "-",
         candidate.entry ? share_of_ceiling(*candidate.entry->measurement) : "-",
         kernel.max_ulp_text(), kernel.accuracy.empty() ? "-" : figure(kernel.share_of_bound)});
  }
  std::string text = one_line(fmt::format("{} {}, {}", selection.shape().op,
                                          selection.shape().dtype, selection.shape().words())) +
                     (decided_by_needs && !distance(selection).empty()
                          ? one_line("; the shape measured has " + distance(selection))
                          : "") +
                     "\n" + table.text();
  if (selection.candidates.size() > shown)
    text += fmt::format("  and {} more\n", selection.candidates.size() - shown);
  if (std::any_of(
          selection.candidates.begin(), selection.candidates.end(),
          [](const Candidate& candidate) { return candidate.entry && candidate.entry->disturbed; }))
    text += "  !: disturbed by other work on its cores\n";
  return text;
}

/// Without measurements: the kernels where they are few, else how many of each op and type pass.
std::string verdicts(const View& view) {
  if (view.kernels.size() <= kMostRows) {
    TextTable table({"kernel", "verdict", "max ulp", "error/bound", "verified in s"}, "<<>");
    for (const KernelView& kernel : view.kernels)
      table.add({one_line(kernel.id), one_line(kernel.verdict()), kernel.max_ulp_text(),
                 kernel.accuracy.empty() ? "-" : figure(kernel.share_of_bound),
                 kernel.row ? figure(field(*kernel.row, "verify_seconds")) : "-"});
    return view.kernels.empty() ? "No kernel was verified or timed.\n" : "\n" + table.text();
  }
  std::vector<std::array<std::string, 2>> groups;
  for (const KernelView& kernel : view.kernels)
    if (const std::array<std::string, 2> group = {kernel.op, kernel.dtype};
        std::find(groups.begin(), groups.end(), group) == groups.end())
      groups.push_back(group);
  TextTable table({"op", "type", "pass", "wrong", "other"}, "<<>");
  for (const auto& [op, dtype] : groups) {
    std::size_t all = 0, passed = 0, wrong = 0;
    for (const KernelView& kernel : view.kernels) {
      if (kernel.op != op || kernel.dtype != dtype) continue;
      ++all;
      passed += kernel.standing == Standing::kPass;
      wrong += is_wrong(kernel.standing);
    }
    table.add({op, dtype, std::to_string(passed), std::to_string(wrong),
               std::to_string(all - passed - wrong)});
  }
  return "\n" + table.text();
}

std::string failures(const View& view) {
  const auto found = view.findings(Outcome::kFail);
  if (found.empty()) return "";
  std::string text = fmt::format("\n{} failure{}\n", found.size(), found.size() == 1 ? "" : "s");
  if (found.size() <= kMostDetailed) {
    for (const Finding& finding : found) text += failure_text(finding, "FAIL");
    return text;
  }
  std::vector<std::string> lines;
  for (const Finding& finding : found)
    lines.push_back(fmt::format("{} {}: {}", text_of(*finding.shown, "kernel"),
                                text_of(*finding.shown, "property"),
                                text_of(*finding.shown, "message")));
  return text + list_of(lines, kMostFailures);
}

/// What was not decided and what was refused, a line a kernel.
std::string open(const View& view) {
  std::vector<std::string> lines;
  for (const KernelView& kernel : view.kernels) {
    if (const std::string names = kernel.undecided(); !names.empty())
      lines.push_back(fmt::format("{}: not decided: {}", kernel.id, names));
    if (const std::string refusals = kernel.refusals(); !refusals.empty())
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
  for (const auto& [property, count] : notes)
    lines.push_back(
        fmt::format("{}: noted for {} kernel{}", property, count, count == 1 ? "" : "s"));
  return lines.empty() ? "" : "\nNotes\n" + list_of(lines, kMostNotes);
}

std::string known(const View& view) {
  const std::vector<std::string> lines = known_lines(view);
  if (lines.empty()) return "";
  return "\nKnown to be wrong\n" + list_of(lines, kMostKnown);
}

std::string foot(const View& view, const std::string& more) {
  std::vector<std::string> absent;
  for (const Json& row : field(view.document, "absent")) absent.push_back(text_of(row, "name"));
  std::string text;
  if (!absent.empty())
    text += clipped(one_line(fmt::format("absent: {} (softmark list says why and how to get them)",
                                         fmt::join(absent, ", "))),
                    150) +
            "\n";
  const Json& list = field(view.document, "warnings");
  const std::size_t warnings = list.is_array() ? list.size() : 0;
  if (warnings > 0)
    text += fmt::format("{} warning{}: {}\n", warnings, warnings == 1 ? "" : "s",
                        clipped(one_line(plain(list[0])), 120));
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
    lines.push_back(fmt::format("{}: {} ({} kernel{})", library.name,
                                fmt::join(library.faults, "; "), library.kernels.size(),
                                library.kernels.size() == 1 ? "" : "s"));
  return lines;
}

std::string brief(const Json& document, const BriefRequest& request) {
  const View view(document);
  std::string text = head(view);
  const bool asked = !request.needs.empty();
  std::vector<Selection> selections;
  for (const ChooseRequest& needs : asked ? request.needs : default_needs(view))
    selections.push_back(select(view, needs));
  for (const Selection& selection : selections)
    text += one_line(selection.decision.sentence) + "\n" + one_line(selection.decision.sure) + "\n";
  const std::string broken = failures(view);
  if (!selections.empty()) {
    text += "\n" + table(selections[0], asked);
    if (broken.empty()) text += scatter(selections[0]);
  } else {
    text += verdicts(view);
  }
  return text + broken + open(view) + known(view) + foot(view, request.more);
}

std::string render_brief(Documents documents) {
  std::vector<std::string> texts;
  for (const Json& document : documents) texts.push_back(brief(document));
  return fmt::format("{}", fmt::join(texts, "\n"));
}

}  // namespace softmark
