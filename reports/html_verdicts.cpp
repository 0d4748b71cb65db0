// SPDX-License-Identifier: Apache-2.0
// The page's verdicts: what to use, on one machine and on several, and kernels by properties.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/across.h"
#include "reports/decision.h"
#include "reports/html_parts.h"
#include "support/text.h"

namespace softmark::html {
namespace {

/// The first three; the grid has them all.
std::string links(const Section& section, const KernelView& kernel, Outcome wanted) {
  constexpr std::size_t kMost = 3;
  std::string text;
  std::size_t count = 0;
  for (const Json* property : kernel.properties) {
    if (outcome(*property) != wanted || ++count > kMost) continue;
    text += fmt::format("{}<a href=\"#{}\">{}</a>", text.empty() ? "" : ", ",
                        section.anchor(*property), escape_html(text_of(*property, "property")));
  }
  return count > kMost ? fmt::format("{}, +{}", text, count - kMost) : text;
}

/// A grid cell: sign, style and words for an outcome.
struct Sign {
  const char *sign, *css, *words;
};
Sign sign_of(const Json& property) {
  switch (outcome(property)) {
    case Outcome::kPass:
      return {"✓", "pass", "passes"};
    case Outcome::kUnexpectedPass:
      return {"✓!", "known", "passes, though known to fail"};
    case Outcome::kSkip:
      return {"·", "soft", "skipped"};
    case Outcome::kNote:
      return {"n", "soft", "note"};
    case Outcome::kExpected:
      return {"✗", "known", "known"};
    case Outcome::kInconclusive:
      return {"?", "known", "undecided"};
    case Outcome::kIncomplete:
      return {"…", "known", "not decided"};
    case Outcome::kFail:
      break;
  }
  return {"✗", "fail", "fails"};
}

std::string grid_cell(const Section& section, const KernelView& kernel, const std::string& name) {
  for (const Json* property : kernel.properties) {
    if (text_of(*property, "property") != name) continue;
    const Sign sign = sign_of(*property);
    const Outcome what = outcome(*property);
    if (what == Outcome::kPass || what == Outcome::kSkip) return std::string("<td>") + sign.sign;
    if (what == Outcome::kIncomplete) return fmt::format("<td class={}>{}", sign.css, sign.sign);
    return fmt::format("<td class={}><a href=#{} title=\"{}: {}\">{}</a>", sign.css,
                       section.anchor(*property), sign.words, escape_html(name), sign.sign);
  }
  return "<td>";
}

/// "20 of 21 hold", which a narrow window has instead of a sign for each.
std::string held(const KernelView& kernel) {
  std::size_t hold = 0, all = 0;
  for (const Json* property : kernel.properties) {
    const Outcome what = outcome(*property);
    hold += what == Outcome::kPass || what == Outcome::kUnexpectedPass;
    all += what != Outcome::kSkip;
  }
  return fmt::format("<i>{} of {} hold</i>", hold, all);
}

std::string property_group(const Section& section, const Group& group) {
  std::vector<const KernelView*> kernels;
  std::vector<std::string> names;
  for (const KernelView& kernel : section.view.kernels) {
    if (kernel.op != group.first || kernel.dtype != group.second || kernel.properties.empty())
      continue;
    kernels.push_back(&kernel);
    for (const Json* property : kernel.properties) {
      const std::string name = text_of(*property, "property");
      if (outcome(*property) != Outcome::kSkip &&
          std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
    }
  }
  if (names.empty()) return "";
  std::string text =
      group_open(group) + group_head(section, group) +
      "<div class=scroll tabindex=0><table class=\"first upright signs\"><thead><tr><th>kernel";
  for (const std::string& name : names)
    text += fmt::format("<th><span>{}</span>", escape_html(name));
  text += "</thead>\n<tbody>\n";
  for (const KernelView* kernel : kernels) {
    text +=
        fmt::format("<tr{}><th>{}{}", isa_data(*kernel), escape_html(kernel->name), held(*kernel));
    for (const std::string& name : names) text += grid_cell(section, *kernel, name);
    text += "\n";
  }
  return text + "</table></div></div>\n";
}

std::string decision_row(const Section& section, const Group& group, const Ranking& ranking) {
  const Decision decision = decide(section.view, ranking);
  std::size_t right = 0, all = 0;
  for (const KernelView& kernel : section.view.kernels)
    if (kernel.op == group.first && kernel.dtype == group.second) {
      ++all;
      right += kernel.standing == Standing::kPass;
    }
  const std::string head =
      fmt::format("<tr><th>{} {}", escape_html(group.first), escape_html(group.second));
  const std::string shape = fmt::format("<td><a href=\"#{}\">{}</a>", section.anchor(ranking),
                                        escape_html(ranking.shape.words()));
  if (!decision.winner)
    return head +
           fmt::format("<td>none passed<td>-<td>-<td>-<td>-<td>{} of {}{}\n", right, all, shape);
  const KernelView& kernel = *decision.winner->kernel;
  std::string tied;
  for (const Entry* entry : decision.tied) tied += ", " + entry->kernel->name;
  return head + fmt::format("<td class=pass>{}<td>{}<td>{}<td>{}<td>{}<td>{} of {}{}\n",
                            escape_html(kernel.name),
                            tied.empty() ? "-" : escape_html(tied.substr(2)),
                            figure(decision.winner->ns),
                            escape_html(share_of_ceiling(*decision.winner->measurement)),
                            kernel.share_text(), right, all, shape);
}

std::string html_cell(const AcrossCell& cell) {
  const char* css = cell.place == 1 ? " class=best" : cell.place ? "" : " class=soft";
  return fmt::format("<td{}>{}", css, cell.text);
}

std::string across_table(Sections sections, const Group& group, const Shape& shape) {
  std::vector<const View*> views;
  std::string head, rows;
  for (const Section& section : sections) {
    views.push_back(&section.view);
    head += "<th>" + escape_html(section.name);
  }
  for (const AcrossRow& row : across(views, shape)) {
    rows += "<tr><th>" + escape_html(row.kernel);
    for (const AcrossCell& cell : row.cells) rows += html_cell(cell);
    rows += "\n";
  }
  return group_open(group) + fmt::format(
                                 "<div class=scroll tabindex=0><table class=first><caption>{} {}, "
                                 "{}</caption><thead><tr>"
                                 "<th>kernel{}</thead>\n<tbody>\n{}</table></div></div>\n",
                                 escape_html(group.first), escape_html(group.second),
                                 escape_html(shape.words()), head, rows);
}

}  // namespace

std::string Section::anchor(const Json& property) const {
  return fmt::format("{}p{}", prefix, &property - &field(view.document, "properties")[0]);
}

std::string Section::anchor(const Ranking& ranking) const {
  return fmt::format("{}s{}", prefix, &ranking - view.rankings.data());
}

std::string Section::data() const { return of > 1 ? fmt::format(" data-machine={}", index) : ""; }

std::vector<Group> groups(const View& view) {
  std::vector<Group> found;
  for (const KernelView& kernel : view.kernels)
    if (const Group group(kernel.op, kernel.dtype);
        std::find(found.begin(), found.end(), group) == found.end())
      found.push_back(group);
  return found;
}

std::string group_open(const Group& group) {
  return fmt::format("<div data-op=\"{}\" data-dtype=\"{}\">\n", escape_html(group.first),
                     escape_html(group.second));
}

int heading(const Section& section) { return section.of > 1 ? 4 : 3; }

std::string group_head(const Section& section, const Group& group) {
  return fmt::format("<h{0}>{1} {2}</h{0}>\n", heading(section), escape_html(group.first),
                     escape_html(group.second));
}

std::string cell(std::string_view text) { return "<td>" + escape_html(text); }

std::string figure_cell(const Json& statistic) { return "<td>" + figure(statistic); }

std::string row_class(bool ranked) { return ranked ? "" : " class=wrong"; }

std::string standing_cell(const Section& section, const KernelView& kernel) {
  const bool failed = kernel.standing == Standing::kFail,
             known = kernel.standing == Standing::kKnownWrong;
  const std::string which =
      failed || known ? links(section, kernel, failed ? Outcome::kFail : Outcome::kExpected) : "";
  const char* css = failed ? "fail" : kernel.standing == Standing::kPass ? "pass" : "known";
  const std::string grade = kernel.grade();
  return fmt::format("<td><span class={}>{}{}{}</span>{}", css, escape_html(kernel.verdict()),
                     which.empty() ? "" : ": ", which,
                     grade == "-" ? "" : escape_html(" (" + grade + ")"));
}

std::string decisions(const Section& section) {
  std::string rows;
  for (const Group& group : groups(section.view))
    if (const Ranking* ranking = headline(section.view, group.first, group.second))
      rows += decision_row(section, group, *ranking);
  if (rows.empty()) return "";
  return "<div class=scroll tabindex=0><table class=\"first "
         "decisions\"><thead><tr><th>operation<th>use<th>tied "
         "with<th>ns/element<th>of ceiling<th>error / bound<th>passed<th>at</thead>\n<tbody>\n" +
         rows + "</table></div>\n";
}

std::string machines(Sections sections) {
  std::string text;
  for (const Section& section : sections) {
    const auto timed = timed_groups(section.view);
    if (timed.empty()) continue;
    const auto wanted = std::find(timed.begin(), timed.end(), Group("softmax", "f32"));
    const Group& group = wanted == timed.end() ? timed.front() : *wanted;
    const Decision decision =
        decide(section.view, *headline(section.view, group.first, group.second));
    text += fmt::format("<li{}><b>{}</b>: {} <span class=soft>{}</span>\n", section.data(),
                        escape_html(section.name), escape_html(decision.sentence),
                        escape_html(decision.sure));
  }
  return text.empty() ? "" : "<ul class=decisions>\n" + text + "</ul>\n";
}

std::string side_by_side(Sections sections) {
  const View& first = sections.front().view;
  std::string text;
  for (const Group& group : timed_groups(first))
    text += across_table(sections, group, headline(first, group.first, group.second)->shape);
  return text.empty() ? "" : fmt::format("<p class=soft>{}</p>\n{}", kAcrossWords, text);
}

std::string properties(const Section& section) {
  std::string text;
  for (const Group& group : groups(section.view)) text += property_group(section, group);
  if (text.empty()) return "";
  return "<p class=soft>✓ holds, ✗ fails (follow it to the row that shows it), · not claimed or "
         "not "
         "for this operation, ? undecided, … not decided before the run ended, n note.</p>\n" +
         text;
}

}  // namespace softmark::html
