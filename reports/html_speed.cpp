// SPDX-License-Identifier: Apache-2.0
// The page's figures of speed: shapes by kernels, and each shape's ranking.
#include <fmt/format.h>

#include <algorithm>
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

/// How all calls of a measurement were made.
std::string way_of(const Json& row) {
  const bool pinned = truth_of(row, "pinned"), in_place = truth_of(row, "in_place");
  return pinned && in_place ? "pinned, in place" : pinned ? "pinned" : in_place ? "in place" : "";
}

/// That and what befell it; `common` is said elsewhere.
std::string flags_of(const Json& row, const std::string& common) {
  std::string text = way_of(row);
  if (text == common) text.clear();
  const Json& disturbed = field(row, "disturbed");
  if (disturbed == true || (disturbed.is_number() && disturbed != 0))
    text += text.empty() ? "disturbed" : ", disturbed";
  return text;
}

std::string ceiling_of(const Json& row) { return text_of(row, "ceiling"); }

std::vector<const Entry*> entries_of(const Ranking& ranking) {
  std::vector<const Entry*> all;
  for (const auto* entries : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *entries) all.push_back(&entry);
  return all;
}

/// What all that were timed have alike stands once, above the table; "" where they differ.
std::string common(const Ranking& ranking, std::string (*words)(const Json& row)) {
  std::string text;
  bool first = true;
  for (const Entry* entry : entries_of(ranking)) {
    if (std::isnan(entry->ns)) continue;
    const std::string own = words(*entry->measurement);
    if (!first && own != text) return "";
    text = own;
    first = false;
  }
  return text;
}

/// Without breaks within "58 %".
std::string unbroken(std::string text) {
  for (std::size_t at = 0; (at = text.find(" %", at)) != std::string::npos;)
    text.replace(at, 1, "\u00a0");
  return text;
}

std::string ranking_row(const Entry& entry, const std::string& flags, const std::string& ceiling) {
  const Json& row = *entry.measurement;
  const KernelView& kernel = *entry.kernel;
  const std::string place = entry.place ? fmt::format("{}{}", entry.tied ? "~" : "", entry.place)
                            : is_wrong(kernel.standing) ? "✗"
                                                        : "";
  const bool measured = !std::isnan(entry.ns);
  const std::size_t n = replicates(row);
  std::string with = unbroken(kernel.instructions()), share = percent(field(row, "of_ceiling"));
  if (const std::string own = flags_of(row, flags); !own.empty())
    with += (with.empty() ? "" : "; ") + own;
  if (const std::string own = ceiling_of(row); own != ceiling && !own.empty()) share += " " + own;
  return fmt::format("<tr{}{}><td>{}<th>{}{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}{}{}<td>{}\n",
                     row_class(entry.place > 0), isa_data(kernel), place, escape_html(kernel.name),
                     cell(entry.why_not.empty() ? kernel.verdict() : entry.why_not),
                     measured ? figure(entry.ns) : "-",
                     measured ? figure(entry.low) + " .. " + figure(entry.high) : "-",
                     n ? std::to_string(n) : "-", escape_html(share), kernel.share_text(),
                     kernel.ulp_text(), figure_cell(field(row, "gb_per_s")),
                     figure_cell(field(row, "cycles_per_element")), escape_html(with));
}

std::string matrix_cell(const Ranking& ranking, const Entry* entry) {
  if (!entry) return "<td class=soft>-";
  if (entry->place)
    return fmt::format("<td{}>{}", entry == &ranking.ranked.front() ? " class=best" : "",
                       figure(entry->ns));
  return std::isnan(entry->ns)
             ? fmt::format("<td class=soft title=\"{}\">×", escape_html(entry->why_not))
             : fmt::format("<td class=soft>({})", figure(entry->ns));
}

using Columns = std::vector<const Ranking*>;

