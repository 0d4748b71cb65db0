// SPDX-License-Identifier: Apache-2.0
// The page: one file, no network, no script. Tables first; it reads on a phone, on paper, in the
// dark, and in a CI system that blocks everything but HTML.
#include <fmt/format.h>

#include "reports/html_parts.h"
#include "reports/readers.h"
#include "support/text.h"

namespace softmark {
namespace html {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string banners(const Section& section) {
  const View& view = section.view;
  const std::size_t failed = view.with(Outcome::kFail).size(),
                    expected = view.with(Outcome::kExpected).size();
  const std::size_t healed = view.with(Outcome::kUnexpectedPass).size();
  std::size_t right = 0, verified = 0, incomplete = 0, unsupported = 0;
  for (const KernelView& kernel : view.kernels) {
    right += kernel.standing == Standing::kPass;
    incomplete += kernel.standing == Standing::kIncomplete;
    unsupported += kernel.standing == Standing::kUnsupported;
    verified += kernel.standing != Standing::kUnverified;
  }
  std::string text;
  if (!view.complete())
    text +=
        "<p class=\"banner known\">Incomplete. <span>The run was interrupted; results up to then "
        "are shown.</span></p>\n";
  if (verified == 0)
    return text +
           "<p class=\"banner known\">Not verified. <span>This document contains no verdicts; only "
           "kernels that were verified elsewhere are ranked.</span></p>\n";
  std::string known = expected
                          ? fmt::format(", {} with a known reason",
                                        counted(expected, "expected failure", "expected failures"))
                          : "";
  if (incomplete) known += fmt::format(", {} incomplete", incomplete);
  if (unsupported) known += fmt::format(", {} unsupported", unsupported);
  text +=
      fmt::format("<p class=\"banner {}\">{}. <span>{} of {} kernels are correct{}.</span></p>\n",
                  failed                      ? "fail"
                  : incomplete || unsupported ? "known"
                                              : "pass",
                  failed ? counted(failed, "unexpected failure", "unexpected failures")
                         : "No unexpected failure",
                  right, verified, known);
  if (healed)
    text += fmt::format(
        "<p class=\"banner known\">{}. <span>Remove it from the known failures.</span></p>\n",
        counted(healed, "expected failure passes now", "expected failures pass now"));
  return text;
}

std::string meta_line(const Section& section) {
  const Json &run = field(section.view.document, "run"),
             &generator = field(section.view.document, "generator");
  std::string argv;
  for (const Json& word : field(run, "argv"))
    argv += fmt::format("{}{}", argv.empty() ? "" : " ", plain(word));
  return fmt::format(
      "<p class=\"soft\">{} · {} s · seed <code>{}</code> · softmark {} "
      "<code>{}</code><br><code>{}</code></p>\n",
      escape_html(text_of(run, "started")), figure(field(run, "seconds")),
      escape_html(text_of(run, "seed")), escape_html(text_of(generator, "version")),
      escape_html(text_of(generator, "git")), escape_html(argv));
}

/// The parts that the document has something for, each under its heading, with links to them.
std::string document_section(const Section& section) {
  const std::pair<const char*, std::string> parts[] = {
      {"Summary", summaries(section)},          {"Findings", failures(section)},
      {"Properties", property_matrix(section)}, {"Speed", speed(section)},
      {"Accuracy", accuracy(section)},          {"Machine and build", machine(section)}};
  std::string nav, body;
  for (const auto& [name, part] : parts) {
    if (part.empty()) continue;
    const std::string anchor =
        section.prefix + std::string(name).substr(0, std::string_view(name).find(' '));
    nav += fmt::format("<a href=\"#{}\">{}</a>\n", anchor, name);
    body += fmt::format("<h3 id=\"{}\">{}</h3>\n{}", anchor, name, part);
  }
  return fmt::format("<section id=\"{}top\">\n<h2>{}</h2>\n{}{}<nav>{}</nav>\n{}</section>\n",
                     section.prefix, escape_html(section.view.machine()), meta_line(section),
                     banners(section), nav, body);
}

constexpr const char* kLegend =
    "<h3 id=\"legend\">How to read the columns</h3>\n<dl>\n"
    "<dt>verdict</dt><dd>pass: no property of severity error failed. wrong (expected): only known "
    "failures. unsupported: the kernel refused every call. incomplete: the run ended before all "
    "properties were decided. Wrong kernels are timed but never ranked.</dd>\n"
    "<dt>max ulp</dt><dd>largest error measured against the exact value before rounding, in units "
    "in the last place of the output type; 0.5 is perfect rounding.</dd>\n"
    "<dt>ns/element</dt><dd>nanoseconds for one logit: median over fresh processes of each "
    "process's median.</dd>\n"
    "<dt>GB/s</dt><dd>bytes that the operation must read and write, divided by the time; scratch "
    "traffic is not counted.</dd>\n"
    "<dt>x memcpy</dt><dd>time relative to memcpy of the same bytes in the same run; 1 is as fast "
    "as copying.</dd>\n"
    "<dt>~</dt><dd>the 95 % interval overlaps that of the kernel above, or the times differ by "
    "less than 5 %: the two "
    "cannot be distinguished here.</dd>\n</dl>\n";

}  // namespace
}  // namespace html

std::string render_html(Documents documents) {
  std::string body, nav;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const View view(documents[i]);
    const html::Section section{view, fmt::format("m{}-", i + 1)};
    if (documents.size() > 1)
      nav +=
          fmt::format("<a href=\"#{}top\">{}</a>\n", section.prefix, escape_html(view.machine()));
    body += html::document_section(section);
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>softmark</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<header>\n<h1>softmark: which softmax can go into "
      "production</h1>\n<nav>{}<a "
      "href=\"#legend\">How to read "
      "this</a></nav>\n</header>\n<main>\n{}{}</main>\n</body>\n</html>\n",
      html::kStyle, nav, body, html::kLegend);
}

}  // namespace softmark
