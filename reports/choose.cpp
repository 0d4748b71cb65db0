// SPDX-License-Identifier: Apache-2.0
#include "reports/choose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "support/text.h"

namespace softmark {
namespace {

/// Why a candidate that meets the needs is not the one to use.
std::string standing(const Decision& decision, const Candidate& candidate) {
  const double ratio = candidate.entry->ns / decision.winner().entry->ns;
  if (candidate.tied) return fmt::format("{:.2f} x the time: a tie", ratio);
  return fmt::format("{:.2f} x the time{}", ratio,
                     candidate.on_front ? ", but more accurate than all faster ones" : "");
}

std::string verdict(const Decision& decision, std::size_t index) {
  const Candidate& candidate = decision.candidates[index];
  if (!candidate.lost.empty()) return candidate.lost;
  return index == decision.chosen ? "use this" : standing(decision, candidate);
}

std::string interval(const Candidate& candidate) {
  if (!candidate.entry || std::isnan(candidate.entry->ns)) return "-";
  return fmt::format("{} .. {}", figure(candidate.entry->low), figure(candidate.entry->high));
}

std::string share(const KernelView& kernel) {
  return kernel.accuracy.empty() ? "-" : figure(error_share(kernel));
}

const std::vector<std::string> kHead = {"kernel",      "",        "ns/element", "interval",
                                        "error/bound", "max ulp", "threads",    "instructions"};

std::vector<std::string> row_of(const Decision& decision, std::size_t index) {
  const Candidate& candidate = decision.candidates[index];
  const KernelView& kernel = *candidate.kernel;
  const std::string version = kernel.row ? text_of(*kernel.row, "version") : "";
  const std::string isa = kernel.instructions();
  return {version.empty() ? kernel.name : kernel.name + " " + version,
          verdict(decision, index),
          candidate.entry ? candidate.entry->time_text() : "-",
          interval(candidate),
          share(kernel),
          kernel.max_ulp_text(),
          candidate.entry ? std::to_string(candidate.threads) : "-",
          isa.empty() ? "unknown" : isa};
}

std::string pareto(const Decision& decision) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < decision.meeting; ++i)
    if (decision.candidates[i].on_front)
      names.push_back(one_line(decision.candidates[i].kernel->name));
  return fmt::format("{}", fmt::join(names, ", "));
}

/// On what the decision rests, a line each.
std::vector<std::string> grounds(const View& view, const Decision& decision) {
  std::vector<std::string> lines = {
      "needs: " + needs(decision.request),
      fmt::format("measured: {}, on {}", decision.shape.words(), view.machine())};
  if (const std::string far = distance(decision); !far.empty())
    lines.push_back(fmt::format("the shape measured has {}; --measure times the one wanted", far));
  if (decision.decided() && decision.winner().threads != decision.request.threads)
    lines.push_back(fmt::format("threads: {} measured of {} allowed", decision.winner().threads,
                                decision.request.threads));
  if (decision.decided()) lines.push_back("fastest at each accuracy: " + pareto(decision));
  return lines;
}

std::string call_of(const Decision& decision) {
  if (!decision.decided() || !decision.winner().kernel->row) return "";
  return text_of(*decision.winner().kernel->row, "call");
}

std::string as_text(const View& view, const Decision& decision) {
  std::string text = one_line(sentence(decision)) + "\n";
  for (const std::string& line : grounds(view, decision)) text += "  " + one_line(line) + "\n";
  TextTable table(kHead, "<<>>>>><");
  for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
    auto row = row_of(decision, i);
    for (std::string& cell : row) cell = one_line(cell);
    table.add(row);
  }
  text += "\n" + table.text();
  if (const std::string call = call_of(decision); !call.empty())
    text += fmt::format("\nHow to call {}\n{}\n", one_line(decision.winner().kernel->name),
                        printable(call));
  return text;
}

std::string as_markdown(const View& view, const Decision& decision) {
  std::string text = fmt::format("**{}**\n\n", escape_markdown(sentence(decision)));
  for (const std::string& line : grounds(view, decision))
    text += "- " + escape_markdown(line) + "\n";
  const auto line = [&](const std::vector<std::string>& cells) {
    text += "|";
    for (const std::string& cell : cells) text += " " + escape_markdown(cell) + " |";
    text += "\n";
  };
  text += "\n";
  line(kHead);
  line(std::vector<std::string>(kHead.size(), "---"));
  for (std::size_t i = 0; i < decision.candidates.size(); ++i) line(row_of(decision, i));
  if (const std::string call = call_of(decision); !call.empty())
    text += fmt::format("\n```cpp\n{}\n```\n", printable(call));
  return text;
}

std::string as_json(const View& view, const Decision& decision) {
  Json choice = {{"schema", "softmark.choice"},
                 {"schema_version", "1.0"},
                 {"sentence", sentence(decision)},
                 {"kernel", nullptr},
                 {"machine", view.machine()},
                 {"shape",
                  {{"workload", decision.shape.workload},
                   {"rows", decision.shape.rows},
                   {"cols", decision.shape.cols},
                   {"cache", decision.shape.cache},
                   {"distribution", decision.shape.logits()}}},
                 {"is_the_shape_wanted", distance(decision).empty()},
                 {"call", call_of(decision)},
                 {"candidates", Json::array()}};
  if (decision.decided()) choice["kernel"] = decision.winner().kernel->id;
  for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
    const Candidate& candidate = decision.candidates[i];
    Json row = {{"kernel", candidate.kernel->id}, {"meets_needs", candidate.lost.empty()},
                {"why", verdict(decision, i)},    {"tied", candidate.tied},
                {"pareto", candidate.on_front},   {"threads", nullptr},
                {"ns_per_element", nullptr},      {"max_ulp", nullptr},
                {"error_over_bound", nullptr}};
    if (candidate.entry && !std::isnan(candidate.entry->ns)) {
      row["threads"] = candidate.threads;
      row["ns_per_element"] = candidate.entry->ns;
    }
    if (!candidate.kernel->accuracy.empty()) {
      row["max_ulp"] = number(candidate.kernel->max_ulp);
      row["error_over_bound"] = number(error_share(*candidate.kernel));
    }
    choice["candidates"].push_back(row);
  }
  return to_text(choice);
}

}  // namespace

Choice choose(const Json& document, const ChooseRequest& request, std::string_view format) {
  const View view(document);
  const Decision decision = decide(view, request);
  Choice choice;
  if (decision.decided()) choice.kernel = decision.winner().kernel->id;
  choice.text = format == "json"       ? as_json(view, decision)
                : format == "markdown" ? as_markdown(view, decision)
                                       : as_text(view, decision);
  return choice;
}

}  // namespace softmark
