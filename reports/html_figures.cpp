// SPDX-License-Identifier: Apache-2.0
// The page's figures: speed (shapes by kernels, and each shape's ranking), accuracy, and the
// machine they were taken on.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/data.h"
#include "reports/html_parts.h"
#include "support/text.h"

namespace softmark::html {
namespace {

std::string shape_cells(const Shape& shape) {
  return fmt::format("<th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>",
                     escape_html(shape.name()), shape.size(), shape.threads);
}

std::string matrix_cell(const Ranking& ranking, const KernelView& kernel) {
  for (const Entry& entry : ranking.ranked)
    if (entry.kernel == &kernel)
      return fmt::format("<td class=\"n{}\">{}</td>", entry.place == 1 ? " best" : "",
                         figure(entry.ns));
  for (const Entry& entry : ranking.unranked)
    if (entry.kernel == &kernel)
      return fmt::format("<td class=\"n wrong\" title=\"{0}\">{1}</td>", escape_html(entry.why_not),
                         std::isnan(entry.ns) ? escape_html(entry.why_not)
                                              : fmt::format("({})", figure(entry.ns)));
  return "<td class=\"n soft\">-</td>";
}

std::string ranking_row(const Entry& entry) {
  const Json& row = *entry.measurement;
  const std::string place =
      entry.place ? fmt::format("{}{}", entry.tied ? "~" : "", entry.place) : "";
  const KernelView& kernel = *entry.kernel;
  const bool only_here = !entry.place && !is_wrong(kernel.standing);
  const std::string verdict =
      only_here ? escape_html(entry.why_not) : escape_html(kernel.verdict());
  const bool measured = !std::isnan(entry.ns);
  return fmt::format(
      "<tr{}><td class=\"n\">{}</td><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td "
      "class=\"n\">{}</td>{}{}<td class=\"n\">{}</td></tr>\n",
      entry.place ? "" : " class=\"wrong\"", place, escape_html(kernel.name), verdict,
      measured ? figure(entry.ns) : "-",
      measured ? figure(entry.low) + ".." + figure(entry.high) : "-",
      figure_cell(field(row, "gb_per_s")), figure_cell(field(row, "x_memcpy")),
      escape_html(share_of_ceiling(row)));
}

std::string ranking_card(const Ranking& ranking) {
  std::string text = fmt::format(
      "<div "
      "class=\"scroll\"><table><caption>{}</caption>\n<thead><tr><th></th><th>kernel</"
      "th><th>verdict</th>"
      "<th class=\"n\">ns/element</th><th class=\"n\">95 %</th><th class=\"n\">GB/s</th>"
      "<th class=\"n\">x memcpy</th><th class=\"n\">of ceiling</th></tr></thead>\n<tbody>\n",
      escape_html(ranking.shape.words()));
  for (const auto* entries : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *entries) text += ranking_row(entry);
  return text + "</tbody></table></div>\n";
}

std::string speed_group(const Section& section, const std::string& op, const std::string& dtype) {
  std::string head, rows, cards;
  std::vector<const KernelView*> kernels;
  for (const KernelView& kernel : section.view.kernels)
    if (kernel.op == op && kernel.dtype == dtype) {
      kernels.push_back(&kernel);
      head += fmt::format("<th class=\"n\" scope=\"col\">{}</th>", escape_html(kernel.name));
    }
  for (const Ranking& ranking : section.view.rankings) {
    if (ranking.shape.op != op || ranking.shape.dtype != dtype) continue;
    rows += "<tr>" + shape_cells(ranking.shape) + cell(ranking.shape.cache) +
            cell(ranking.shape.logits() + (ranking.shape.in_place ? ", in place" : ""));
    for (const KernelView* kernel : kernels) rows += matrix_cell(ranking, *kernel);
    rows += "</tr>\n";
    cards += ranking_card(ranking);
  }
  if (rows.empty()) return "";
  return fmt::format(
      "<h4>{} {}</h4>\n<div class=\"scroll\"><table "
      "class=\"first\"><thead><tr><th>workload</th><th "
      "class=\"n\">size</th><th class=\"n\">"
      "threads</th><th>cache</th><th>logits</th>{}</tr></thead>\n<tbody>\n{}</tbody></table></"
      "div>\n<details><summary>Ranking of each "
      "shape</summary>\n<div class=\"cards\">\n{}</div></details>\n",
      escape_html(op), escape_html(dtype), head, rows, cards);
}

std::string worst_text(const Json& worst) {
  if (worst.empty()) return "";
  const Json& x = field(worst, "x");
  return fmt::format("{} element {} of {}: got {}, want {}",
                     x.is_array() ? data_list(x, 3, true) : "", count_of(worst, "at"),
                     count_of(worst, "row_length"), text_of(worst, "got"), text_of(worst, "want"));
}

std::string accuracy_row(const KernelView& kernel, const Json& row) {
  const Json& rounded = field(row, "correctly_rounded");
  std::string text =
      fmt::format("<tr><th scope=\"row\">{}</th>{}<td class=\"n\">{}</td>", escape_html(kernel.id),
                  cell(text_of(row, "domain")), count_of(row, "elements"));

  for (const char* key : {"max_ulp", "mean_ulp", "p50", "p99", "p999"})
    text += figure_cell(field(row, key));
  return text + fmt::format("<td class=\"n\">{}</td>{}{}<td><code>{}</code></td></tr>\n",
                            rounded.is_number()
                                ? fmt::format("{:.2f} %", 100 * rounded.get<double>())
                                : "-",
                            figure_cell(field(row, "max_error_over_bound")),
                            cell(text_of(row, "domain") == "all" ? kernel.grade() : ""),
                            escape_html(worst_text(field(row, "worst"))));
}

std::string accuracy_table(const std::string& rows) {
  std::string head;
  for (const char* name : {"elements", "max", "mean", "median", "99 %", "99.9 %",
                           "correctly rounded", "error / bound"})
    head += fmt::format("<th class=\"n\">{}</th>", name);
  return fmt::format(
      "<div class=\"scroll\"><table "
      "class=\"first\"><thead><tr><th>kernel</th><th>rows</th>{}<th>grade</th><th>worst</th></tr></"
      "thead>\n"
      "<tbody>\n{}</tbody></table></div>\n",
      head, rows);
}

std::string list_of(const char* head, const Json& object) {
  if (!object.is_object() || object.empty()) return "";
  std::string text = fmt::format("<div><h4>{}</h4><dl>\n", head);
  for (const auto& [key, value] : object.items())
    text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(key), escape_html(plain(value)));
  return text + "</dl></div>\n";
}

std::string ceilings(const Section& section) {
  std::string rows;
  for (const Json& row : field(section.view.document, "ceilings"))
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{} x {}</td><td>{}</td><td "
        "class=\"n\">{}</td>{}{}</tr>\n",
        escape_html(text_of(row, "kind")), escape_html(text_of(row, "workload")),
        count_of(row, "rows"), count_of(row, "cols"), escape_html(text_of(row, "dtype")),
        count_of(row, "threads"), figure_cell(field(field(row, "ns_per_element"), "median")),
        figure_cell(field(row, "gb_per_s")));
  if (rows.empty()) return "";
  return "<details><summary>Ceilings: what this machine can do at most</summary>\n<div "
         "class=\"scroll\"><table "
         "class=\"first\"><thead><tr>"
         "<th>kind</th><th>workload</th><th class=\"n\">size</th><th>type</th><th "
         "class=\"n\">threads</th><th "
         "class=\"n\">ns/element</th>"
         "<th class=\"n\">GB/s</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody></table></div></details>\n";
}

