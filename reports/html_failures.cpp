// SPDX-License-Identifier: Apache-2.0
// The page's failures, grouped by kernel and cause, each with the row that shows it, got, want,
// reason and the command that replays it. Known ones are folded.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/data.h"
#include "reports/html_parts.h"
#include "support/text.h"

namespace softmark::html {
namespace {

constexpr std::size_t kShownElements = 16;

/// Text of an element that is not an attribute: quotes and line breaks stay.
std::string text_html(std::string_view text) {
  std::string escaped;
  for (char c : printable(text))
    escaped += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return escaped;
}

/// Element by element where the row is short, else its beginning.
std::string values(const Json& example) {
  const Json &x = field(example, "x"), &got = field(example, "got"), &want = field(example, "want");
  const std::size_t size = data_size(x);
  const bool aligned = count_of(example, "rows") == 1 && size > 0 && size <= kShownElements &&
                       data_size(got) == size && data_size(want) == size;
  if (!aligned)
    return fmt::format("x    {}\n     {}\ngot  {}\nwant {}", data_list(x, 8, false),
                       data_list(x, 8, true), data_list(got, 8, true), data_list(want, 8, true));
  std::string text;
  for (std::size_t i = 0; i < size; ++i)
    text +=
        fmt::format("{}{}: x {}, got {}, want {}", i ? "\n" : "", i, decimal_and_hex(data_at(x, i)),
                    decimal_and_hex(data_at(got, i)), decimal_and_hex(data_at(want, i)));
  return text;
}

std::string counterexample(const Json& example) {
  if (!example.is_object()) return "";
  std::string text = fmt::format("{} x {}", count_of(example, "rows"), count_of(example, "cols"));
  for (const char* key : {"g", "labels", "layout"}) {
    const Json& value = field(example, key);
    if (value.is_null() || value.empty()) continue;
    text += fmt::format("; {} {}", key,
                        value.is_array() ? data_list(value, kShownElements, true) : plain(value));
  }
  if (data_size(field(example, "x")) > 1 && !spot(example).empty()) text += "; " + spot(example);
  return fmt::format("<pre>{}\n{}</pre>\n", text_html(text), text_html(values(example)));
}

/// `reason`: "" where the group around it says it.
std::string article(const Section& section, const Json& property, const char* css,
                    const std::string& reason, const std::string& also) {
  const std::string repro = text_of(property, "repro");
  return fmt::format(
      "<article id={1}><h{0}><span class={2}>{3}</span> {4} <span class=soft>{5}</span></h{0}>\n"
      "<p>{6} <span class=soft>({7})</span>{8}</p>\n{9}{10}{11}</article>\n",
      heading(section) + 1, section.anchor(property), css,
      escape_html(text_of(property, "verdict")), escape_html(text_of(property, "property")),
      escape_html(text_of(property, "kernel")), text_html(text_of(property, "message")),
      escape_html(text_of(property, "criterion")),
      reason.empty() ? "" : "<br>Known: " + text_html(reason),
      counterexample(field(property, "counterexample")),
      repro.empty() ? "" : "<pre>" + text_html(repro) + "</pre>\n", also);
}

/// A message without how many of the lengths tried fail, and that: " (8 of 139 lengths ...)".
std::pair<std::string, std::string> split(const std::string& message) {
  const std::size_t at = message.ends_with(')') ? message.rfind(" (") : std::string::npos;
  if (at == std::string::npos) return {message, ""};
  return {message.substr(0, at), message.substr(at)};
}

/// Another property that a known failure breaks: its sentence, where it is not that of the finding,
/// whose row it has.
std::string line(const Section& section, const Json& property, const Json& shown,
                 const std::string& reason) {
  const auto [words, where] = split(text_of(property, "message"));
  const bool same = words == split(text_of(shown, "message")).first;
  return fmt::format("<p id={}><b>{}</b> {}{}{}</p>\n", section.anchor(property),
                     escape_html(text_of(property, "property")),
                     same ? "the same" : text_html(words), text_html(where),
                     reason.empty() ? "" : "<br>Known: " + text_html(reason));
}

/// Of notes the message says it all.
std::string note(const Section& section, const Finding& one) {
  const std::string repro = text_of(*one.shown, "repro"), also = one.also_names();
  return fmt::format(
      "<p id={}><b>{}</b> <span class=soft>{}</span> {}{}{}</p>\n", section.anchor(*one.shown),
      escape_html(text_of(*one.shown, "property")), escape_html(text_of(*one.shown, "kernel")),
      text_html(text_of(*one.shown, "message")), also.empty() ? "" : escape_html("; also: " + also),
      repro.empty() ? "" : "<br><code>" + text_html(repro) + "</code>");
}

/// A finding with the others of its cause folded away.
std::string finding(const Section& section, const Finding& one, const char* css) {
  if (outcome(*one.shown) == Outcome::kNote) return note(section, one);
  std::string also;
  const std::string known = text_of(*one.shown, "reason");
  for (const Json* property : one.also) {
    const std::string reason = text_of(*property, "reason");
    const std::string more = reason == known ? "" : reason;
    also += known.empty() ? article(section, *property, css, more, "")
                          : line(section, *property, *one.shown, more);
  }
  if (!also.empty())
    also = fmt::format("<details><summary>also: {}</summary>\n{}</details>\n",
                       escape_html(one.also_names()), also);
  return article(section, *one.shown, css, "", also);
}

/// The findings of a kernel's name that have one reason, over all operations and types.
struct Cause {
  std::string kernel, reason;
  std::vector<const Finding*> findings;
  std::vector<std::string> where;  // "softmax f32"
};

std::vector<Cause> by_cause(const View& view, const std::vector<Finding>& findings) {
  std::vector<Cause> causes;
  for (const Finding& one : findings) {
    const KernelView* kernel = view.kernel(text_of(*one.shown, "kernel"));
    const std::string name = kernel ? kernel->name : text_of(*one.shown, "kernel");
    const std::string reason = text_of(*one.shown, "reason");
    auto cause = std::find_if(causes.begin(), causes.end(), [&](const Cause& c) {
      return c.kernel == name && c.reason == reason;
    });
    if (cause == causes.end()) cause = causes.insert(causes.end(), {name, reason, {}, {}});
    cause->findings.push_back(&one);
    const std::string where = kernel ? kernel->op + " " + kernel->dtype : "";
    if (std::find(cause->where.begin(), cause->where.end(), where) == cause->where.end())
      cause->where.push_back(where);
  }
  std::stable_sort(causes.begin(), causes.end(),
                   [](const Cause& a, const Cause& b) { return a.kernel < b.kernel; });
  return causes;
}

std::string properties_of(const Cause& cause) {
  std::vector<std::string> names;
  for (const Finding* one : cause.findings)
    if (const std::string name = text_of(*one->shown, "property");
        std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string fold(const Section& section, const Cause& cause, const char* css, bool open) {
  std::string articles;
  for (const Finding* one : cause.findings) articles += finding(section, *one, css);
  const std::string where =
      cause.where.size() > 3 ? fmt::format("{} and {} more", cause.where[0], cause.where.size() - 1)
                             : fmt::format("{}", fmt::join(cause.where, ", "));
  return fmt::format(
      "<details{}><summary><b>{}</b> <span class=soft>{}</span> {}{}</summary>\n<div "
      "class=cards>\n{}</div></details>\n",
      open ? " open" : "", escape_html(cause.kernel), escape_html(where),
      escape_html(cause.reason.empty() ? properties_of(cause) : cause.reason),
      cause.findings.size() == 1 ? "" : fmt::format(" ({})", cause.findings.size()), articles);
}

/// What is not a finding but was not verified either: a line for each kernel.
std::string kernel_lists(const View& view) {
  std::string text;
  const auto add = [&](const char* head, const auto& words_of) {
    std::string items;
    std::size_t count = 0;
    for (const KernelView& kernel : view.kernels)
      if (const std::string words = words_of(kernel); !words.empty()) {
        items += fmt::format("<li><code>{}</code>: {}</li>\n", escape_html(kernel.id),
                             escape_html(words));
        ++count;
      }
    if (!items.empty())
      text += fmt::format("<details><summary>{} ({})</summary>\n<ul>\n{}</ul></details>\n", head,
                          count, items);
  };
  add("Incomplete: not decided", [](const KernelView& kernel) { return kernel.undecided(); });
  add("Refused calls, on which nothing was verified",
      [](const KernelView& kernel) { return kernel.refusals(); });
  return text;
}

}  // namespace

std::string failures(const Section& section) {
  constexpr std::size_t kOpen = 12;  // more unexpected failures than these are folded by kernel
  std::string text;
  const auto add = [&](Outcome wanted, const char* head, const char* css, const char* words) {
    const auto found = section.view.findings(wanted);
    if (found.empty()) return;
    const auto causes = by_cause(section.view, found);
    text += fmt::format("<h{0}>{1} <span class=soft>{2} in {3} group{4}. {5}</span></h{0}>\n",
                        heading(section), head, found.size(), causes.size(),
                        causes.size() == 1 ? "" : "s", words);
    for (const Cause& cause : causes)
      text += fold(section, cause, css, wanted == Outcome::kFail && found.size() <= kOpen);
  };
  add(Outcome::kFail, "Failures", "fail", "Nobody has explained these.");
  add(Outcome::kUnexpectedPass, "Expected to fail, but pass now", "known",
      "Remove them from the known failures.");
  add(Outcome::kInconclusive, "Undecided", "known", "");
  add(Outcome::kExpected, "Known failures", "known", "Each opens to the rows that show it.");
  add(Outcome::kNote, "Notes", "soft", "Reported; they do not fail a kernel.");
  if (!text.empty())
    text =
        "<p class=\"soft paper\">On paper each group is a line; the rows that show it are left "
        "out.</p>\n" +
        text;
  return text + kernel_lists(section.view);
}

}  // namespace softmark::html
