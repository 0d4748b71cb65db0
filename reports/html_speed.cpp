// SPDX-License-Identifier: Apache-2.0
// The page's figures of speed: shapes by kernels, and each shape's ranking.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "reports/decision.h"
#include "reports/html_parts.h"
#include "support/text.h"

namespace softmark::html {
namespace {

std::string percent(const Json& share) {
  return share.is_number() ? fmt::format("{:.0f} %", 100 * share.get<double>()) : "-";
}

std::string flags_of(const Json& row) {
  std::string text;
  const auto add = [&](bool is_so, const char* word) {
    if (is_so) text += (text.empty() ? "" : ", ") + std::string(word);
  };
  add(truth_of(row, "pinned"), "pinned");
  add(truth_of(row, "in_place"), "in place");
  const Json& disturbed = field(row, "disturbed");
  add(disturbed == true || (disturbed.is_number() && disturbed != 0), "disturbed");
  return text;
}

std::string ranking_row(const Entry& entry) {
  const Json& row = *entry.measurement;
  const KernelView& kernel = *entry.kernel;
  const std::string place = entry.place ? fmt::format("{}{}", entry.tied ? "~" : "", entry.place)
                            : is_wrong(kernel.standing) ? "✗"
                                                        : "";
  const bool measured = !std::isnan(entry.ns);
  const std::size_t n = replicates(row);
  const std::string isa = kernel.row ? text_of(*kernel.row, "isa") : "";
  return fmt::format(
      "<tr{}{}><td>{}<th>{}{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}{}{}<td>{}<td>{}\n",
      row_class(entry.place > 0),
      isa.empty() ? "" : fmt::format(" data-isa=\"{}\"", escape_html(isa)), place,
      escape_html(kernel.name), cell(entry.why_not.empty() ? kernel.verdict() : entry.why_not),
      measured ? figure(entry.ns) : "-", percent(field(row, "of_ceiling")), kernel.share_text(),
      kernel.ulp_text(), measured ? figure(entry.low) + " .. " + figure(entry.high) : "-",
      n ? std::to_string(n) : "-",
      figure_cell(field(row, "gb_per_s")) + cell(text_of(row, "ceiling")),
      figure_cell(field(row, "cycles_per_element")), escape_html(isa), escape_html(flags_of(row)));
}

std::string matrix_cell(const Ranking& ranking,
                        const std::map<const KernelView*, const Entry*>& entries,
                        const KernelView* kernel) {
  const auto found = entries.find(kernel);
  if (found == entries.end()) return "<td class=soft>-";
  const Entry& entry = *found->second;
  if (entry.place)
    return fmt::format("<td{}>{}", &entry == &ranking.ranked.front() ? " class=best" : "",
                       figure(entry.ns));
  return std::isnan(entry.ns)
             ? fmt::format("<td class=soft title=\"{}\">×", escape_html(entry.why_not))
             : fmt::format("<td class=soft>({})", figure(entry.ns));
}

std::string matrix_row(const Section& section, const Ranking& ranking,
                       const std::vector<const KernelView*>& kernels) {
  std::map<const KernelView*, const Entry*> entries;
  for (const auto* list : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *list) entries.emplace(entry.kernel, &entry);
  const Shape& shape = ranking.shape;
  std::string row =
      fmt::format("<tr><th><a href=\"#{}\">{} {}</a> <span class=soft>{} thread{}, {}{}{}</span>",
                  section.anchor(ranking), escape_html(shape.name()), shape.size(), shape.threads,
                  shape.threads == 1 ? "" : "s", escape_html(shape.cache),
                  shape.logits() == "normal" ? "" : ", " + escape_html(shape.logits()),
                  shape.in_place ? ", in place" : "");
  for (const KernelView* kernel : kernels) row += matrix_cell(ranking, entries, kernel);
  return row + "\n";
}

std::string fold(const Section& section, const Ranking& ranking) {
  const std::string best =
      ranking.ranked.empty()
          ? "nothing passed"
          : fmt::format("{} {} ns", ranking.ranked[0].kernel->name, figure(ranking.ranked[0].ns));
  return fmt::format("<details><summary>{}: <b>{}</b></summary>\n{}</details>\n",
                     escape_html(ranking.shape.words()), escape_html(best),
                     ranking_table(ranking, section.anchor(ranking)));
}

std::string speed_group(const Section& section, const Group& group) {
  std::string head, rows, folds;
  const Ranking* first = headline(section.view, group.first, group.second);
  if (!first) return "";
  std::vector<const KernelView*> kernels;  // as they rank there
  for (const auto& [kernel, entry] : summary_order(section.view, *first)) {
    kernels.push_back(kernel);
    head += fmt::format("<th><span>{}</span>", escape_html(kernel->name));
  }
  for (const Ranking& ranking : section.view.rankings) {
    if (ranking.shape.op != group.first || ranking.shape.dtype != group.second) continue;
    rows += matrix_row(section, ranking, kernels);
    folds += fold(section, ranking);
  }
  if (rows.empty()) return "";
  return group_open(group) + group_head(group) +
         fmt::format(
             "<div class=\"scroll wide\" tabindex=0><table class=\"first "
             "upright\"><thead><tr><th>shape"
             "{}</thead>\n<tbody>\n{}</table></div>\n{}</div>\n",
             head, rows, folds);
}

}  // namespace

std::string ranking_table(const Ranking& ranking, const std::string& anchor) {
  std::string rows;
  for (const auto* entries : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *entries) rows += ranking_row(entry);
  return fmt::format(
      "<div class=scroll tabindex=0><table class=rank{}><caption>{}</caption><thead><tr><th>#"
      "<th>kernel<th>verdict<th>ns/element<th>of ceiling<th>error / bound<th>max ulp<th>95 "
      "%<th>n<th>GB/s<th>ceiling<th>cycles<th>ISA"
      "<th>flags</thead>\n<tbody>\n{}</table></div>\n",
      anchor.empty() ? "" : fmt::format(" id=\"{}\"", anchor), escape_html(ranking.shape.words()),
      rows);
}

std::string speed(const Section& section) {
  std::string text;
  for (const Group& group : groups(section.view)) text += speed_group(section, group);
  if (text.empty()) return "";
  return "<p class=soft>Nanoseconds per element; the fastest correct kernel of each shape is "
         "marked. In brackets: timed, but wrong or not verified, so never ranked. Each shape opens "
         "to its ranking.</p>\n" +
         text;
}

}  // namespace softmark::html