std::string grades(const Section& section) {
  std::string items;
  for (const KernelView& kernel : section.view.kernels)
    if (const std::string sentence = kernel.grade_sentence(); !sentence.empty())
      items += fmt::format("<li><code>{}</code>: {}</li>\n", escape_html(kernel.id),
                           escape_html(sentence));
  return items.empty() ? ""
                       : "<details><summary>What the grades rest on</summary>\n<ul>\n" + items +
                             "</ul></details>\n";
}

}  // namespace

std::string speed(const Section& section) {
  std::string text;
  for (const auto& [op, dtype] : timed_groups(section.view))
    text += speed_group(section, op, dtype);
  if (text.empty()) return "";
  return "<p class=\"soft\">Nanoseconds per element; the fastest correct kernel of each shape is "
         "marked. In brackets: timed, but wrong or not verified, so never ranked.</p>\n" +
         text;
}

std::string accuracy(const Section& section) {
  std::string whole, parts;
  for (const KernelView& kernel : section.view.kernels)
    for (const Json* row : kernel.accuracy)
      (text_of(*row, "domain") == "all" ? whole : parts) += accuracy_row(kernel, *row);
  if (whole.empty() && parts.empty()) return "";
  std::string text =
      "<p class=\"soft\">Errors in units in the last place, against the exact value before "
      "rounding. Error / bound: "
      "against "
      "the largest error that sane arithmetic can make on that row; above 1 is a defect.</p>\n";
  if (whole.empty()) return text + accuracy_table(parts);
  text += accuracy_table(whole) + grades(section);
  return parts.empty() ? text
                       : text + "<details><summary>By kind of row</summary>\n" +
                             accuracy_table(parts) + "</details>\n";
}

std::string machine(const Section& section) {
  const Json& document = section.view.document;
  const Json& machine = field(document, "machine");
  Json absent = Json::object();
  for (const Json& row : field(document, "absent"))
    absent[text_of(row, "name")] = field(row, "reason");
  std::string warnings;
  for (const Json& warning : field(document, "warnings"))
    warnings += fmt::format("<li>{}</li>\n", escape_html(plain(warning)));
  if (!warnings.empty()) warnings = "<h4>Warnings</h4>\n<ul>\n" + warnings + "</ul>\n";
  return warnings + "<div class=\"columns\">\n" + list_of("Machine", field(machine, "identity")) +
         list_of("State", field(machine, "environment")) +
         list_of("Build", field(document, "build")) +
         list_of("Could not be determined", field(machine, "unavailable")) +
         list_of("Absent kernels", absent) + "</div>\n" + ceilings(section);
}

}  // namespace softmark::html
