// SPDX-License-Identifier: Apache-2.0
#include "reports/choose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "reports/calls.h"
#include "reports/machine_name.h"
#include "support/text.h"

namespace softmark {
namespace {

/// Why a candidate that meets the needs is not the one to use.
std::string standing(const Selection& selection, const Candidate& candidate) {
  const double ratio = candidate.entry->ns / selection.decision.winner->ns;
  if (candidate.tied) return fmt::format("{:.2f} x the time: a tie", ratio);
  return fmt::format("{:.2f} x the time{}", ratio,
                     candidate.on_front ? ", but more accurate than all faster ones" : "");
}

std::string verdict(const Selection& selection, std::size_t index) {
  const Candidate& candidate = selection.candidates[index];
  if (!candidate.lost.empty()) return candidate.lost;
  return &candidate == selection.winner() ? "use this" : standing(selection, candidate);
}

std::string interval(const Candidate& candidate) {
  if (!candidate.entry || std::isnan(candidate.entry->ns)) return "-";
  return fmt::format("{} .. {}", figure(candidate.entry->low), figure(candidate.entry->high));
}

const std::vector<std::string> kHead = {"kernel",      "",        "ns/element", "interval",
                                        "error/bound", "max ulp", "grade",      "threads",
                                        "instructions"};

std::vector<std::string> row_of(const Selection& selection, std::size_t index) {
  const Candidate& candidate = selection.candidates[index];
  const KernelView& kernel = *candidate.kernel;
  const std::string isa = kernel.instructions();
  return {kernel.versioned(),
          verdict(selection, index),
          candidate.entry ? candidate.entry->time_text() : "-",
          interval(candidate),
          kernel.share_text(),
          kernel.ulp_text(),
          kernel.grade(),
          candidate.entry ? std::to_string(candidate.threads) : "-",
          isa.empty() ? "unknown" : isa};
}

std::string pareto(const Selection& selection) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < selection.meeting; ++i)
    if (selection.candidates[i].on_front)
      names.push_back(one_line(selection.candidates[i].kernel->name));
  return fmt::format("{}", fmt::join(names, ", "));
}

/// On what the decision rests, a line each.
std::vector<std::string> grounds(const View& view, const Selection& selection) {
  const Candidate* winner = selection.winner();
  Shape shape = selection.shape();
  if (winner) shape.threads = winner->threads;
  std::vector<std::string> lines = {
      "needs: " + needs(selection.request),
      fmt::format("measured: {}, on {}", shape.words(), machine_name(view.document))};
  if (const std::string far = distance(selection); !far.empty())
    lines.push_back(fmt::format("the shape measured has {}; time the one wanted: {}", far,
                                measuring_command(selection.request, &selection.shape())));
  if (winner && winner->threads != selection.request.threads)
    lines.push_back(fmt::format("threads: {} measured of {} allowed", winner->threads,
                                selection.request.threads));
  if (selection.decision.winner) lines.push_back("fastest at each accuracy: " + pareto(selection));
  return lines;
}

/// How to call the winner: a head, and code; no code where there is none to show.
struct HowTo {
  std::string head, language;
  std::vector<std::string> code;
};
HowTo how_to(const Selection& selection) {
  if (!selection.decision.winner) return {};
  const KernelView& kernel = *selection.decision.winner->kernel;
  const Call call = call_of(kernel);
  if (call.build.empty()) return {};
  return {fmt::format("To call {}: {}", kernel.name, call.build), call.language, code_of(call)};
}

std::string as_text(const View& view, const Selection& selection) {
  std::string text = one_line(selection.decision.sentence) + "\n";
  if (!selection.decision.sure.empty()) text += one_line(selection.decision.sure) + "\n";
  for (const std::string& line : grounds(view, selection)) text += "  " + one_line(line) + "\n";
  TextTable table(kHead, "<<>>>><><");
  for (std::size_t i = 0; i < selection.candidates.size(); ++i) {
    auto row = row_of(selection, i);
    for (std::string& cell : row) cell = one_line(cell);
    table.add(row);
  }
  text += "\n" + table.text() + kErrorWords + "\n";
  const HowTo call = how_to(selection);
  if (!call.head.empty()) text += "\n" + one_line(call.head) + "\n";
  for (const std::string& line : call.code) text += "  " + line + "\n";
  return text;
}

