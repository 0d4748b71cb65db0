// SPDX-License-Identifier: Apache-2.0
#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace softmark::bench {
namespace {

/// Measurements that may stand side by side: same shape, state and threads.
std::string block_of(const Json& m) {
  return fmt::format("{}  {}  {} thread{}  {}{}", m["workload"].get<std::string>(), m["dtype"].get<std::string>(),
                     m["threads"].get<int>(), m["threads"] == 1 ? "" : "s", m["cache"].get<std::string>(),
                     m["in_place"] == true ? "  in place" : "");
}

double time_of(const Json& m) {
  return m["status"] == "ok" ? m["ns_per_element"]["median"].get<double>() : std::numeric_limits<double>::infinity();
}

std::string interval_of(const Json& ns) {
  if (ns["ci95"].is_null()) return "";
  return fmt::format("{:.4g} .. {:.4g}", ns["ci95"][0].get<double>(), ns["ci95"][1].get<double>());
}

std::string line_of(const Json& m) {
  const std::string kernel = m["kernel"];
  if (m["status"] != "ok")
    return fmt::format("  {:<34} {}: {}\n", kernel, m["status"].get<std::string>(), m.value("message", ""));
  const Json& ns = m["ns_per_element"];
  const std::string x_memcpy = m["x_memcpy"].is_null() ? "" : fmt::format("{:.2f}", m["x_memcpy"].get<double>());
  return fmt::format("  {:<34} {:>10.4g} {:>20} {:>8.2f} {:>9}\n", kernel, ns["median"].get<double>(), interval_of(ns),
                     m["gb_per_s"].get<double>(), x_memcpy);
}

}  // namespace

std::string measurements_table(const Json& document) {
  std::vector<std::pair<std::string, std::vector<Json>>> blocks;
  for (const Json& m : document["measurements"]) {
    const std::string name = block_of(m);
    auto block = std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) { return b.first == name; });
    if (block == blocks.end()) block = blocks.insert(blocks.end(), {name, {}});
    block->second.push_back(m);
  }
  std::string text;
  for (auto& [name, lines] : blocks) {
    std::stable_sort(lines.begin(), lines.end(), [](const Json& a, const Json& b) { return time_of(a) < time_of(b); });
    text += fmt::format("{}\n  {:<34} {:>10} {:>20} {:>8} {:>9}\n", name, "kernel", "ns/element", "95 % interval",
                        "GB/s", "x memcpy");
    for (const Json& line : lines) text += line_of(line);
    text += "\n";
  }
  text +=
      "An element is a logit. GB/s: inputs read once and output written once, the least that must move.\n"
      "x memcpy: times the copy of as many bytes on as many threads, measured in the same run.\n";
  for (const Json& warning : document["warnings"]) text += fmt::format("note: {}\n", warning.get<std::string>());
  return text;
}

}  // namespace softmark::bench
