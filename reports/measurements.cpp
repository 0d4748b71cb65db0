// SPDX-License-Identifier: Apache-2.0
#include "reports/measurements.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "reports/data.h"
#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

/// Measurements that may stand side by side: same op, type, shape, state and threads.
std::string block_of(const Json& m) {
  const std::string op = text_of(m, "op");
  return fmt::format("{}  {}{}  {} thread{}  {}{}", m["workload"].get<std::string>(),
                     op.empty() ? "" : op + "  ", m["dtype"].get<std::string>(),
                     m["threads"].get<int>(), m["threads"] == 1 ? "" : "s",
                     m["cache"].get<std::string>(), m.value("in_place", false) ? "  in place" : "");
}

double time_of(const Json& m) {
  return m["status"] == "ok" ? m["ns_per_element"]["median"].get<double>()
                             : std::numeric_limits<double>::infinity();
}

std::string interval_of(const Json& ns) {
  if (ns["ci95"].is_null()) return "";
  return fmt::format("{:.4g} .. {:.4g}", ns["ci95"][0].get<double>(), ns["ci95"][1].get<double>());
}

/// "43 % of memcpy".
std::string share_of(const Json& m) {
  if (m["of_ceiling"].is_null()) return "";
  return fmt::format("{:.0f} % of {}", 100 * m["of_ceiling"].get<double>(),
                     m["ceiling"].get<std::string>());
}

Entry entry_of(const Json& m) {
  Entry entry;
  entry.ns = entry.low = entry.high = time_of(m);
  const Json& ci95 = m["status"] == "ok" ? m["ns_per_element"]["ci95"] : m["ns_per_element"];
  if (ci95.is_array()) entry.low = ci95[0], entry.high = ci95[1];
  return entry;
}

std::string figure_or_blank(const Json& value, const char* format) {
  return value.is_null() ? "" : fmt::format(fmt::runtime(format), value.get<double>());
}

/// `before`: the line above, or null.
std::vector<std::string> row_of(const View& view, const Json& m, const Json* before, double least) {
  const bool tied =
      before && m["status"] == "ok" && !distinguishable(entry_of(*before), entry_of(m), least);
  const KernelView* of = view.kernel(m["kernel"].get<std::string>());
  const std::string code = of ? of->code() : "";
  const std::string kernel =
      (tied ? "~ " : "") + m["kernel"].get<std::string>() + (code.empty() ? "" : " (" + code + ")");
  if (m["status"] != "ok")
    return {kernel, m["status"].get<std::string>() + ": " + m.value("message", "")};
  const Json& ns = m["ns_per_element"];
  return {
      kernel,
      fmt::format("{:.4g}{}", ns["median"].get<double>(), m.value("disturbed", 0) > 0 ? "!" : ""),
      interval_of(ns),
      fmt::format("{:.2f}", m["gb_per_s"].get<double>()),
      figure_or_blank(m["x_memcpy"], "{:.2f}"),
      figure_or_blank(m["cycles_per_element"], "{:.3g}"),
      share_of(m)};
}

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

/// Adds at most so many rows to a table; the last says how many were left out.
void add_rows(TextTable& table, const std::vector<std::vector<std::string>>& rows,
              std::size_t most) {
  const std::size_t shown = rows.size() <= most ? rows.size() : most - 1;
  for (std::size_t i = 0; i < shown; ++i) table.add(rows[i]);
  if (shown < rows.size()) table.add({fmt::format("and {} more: --verbose", rows.size() - shown)});
}

/// Speed-ups over one thread of the same kernel, a line a kernel and workload that ran on several.
std::string scaling_table(const Json& document, std::size_t most = kAll) {
  using Key = std::vector<std::string>;
  std::vector<std::pair<Key, std::vector<const Json*>>> groups;
  for (const Json& m : document["measurements"]) {
    if (m["status"] != "ok") continue;
    const Key key = {m["workload"], m["kernel"], m["cache"]};
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == key; });
    if (group == groups.end()) group = groups.insert(groups.end(), {key, {}});
    group->second.push_back(&m);
  }
  std::vector<std::vector<std::string>> rows;
  for (auto& [key, lines] : groups) {
    std::sort(lines.begin(), lines.end(),
              [](const Json* a, const Json* b) { return (*a)["threads"] < (*b)["threads"]; });
    if (lines.size() < 2 || (*lines.front())["threads"] != 1) continue;
    std::vector<std::string> row = key;
    for (const Json* m : lines)
      row.push_back(fmt::format("{}: {:.2f}", (*m)["threads"].get<int>(),
                                time_of(*lines.front()) / time_of(*m)));
    rows.push_back(row);
  }
  TextTable table({}, "<");
  add_rows(table, rows, most);
  return table.empty()
             ? ""
             : "thread scaling (threads: speed-up over one thread)\n" + table.text() + "\n";
}

using Block = std::pair<std::string, std::vector<Json>>;