std::string as_markdown(const View& view, const Selection& selection) {
  std::string text = fmt::format("**{}**\n\n", escape_markdown(selection.decision.sentence));
  if (!selection.decision.sure.empty()) text += escape_markdown(selection.decision.sure) + "\n\n";
  for (const std::string& line : grounds(view, selection))
    text += "- " + escape_markdown(line) + "\n";
  const auto line = [&](const std::vector<std::string>& cells) {
    text += "|";
    for (const std::string& cell : cells) text += " " + escape_markdown(cell) + " |";
    text += "\n";
  };
  text += "\n";
  line(kHead);
  line(std::vector<std::string>(kHead.size(), "---"));
  for (std::size_t i = 0; i < selection.candidates.size(); ++i) line(row_of(selection, i));
  text += "\n" + escape_markdown(kErrorWords) + "\n";
  const HowTo call = how_to(selection);
  if (!call.head.empty()) text += "\n" + escape_markdown(call.head) + "\n";
  if (!call.code.empty())
    text += fmt::format("\n```{}\n{}\n```\n", call.language, fmt::join(call.code, "\n"));
  return text;
}

std::string as_json(const View& view, const Selection& selection) {
  Json choice = {{"schema", "softmark.choice"},
                 {"schema_version", "1.0"},
                 {"sentence", selection.decision.sentence},
                 {"sure", selection.decision.sure},
                 {"kernel", nullptr},
                 {"machine", view.machine()},
                 {"machine_name", machine_name(view.document)},
                 {"shape",
                  {{"workload", selection.shape().workload},
                   {"rows", selection.shape().rows},
                   {"cols", selection.shape().cols},
                   {"cache", selection.shape().cache},
                   {"distribution", selection.shape().logits()}}},
                 {"is_the_shape_wanted", distance(selection).empty()},
                 {"candidates", Json::array()}};
  if (selection.decision.winner) {
    const KernelView& kernel = *selection.decision.winner->kernel;
    const Call call = call_of(kernel);
    choice["kernel"] = kernel.id;
    if (!call.build.empty())
      choice["call"] = {
          {"language", call.language}, {"build", call.build}, {"code", code_of(call)}};
  }
  for (std::size_t i = 0; i < selection.candidates.size(); ++i) {
    const Candidate& candidate = selection.candidates[i];
    Json row = {{"kernel", candidate.kernel->id}, {"meets_needs", candidate.lost.empty()},
                {"why", verdict(selection, i)},   {"tied", candidate.tied},
                {"pareto", candidate.on_front},   {"threads", nullptr},
                {"ns_per_element", nullptr},      {"max_ulp", nullptr},
                {"error_over_bound", nullptr}};
    if (candidate.entry && !std::isnan(candidate.entry->ns)) {
      row["threads"] = candidate.threads;
      row["ns_per_element"] = candidate.entry->ns;
    }
    if (!candidate.kernel->accuracy.empty()) {
      row["max_ulp"] = number(candidate.kernel->max_ulp);
      row["error_over_bound"] = number(candidate.kernel->share_of_bound);
      if (const std::string ulp = candidate.kernel->ulp_text(); ulp != "-")
        row["max_ulp_well_conditioned"] = ulp;
    }
    if (const std::string grade = candidate.kernel->grade(); grade != "-") row["grade"] = grade;
    choice["candidates"].push_back(row);
  }
  return to_text(choice);
}

}  // namespace

Choice choose(const Json& document, const ChooseRequest& request, std::string_view format) {
  const View view(document);
  const Selection selection = select(view, request);
  Choice choice;
  if (selection.decision.winner) choice.kernel = selection.decision.winner->kernel->id;
  choice.text = format == "json"       ? as_json(view, selection)
                : format == "markdown" ? as_markdown(view, selection)
                                       : as_text(view, selection);
  return choice;
}

}  // namespace softmark
