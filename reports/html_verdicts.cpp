// SPDX-License-Identifier: Apache-2.0
// The page's verdicts: summary tables, counterexamples, and the matrix of kernels by properties.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/data.h"
#include "reports/html_parts.h"
#include "support/text.h"

namespace softmark::html {
namespace {

constexpr std::size_t kShownElements = 16;

/// The first three; the matrix has them all.
std::string links(const Section& section, const KernelView& kernel, Outcome wanted) {
  constexpr std::size_t kMost = 3;
  std::string text;
  std::size_t count = 0;
  for (const Json* property : kernel.properties) {
    if (outcome(*property) != wanted || ++count > kMost) continue;
    text += fmt::format("{}<a href=\"#{}\">{}</a>", text.empty() ? "" : ", ",
                        section.anchor(*property), escape_html(text_of(*property, "property")));
  }
  return count > kMost ? fmt::format("{}, <a href=\"#{}Properties\">+{}</a>", text, section.prefix,
                                     count - kMost)
                       : text;
}

std::string summary_row(const Section& section, const KernelView& kernel, const Entry* entry,
                        double most_gb) {
  const Json none;
  const Json& row = entry ? *entry->measurement : none;
  const double gb = value_of(field(row, "gb_per_s")), share = value_of(field(row, "of_ceiling"));
  const bool ranked = entry && entry->place > 0;
  const bool wrong = is_wrong(kernel.standing);
  std::string summary = kernel.row ? text_of(*kernel.row, "summary") : "";
  return fmt::format(
      "<tr{}><th scope=\"row\" title=\"{}\">{}{}</th>{}<td class=\"n\">{}</td>{}<td "
      "class=\"n{}\"{}>{}</td><td class=\"n\" title=\"{}\">{}</td></tr>\n",
      wrong ? " class=\"wrong\"" : "", escape_html(summary), entry && entry->tied ? "~ " : "",
      escape_html(kernel.name), standing_cell(section, kernel, entry),
      escape_html(kernel.max_ulp_text()),
      figure_cell(field(field(row, "ns_per_element"), "median")), ranked ? " bar" : "",
      ranked ? fmt::format(" style=\"--share: {:.0f}%\"", 100 * gb / most_gb) : "",
      figure(field(row, "gb_per_s")), escape_html(text_of(row, "ceiling")),
      std::isnan(share) ? "-" : fmt::format("{:.0f} %", 100 * share));
}

std::string summary(const Section& section, const Ranking& speed) {
  double most_gb = 0;
  for (const Entry& entry : speed.ranked)
    most_gb = std::max(most_gb, value_of(field(*entry.measurement, "gb_per_s")));
  std::string rows;
  for (const auto& [kernel, entry] : summary_order(section.view, speed))
    rows += summary_row(section, *kernel, entry, most_gb);
  return fmt::format(
      "<div><h4>{} {}</h4>\n<div class=\"scroll\"><table class=\"first\"><caption>times at "
      "{}</caption>\n"
      "<thead><tr><th>kernel</th><th>verdict</th><th class=\"n\">max ulp</th><th "
      "class=\"n\">ns/element</th>"
      "<th class=\"n\">GB/s</th><th class=\"n\">of "
      "ceiling</th></tr></thead>\n<tbody>\n{}</tbody></table></div></div>\n",
      escape_html(speed.shape.op), escape_html(speed.shape.dtype), escape_html(speed.shape.words()),
      rows);
}

std::string untimed_table(const Section& section) {
  std::string right, wrong;
  for (const KernelView* kernel : untimed(section.view))
    (is_wrong(kernel->standing) ? wrong : right) += fmt::format(
        "<tr><th scope=\"row\">{}</th>{}<td class=\"n\">{}</td></tr>\n", escape_html(kernel->id),
        standing_cell(section, *kernel, nullptr), escape_html(kernel->max_ulp_text()));
  if (right.empty() && wrong.empty()) return "";
  return fmt::format(
      "<div><h4>Not timed</h4>\n<div class=\"scroll\"><table "
      "class=\"first\"><thead><tr><th>kernel</th><th>verdict</th>"
      "<th class=\"n\">max ulp</th></tr></thead>\n<tbody>\n{}{}</tbody></table></div></div>\n",
      right, wrong);
}

/// Element by element where the row is short, as lists where it is long.
std::string counterexample(const Json& example) {
  if (!example.is_object()) return "";
  const Json &x = field(example, "x"), &got = field(example, "got"), &want = field(example, "want");
  const std::size_t size = data_size(x);
  const bool aligned = count_of(example, "rows") == 1 && size > 0 && size <= kShownElements &&
                       data_size(got) == size && data_size(want) == size;
  std::string text = fmt::format("<p>{} row(s) of {} column(s)", count_of(example, "rows"),
                                 count_of(example, "cols"));
  for (const char* key : {"g", "labels", "layout"}) {
    const Json& value = field(example, key);
    if (value.is_null() || value.empty()) continue;
    text += fmt::format(
        "; {} <code>{}</code>", key,
        escape_html(value.is_array() ? data_list(value, kShownElements, true) : plain(value)));
  }
  if (!spot(example).empty()) text += fmt::format("; <code>{}</code>", escape_html(spot(example)));
  text += "</p>\n";
  if (!aligned)
    return text +
           fmt::format("<pre>x    {}\n     {}\ngot  {}\nwant {}</pre>\n",
                       escape_html(data_list(x, 8, false)), escape_html(data_list(x, 8, true)),
                       escape_html(data_list(got, 8, true)), escape_html(data_list(want, 8, true)));
  text +=
      "<div class=\"scroll\"><table><thead><tr><th class=\"n\">element</th><th "
      "class=\"n\">x</th><th "
      "class=\"n\">got</th>"
      "<th class=\"n\">want</th></tr></thead>\n<tbody class=\"mono\">\n";
  for (std::size_t i = 0; i < size; ++i)
    text += fmt::format(
        "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{}</td></tr>\n",
        i, escape_html(decimal_and_hex(data_at(x, i))),
        escape_html(decimal_and_hex(data_at(got, i))),
        escape_html(decimal_and_hex(data_at(want, i))));
  return text + "</tbody></table></div>\n";
}

std::string finding(const Section& section, const Json& property, const char* css,
                    const std::string& also) {
  const std::string message = text_of(property, "message"), reason = text_of(property, "reason"),
                    repro = text_of(property, "repro");
  std::vector<std::string> sentences;
  if (!message.empty()) sentences.push_back(message);
  if (!reason.empty()) sentences.push_back("Known: " + reason);
  return fmt::format(
      "<article id=\"{}\"><h5><span class=\"{}\">{}</span> {} <span "
      "class=\"soft\">{}</span></h5>\n<p>{} <span "
      "class=\"soft\">(criterion: "
      "{})</span></p>\n{}{}{}</article>\n",
      section.anchor(property), css, escape_html(text_of(property, "verdict")),
      escape_html(text_of(property, "property")), escape_html(text_of(property, "kernel")),
      escape_html(fmt::format("{}", fmt::join(sentences, ". "))),
      escape_html(text_of(property, "criterion")),
      counterexample(field(property, "counterexample")),
      repro.empty() ? "" : "<pre>" + escape_html(repro) + "</pre>\n", also);
}

/// A finding with the others of its cause folded away.
std::string finding(const Section& section, const Finding& one, const char* css) {
  std::string also;
  for (const Json* property : one.also) also += finding(section, *property, css, "");
  if (!also.empty())
    also = fmt::format("<details><summary>also: {}</summary>\n{}</details>\n",
                       escape_html(one.also_names()), also);
  return finding(section, *one.shown, css, also);
}

/// A matrix cell: sign, style and words for an outcome.
struct Sign {
  const char *sign, *css, *words;
};
Sign sign_of(const Json& property) {
  switch (outcome(property)) {
    case Outcome::kPass:
      return {"✓", "pass", "passes"};
    case Outcome::kUnexpectedPass:
      return {"✓!", "known", "was expected to fail, and passes"};
    case Outcome::kSkip:
      return {"·", "soft", "skipped"};
    case Outcome::kNote:
      return {"n", "soft", "note"};
    case Outcome::kExpected:
      return {"✗", "known", "fails, as expected"};
    case Outcome::kInconclusive:
      return {"?", "known", "undecided"};
    case Outcome::kIncomplete:
      return {"…", "known", "not decided"};
    case Outcome::kFail:
      break;
  }
  return {"✗", "fail", "fails"};
}

std::string matrix_cell(const Section& section, const KernelView& kernel, const std::string& name) {
  for (const Json* property : kernel.properties) {
    if (text_of(*property, "property") != name) continue;
    const Sign sign = sign_of(*property);
    const Outcome what = outcome(*property);
    const bool linked =
        what != Outcome::kPass && what != Outcome::kSkip && what != Outcome::kIncomplete;
    const std::string title =
        fmt::format("{}: {} {} {}", name, sign.words, text_of(*property, "message"),
                    text_of(*property, "reason"));
    const std::string shown =
        linked ? fmt::format("<a href=\"#{}\">{}</a>", section.anchor(*property), sign.sign)
               : sign.sign;
    return fmt::format("<td class=\"{}\" title=\"{}\">{}</td>", sign.css, escape_html(title),
                       shown);
  }
  return "<td></td>";
}

/// What is not a finding but was not verified either: a line for each kernel.
std::string kernel_lists(const View& view) {
  std::string text;
  const auto add = [&](const char* head, const auto& words_of) {
    std::string items;
    for (const KernelView& kernel : view.kernels)
      if (const std::string words = words_of(kernel); !words.empty())
        items += fmt::format("<li><code>{}</code>: {}</li>\n", escape_html(kernel.id),
                             escape_html(words));
    if (!items.empty())
      text += fmt::format("<details open><summary>{}</summary>\n<ul>\n{}</ul></details>\n", head,
                          items);
  };
  add("Incomplete: not decided", [](const KernelView& kernel) { return kernel.undecided(); });
  add("Refused calls, on which nothing was verified",
      [](const KernelView& kernel) { return kernel.refusals(); });
  return text;
}

}  // namespace

std::string Section::anchor(const Json& property) const {
  return fmt::format("{}p{}", prefix, &property - &field(view.document, "properties")[0]);
}

std::string cell(std::string_view text) { return fmt::format("<td>{}</td>", escape_html(text)); }

std::string figure_cell(const Json& statistic) {
  return fmt::format("<td class=\"n\">{}</td>", figure(statistic));
}

std::string standing_cell(const Section& section, const KernelView& kernel, const Entry* entry) {
  const bool failed = kernel.standing == Standing::kFail,
             known = kernel.standing == Standing::kKnownWrong;
  const std::string which =
      failed || known ? links(section, kernel, failed ? Outcome::kFail : Outcome::kExpected) : "";
  const char* css = failed ? "fail" : kernel.standing == Standing::kPass ? "pass" : "known";
  const bool only_here = entry && !entry->place && !is_wrong(kernel.standing);
  return fmt::format("<td><span class=\"{}\">{}{}{}</span>{}</td>", css,
                     escape_html(kernel.verdict()), which.empty() ? "" : ": ", which,
                     only_here ? "; here " + escape_html(entry->why_not) : "");
}

std::string summaries(const Section& section) {
  std::string text;
  for (const auto& [op, dtype] : timed_groups(section.view))
    text += summary(section, *headline(section.view, op, dtype));
  text += untimed_table(section);
  return text.empty() ? "" : fmt::format("<div class=\"cards summary\">\n{}</div>\n", text);
}

std::string failures(const Section& section) {
  std::string text;
  const auto add = [&](Outcome wanted, const char* head, const char* css) {
    const auto found = section.view.findings(wanted);
    if (found.empty()) return;
    text += fmt::format("<details open><summary>{} ({})</summary>\n<div class=\"cards\">\n", head,
                        found.size());
    for (const Finding& one : found) text += finding(section, one, css);
    text += "</div></details>\n";
  };
  add(Outcome::kFail, "Failures", "fail");
  add(Outcome::kExpected, "Expected failures", "known");
  add(Outcome::kUnexpectedPass, "Expected to fail, but pass now", "known");
  add(Outcome::kInconclusive, "Undecided", "known");
  add(Outcome::kNote, "Notes", "soft");
  return text + kernel_lists(section.view);
}

std::string property_matrix(const Section& section) {
  std::vector<std::string> names;
  for (const Json& property : field(section.view.document, "properties")) {
    const std::string name = text_of(property, "property");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (names.empty()) return "";
  std::string text =
      "<p class=\"soft\">✓ holds, ✗ fails (follow it to the row that shows it), · not claimed or "
      "not "
      "for this operation, ? undecided, … not decided before the run ended, n note.</p>\n<div "
      "class=\"scroll\"><table class=\"first "
      "matrix\"><thead><tr>"
      "<th>kernel</th>";
  for (const std::string& name : names)
    text += fmt::format("<th scope=\"col\">{}</th>", escape_html(name));
  text += "</tr></thead>\n<tbody>\n";
  for (const KernelView& kernel : section.view.kernels) {
    if (kernel.properties.empty()) continue;
    text += fmt::format("<tr><th scope=\"row\">{}</th>", escape_html(kernel.id));
    for (const std::string& name : names) text += matrix_cell(section, kernel, name);
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace softmark::html
