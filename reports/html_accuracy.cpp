// SPDX-License-Identifier: Apache-2.0
// The page's figures of accuracy: each kernel's errors, and its share of the bound by kind of row.
#include <fmt/format.h>

#include <algorithm>

#include "reports/data.h"
#include "reports/html_parts.h"
#include "support/text.h"

namespace softmark::html {
namespace {

constexpr const char* kAll = "all";

std::string worst_words(const Json& worst) {
  if (worst.empty()) return "";
  const Json& x = field(worst, "x");
  return fmt::format("{} output {} of a row of {}: got {}, want {}",
                     x.is_array() ? data_list(x, 4, true) : "", count_of(worst, "at"),
                     count_of(worst, "row_length"), decimal_and_hex(field(worst, "got")),
                     decimal_and_hex(field(worst, "want")));
}

/// The entry over all kinds of row, else the kernel's only or first one.
const Json& whole(const KernelView& kernel) {
  for (const Json* row : kernel.accuracy)
    if (text_of(*row, "domain") == kAll) return *row;
  return kernel.accuracy.empty() ? field(Json(), "") : *kernel.accuracy.front();
}

std::string row_of(const Section& section, const KernelView& kernel) {
  const Json& row = whole(kernel);
  const Json& rounded = field(row, "correctly_rounded");
  const std::string worst = worst_words(field(row, "worst")), grade = kernel.grade_sentence();
  return fmt::format(
      "<tr{}{}><th>{}{}<td>{}<td>{}{}{}{}<td>{}<td>{}<td>{}\n",
      row_class(!is_wrong(kernel.standing)), isa_data(kernel), escape_html(kernel.name),
      standing_cell(section, kernel), kernel.share_text(), kernel.ulp_text(),
      figure_cell(field(row, "mean_ulp")), figure_cell(field(row, "p99")),
      figure_cell(field(row, "p999")),
      rounded.is_number() ? fmt::format("{:.2f} %", 100 * rounded.get<double>()) : "-",
      count_of(row, "elements"),
      worst.empty() ? ""
                    : fmt::format("<details><summary>row</summary><code>{}</code>{}</details>",
                                  escape_html(worst),
                                  grade.empty() ? "" : "<p>Grade: " + escape_html(grade) + "</p>"));
}

std::string kinds_table(const std::vector<const KernelView*>& kernels) {
  std::vector<std::string> kinds;
  for (const KernelView* kernel : kernels)
    for (const Json* row : kernel->accuracy)
      if (const std::string kind = text_of(*row, "domain");
          kind != kAll && std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
        kinds.push_back(kind);
  if (kinds.empty()) return "";
  std::string head, rows;
  for (const std::string& kind : kinds) head += "<th>" + escape_html(kind);
  for (const KernelView* kernel : kernels) {
    if (kernel->accuracy.empty()) continue;
    rows += fmt::format("<tr{}{}><th>{}", row_class(!is_wrong(kernel->standing)), isa_data(*kernel),
                        escape_html(kernel->name));
    for (const std::string& kind : kinds) {
      std::string text = "-";
      for (const Json* row : kernel->accuracy)
        if (text_of(*row, "domain") == kind) text = figure(field(*row, "max_error_over_bound"));
      rows += "<td>" + text;
    }
    rows += "\n";
  }
  return fmt::format(
      "<details><summary>By kind of row, as shares of the bound</summary>\n<div class=scroll "
      "tabindex=0>"
      "<table class=first><thead><tr><th>kernel{}</thead>\n<tbody>\n{}</table></div></details>\n",
      head, rows);
}

std::string accuracy_group(const Section& section, const Group& group) {
  std::vector<const KernelView*> kernels;
  for (const KernelView& kernel : section.view.kernels)
    if (kernel.op == group.first && kernel.dtype == group.second) kernels.push_back(&kernel);
  const auto error = [](const KernelView* kernel) {
    const double share = kernel->share_of_bound;
    return std::pair(is_wrong(kernel->standing), share == share ? share : 1e300);
  };
  std::stable_sort(kernels.begin(), kernels.end(),
                   [&](const auto* a, const auto* b) { return error(a) < error(b); });
  std::string rows;
  for (const KernelView* kernel : kernels)
    if (!kernel->accuracy.empty() || !kernel->properties.empty()) rows += row_of(section, *kernel);
  if (rows.empty()) return "";
  return group_open(group) + group_head(section, group) +
         "<div class=scroll tabindex=0><table class=\"first "
         "errors\"><thead><tr><th>kernel<th>verdict"
         "<th>error / bound<th>max ulp<th>mean<th>99 %<th>99.9 %<th>correctly rounded<th>outputs"
         "<th>worst</thead>\n<tbody>\n" +
         rows + "</table></div>\n" + kinds_table(kernels) + "</div>\n";
}

}  // namespace

std::string accuracy(const Section& section) {
  std::string text;
  for (const Group& group : groups(section.view)) text += accuracy_group(section, group);
  if (text.empty()) return "";
  return "<p class=soft>Error / bound compares kernels of every operation: the largest error as a "
         "share of the error that sane arithmetic may make on that very row; above 1 is a defect. "
         "Max ulp counts well-conditioned outputs alone. Where a result cancels (logsumexp near 0, "
         "log-softmax, gradients) it can be far smaller than what it is computed from: an error "
         "that no arithmetic could avoid is then 1e15 of its ulp, a figure that says nothing about "
         "the kernel.<span class=paper> On paper the worst rows and the figures by kind of row are "
         "left out.</span></p>\n" +
         text;
}

}  // namespace softmark::html