/// The measurements that may stand side by side, fastest first.
std::vector<Block> blocks_of(const Json& document) {
  std::vector<Block> blocks;
  for (const Json& m : document["measurements"]) {
    const std::string name = block_of(m);
    auto block =
        std::find_if(blocks.begin(), blocks.end(), [&](const Block& b) { return b.first == name; });
    if (block == blocks.end()) block = blocks.insert(blocks.end(), {name, {}});
    block->second.push_back(m);
  }
  for (auto& [name, lines] : blocks)
    std::stable_sort(lines.begin(), lines.end(),
                     [](const Json& a, const Json& b) { return time_of(a) < time_of(b); });
  return blocks;
}

std::string name_of(const Json& m) {
  const std::string id = m["kernel"];
  return one_line(id.substr(0, id.find('/')));
}

/// "simd 0.41 ~ openmp 0.42 < onnxruntime 0.55 < 14 more".
std::string fastest_of(const std::vector<Json>& lines, double least) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kMost); ++i) {
    if (lines[i]["status"] != "ok") break;
    const bool tied = i > 0 && !distinguishable(entry_of(lines[i - 1]), entry_of(lines[i]), least);
    text += fmt::format("{}{} {}",
                        i == 0 ? ""
                        : tied ? " ~ "
                               : " < ",
                        name_of(lines[i]), figure(time_of(lines[i])));
  }
  if (lines.size() > kMost) text += fmt::format(" < {} more", lines.size() - kMost);
  return text.empty() ? "none could be timed" : text;
}

std::string cycles_note(const Json& document) {
  for (const Json& m : document["measurements"]) {
    if (m["cycle_clock"] == "cpu") return "cycles: per element, of the core's own clock.\n";
    if (m["cycle_clock"] == "estimated")
      return "cycles: per element, estimated: time multiplied by the core's clock rate as measured "
             "just before and after.\n";
    if (m["cycle_clock"] == "tsc")
      return "cycles: per element, of the reference clock (tsc), whose rate does not depend on the "
             "core's.\n";
  }
  return "";
}

std::string block_table(const View& view, const Block& block, std::size_t most = kAll) {
  const auto& [name, lines] = block;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto row = row_of(view, lines[i], i ? &lines[i - 1] : nullptr, least_effect(view.document));
    if (most != kAll) row[0] = clipped(row[0], 60), row.back() = clipped(row.back(), 60);
    rows.push_back(std::move(row));
  }
  TextTable table(
      {"kernel", "ns/element", "95 % interval", "GB/s", "x memcpy", "cycles", "ceiling"},
      "<>>>>><");
  add_rows(table, rows, most);
  return name + "\n" + table.text() + "\n";
}

}  // namespace

std::string calls_table(const Json& document, std::size_t most) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& m : field(document, "measurements"))
    if (const Json& call = field(m, "call_ns"); call.is_object())
      rows.push_back({one_line(text_of(m, "workload")), one_line(text_of(m, "kernel")),
                      figure(value_of(field(call, "p50"))), figure(value_of(field(call, "p99")))});
  TextTable table({"workload", "kernel", "p50 ns", "p99 ns"}, "<<>>");
  add_rows(table, rows, most);
  return table.empty() ? "" : "single calls, without the clock's own cost\n" + table.text() + "\n";
}

std::string measurements_table(const Json& document) {
  const View view(document);
  std::string text;
  for (const Block& block : blocks_of(document)) text += block_table(view, block);
  text += scaling_table(document) + calls_table(document);
  text +=
      "~: cannot be distinguished from the one above. !: disturbed by other work on its cores. An "
      "element is a logit. GB/s: inputs "
      "read once and output written once, the least traffic possible.\n"
      "x memcpy: time relative to copying as many bytes on as many threads in the same run.\n"
      "ceiling: the share reached of the fastest way measured to move those bytes.\n" +
      cycles_note(document);
  for (const Json& warning : document["warnings"])
    text += fmt::format("note: {}\n", warning.get<std::string>());
  return text;
}

std::string measurements_brief(const Json& document) {
  constexpr std::size_t kMostRows = 20, kMostScaling = 5, kMostCalls = 4, kMostWarnings = 2,
                        kWidth = 120;
  const std::vector<Block> blocks = blocks_of(document);
  std::string text;
  if (blocks.size() == 1) {
    text = block_table(View(document), blocks[0], kMostRows);
  } else {
    TextTable table({"workload", "ns/element, fastest first"}, "<");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, lines] : blocks)
      rows.push_back({one_line(name), fastest_of(lines, least_effect(document))});
    add_rows(table, rows, kMostRows);
    text = table.text() + "\n";
  }
  text += scaling_table(document, kMostScaling) + calls_table(document, kMostCalls);
  text += "~: cannot be distinguished from the one before. An element is a logit.\n";
  const Json& warnings = field(document, "warnings");
  for (std::size_t i = 0; i < std::min(warnings.size(), kMostWarnings); ++i)
    text += fmt::format("note: {}\n", clipped(one_line(plain(warnings[i])), kWidth));
  if (warnings.size() > kMostWarnings)
    text += fmt::format("and {} more notes\n", warnings.size() - kMostWarnings);
  return text + "--verbose has every kernel and shape, and explains the columns\n";
}

}  // namespace softmark