/// Kernels by shapes, as far as one timed them.
std::string matrix(const Section& section, const Columns& columns,
                   const std::vector<const KernelView*>& kernels, const std::string& caption) {
  std::string head, rows;
  std::vector<std::map<const KernelView*, const Entry*>> entries(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Shape& shape = columns[i]->shape;
    head += fmt::format("<th><a href=\"#{}\">{} {}{}</a>", section.anchor(*columns[i]),
                        escape_html(shape.name()), shape.size(),
                        shape.logits() == "normal" || shape.logits() == shape.name()
                            ? ""
                            : ", " + escape_html(shape.logits()));
    for (const Entry* entry : entries_of(*columns[i])) entries[i].emplace(entry->kernel, entry);
  }
  for (const KernelView* kernel : kernels) {
    std::string cells;
    bool timed = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto found = entries[i].find(kernel);
      const Entry* entry = found == entries[i].end() ? nullptr : found->second;
      timed |= entry != nullptr;
      cells += matrix_cell(*columns[i], entry);
    }
    if (timed)
      rows += fmt::format("<tr{}><th>{}{}\n", isa_data(*kernel), escape_html(kernel->name), cells);
  }
  return fmt::format(
      "<div class=\"scroll wide\" tabindex=0><table class=\"first upright\"><caption>{}</caption>"
      "<thead><tr><th>kernel{}</thead>\n<tbody>\n{}</table></div>\n",
      escape_html(caption), head, rows);
}

/// A table for each number of threads, cache and place of the results, cut where a sheet of paper
/// ends.
std::string matrices(const Section& section, const Group& group,
                     const std::vector<const KernelView*>& kernels) {
  constexpr std::size_t kMostColumns = 14;
  std::vector<std::pair<std::string, Columns>> tables;
  for (const Ranking& ranking : section.view.rankings) {
    const Shape& shape = ranking.shape;
    if (shape.op != group.first || shape.dtype != group.second) continue;
    const std::string caption =
        fmt::format("{} thread{}, {} cache{}: ns/element", shape.threads,
                    shape.threads == 1 ? "" : "s", shape.cache, shape.in_place ? ", in place" : "");
    auto table = std::find_if(tables.begin(), tables.end(), [&](const auto& known) {
      return known.first == caption && known.second.size() < kMostColumns;
    });
    if (table == tables.end()) table = tables.insert(tables.end(), {caption, {}});
    table->second.push_back(&ranking);
  }
  std::string text;
  for (const auto& [caption, columns] : tables) text += matrix(section, columns, kernels, caption);
  return text;
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
  const Ranking* first = headline(section.view, group.first, group.second);
  if (!first) return "";
  std::vector<const KernelView*> kernels;  // as they rank there
  for (const auto& [kernel, entry] : summary_order(section.view, *first)) kernels.push_back(kernel);
  std::string folds;
  for (const Ranking& ranking : section.view.rankings)
    if (ranking.shape.op == group.first && ranking.shape.dtype == group.second)
      folds += fold(section, ranking);
  return group_open(group) + group_head(section, group) + matrices(section, group, kernels) +
         folds + "</div>\n";
}

}  // namespace

std::string ranking_table(const Ranking& ranking, const std::string& anchor) {
  const std::string flags = common(ranking, way_of), ceiling = common(ranking, ceiling_of);
  std::string rows;
  for (const Entry* entry : entries_of(ranking)) rows += ranking_row(*entry, flags, ceiling);
  return fmt::format(
      "<div class=scroll tabindex=0><table class=rank{}><caption>{}{}{}</caption><thead><tr><th>#"
      "<th>kernel<th>verdict<th>ns/<wbr>element<th>95 %<th>n<th>of ceiling<th>error / bound<th>max "
      "ulp"
      "<th>GB/s<th>cycles<th>ISA, flags</thead>\n<tbody>\n{}</table></div>\n",
      anchor.empty() ? "" : fmt::format(" id=\"{}\"", anchor), escape_html(ranking.shape.words()),
      flags.empty() ? "" : "; " + escape_html(flags),
      ceiling.empty() ? "" : "; ceiling: " + escape_html(ceiling), rows);
}

std::string speed(const Section& section) {
  std::string text;
  for (const Group& group : groups(section.view)) text += speed_group(section, group);
  if (text.empty()) return "";
  return "<p class=soft>Nanoseconds per element; the fastest correct kernel of each shape is "
         "marked. In brackets: timed, but wrong or not verified, so never ranked. Each shape opens "
         "to its ranking.<span class=paper> On paper those rankings are left out.</span></p>\n" +
         text;
}

}  // namespace softmark::html
