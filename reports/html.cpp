// SPDX-License-Identifier: Apache-2.0
// The page: one file, no network. Tables first: it reads on a phone, on paper, in the dark, and in
// a CI system that blocks everything but HTML. The script adds charts and filters where it may run.
#include <fmt/format.h>

#include <memory>

#include "reports/across.h"
#include "reports/csp.h"
#include "reports/decision.h"
#include "reports/html_parts.h"
#include "reports/readers.h"
#include "support/text.h"

namespace softmark {
namespace html {

// What Observable Plot 0.6.17 adds to a drawing of class "plot"; the policy has its hash.
const char* const kPlotStyle =
    ":where(.plot) {\n  --plot-background: white;\n  display: block;\n  height: auto;\n  height: "
    "intrinsic;\n  max-width: 100%;\n}\n:where(.plot text),\n:where(.plot tspan) {\n  white-space: "
    "pre;\n}";

namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// What was verified, in a sentence, and a warning where something is wrong with the run.
std::string banners(const Section& section) {
  const View& view = section.view;
  const std::size_t failed = view.with(Outcome::kFail).size(),
                    expected = view.with(Outcome::kExpected).size(),
                    healed = view.with(Outcome::kUnexpectedPass).size();
  std::size_t right = 0, verified = 0, incomplete = 0, unsupported = 0;
  for (const KernelView& kernel : view.kernels) {
    right += kernel.standing == Standing::kPass;
    incomplete += kernel.standing == Standing::kIncomplete;
    unsupported += kernel.standing == Standing::kUnsupported;
    verified += kernel.standing != Standing::kUnverified;
  }
  std::string text;
  const auto add = [&](const char* css, const std::string& head, const std::string& words) {
    text += fmt::format("<p class=\"banner {}\"{}>{}. <span>{}</span></p>\n", css, section.data(),
                        head, words);
  };
  if (!view.complete())
    add("known", "Incomplete", "The run was interrupted; results up to then are shown.");
  if (verified == 0) {
    add("known", "Not verified",
        "This document contains no verdicts; only kernels that were verified elsewhere are "
        "ranked.");
    return text;
  }
  std::string known;
  if (expected)
    known = fmt::format(", {} with a known reason", counted(expected, "failure", "failures"));
  if (incomplete) known += fmt::format(", {} incomplete", incomplete);
  if (unsupported) known += fmt::format(", {} unsupported", unsupported);
  add(failed                      ? "fail"
      : incomplete || unsupported ? "known"
                                  : "pass",
      failed ? counted(failed, "unexpected failure", "unexpected failures")
             : "No unexpected failure",
      fmt::format("{} of {} kernels are correct{}. <a href=\"#Failures\">All failures</a>", right,
                  verified, known));
  if (healed)
    add("known", counted(healed, "expected failure passes now", "expected failures pass now"),
        "Remove it from the known failures.");
  return text;
}

/// The group that the page opens with.
const Ranking* opening(const View& view) {
  const Ranking* ranking = headline(view, "softmax", "f32");
  const auto timed = timed_groups(view);
  return ranking || timed.empty() ? ranking
                                  : headline(view, timed.front().first, timed.front().second);
}

std::string first_screen(Sections sections) {
  const View& view = sections.front().view;
  const Ranking* ranking = opening(view);
  std::string text;
  for (const Section& section : sections) text += banners(section);
  std::string here, below;
  if (sections.size() > 1) {
    text = machines(sections) + text;
    below = side_by_side(sections);
  } else if (ranking) {
    const Decision decision = decide(view, *ranking);
    text = fmt::format("<p id=decision class=decision>{}</p>\n<p id=sure>{}</p>\n",
                       escape_html(decision.sentence), escape_html(decision.sure)) +
           text;
    here = "<div id=here>" + ranking_table(*ranking, "") + "</div>\n";
  }
  const char* missing =
      *kScript ? "<noscript><p class=soft>The charts need JavaScript; the tables below have their "
                 "figures.</p></noscript>\n"
               : "<p class=soft>This page has no charts: softmark was built without npm, which "
                 "bundles them. The tables have all figures.</p>\n";
  return fmt::format(
      "<section id=First>\n{}{}<p class=\"soft paper\">On paper stand the operation and type that "
      "are selected on the page, without JavaScript softmax in f32.</p>\n<div id=filters "
      "role=group aria-label=\"Filters\"></div>\n<div "
      "class=first-screen><div id=charts-first></div>{}</div>\n{}</section>\n",
      text, missing, here, below);
}

struct Topic {
  const char *name, *anchor, *slot;
  std::string (*part)(const Section&);
};
constexpr Topic kTopics[] = {{"All operations", "Operations", "", decisions},
                             {"Speed", "Speed", "charts-speed", speed},
                             {"Accuracy", "Accuracy", "charts-accuracy", accuracy},
                             {"Properties", "Properties", "", properties},
                             {"Failures", "Failures", "", failures},
                             {"Machine and build", "Machine", "", machine}};

/// The parts of each document under the headings of the topics, with links to them.
std::string topics(Sections sections) {
  std::string nav, body;
  for (const Topic& topic : kTopics) {
    std::string parts;
    for (const Section& section : sections) {
      const std::string part = topic.part(section);
      if (part.empty()) continue;
      parts += sections.size() == 1 ? part
                                    : fmt::format("<div{}><h3>{}</h3>\n{}</div>\n", section.data(),
                                                  escape_html(section.name), part);
    }
    if (parts.empty()) continue;
    nav += fmt::format("<a href=\"#{}\">{}</a>\n", topic.anchor, topic.name);
    const std::string slot =
        *topic.slot ? fmt::format("<div id={} class=charts></div>\n", topic.slot) : "";
    body += fmt::format("<section id={}>\n<h2>{}</h2>\n{}{}</section>\n", topic.anchor, topic.name,
                        slot, parts);
  }
  return "<nav>" + nav + "<a href=\"#legend\">How to read this</a></nav>\n" + body;
}

constexpr const char* kLegend =
    "<section id=legend>\n<h2>How to read this</h2>\n<dl>\n"
    "<dt>verdict</dt><dd>pass: no property of severity error failed. wrong (expected): only known "
    "failures. unsupported: the kernel refused every call. incomplete: the run ended before all "
    "properties were decided. Wrong kernels are timed but never ranked.</dd>\n"
    "<dt>error / bound</dt><dd>the largest error as a share of the error that sane arithmetic may "
    "make on that very row. It compares kernels of every operation; above 1 is a defect.</dd>\n"
    "<dt>max ulp</dt><dd>largest error over well-conditioned outputs, against the exact value "
    "before rounding, in units in the last place of the output type; 0.5 is perfect "
    "rounding.</dd>\n"
    "<dt>ns/element</dt><dd>nanoseconds for one logit: median over n fresh processes of each "
    "process's median; 95 %: its interval.</dd>\n"
    "<dt>GB/s</dt><dd>bytes that the operation must read and write, divided by the time; scratch "
    "traffic is not counted.</dd>\n"
    "<dt>of ceiling</dt><dd>the share reached of the fastest way to move those bytes that was "
    "measured in the same run, and which.</dd>\n"
    "<dt>~</dt><dd>the 95 % interval overlaps that of the kernel above, or the times differ by "
    "less than 5 %: the two cannot be distinguished here.</dd>\n</dl>\n</section>\n";

std::string head_line(Sections sections) {
  if (sections.size() != 1)
    return counted(sections.size(), "document", "documents") + ", one machine or run each";
  const Json& run = field(sections[0].view.document, "run");
  const std::string started = text_of(run, "started"), effort = text_of(run, "effort");
  return fmt::format("{}{}{}", escape_html(sections[0].name),
                     started.empty() ? "" : " · " + escape_html(started.substr(0, 10)),
                     effort.empty() ? "" : " · " + escape_html(effort) + " effort");
}

std::string page(Sections sections) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta http-equiv=Content-Security-Policy content=\"{}\">\n"
      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
      "<title>softmark</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n<h1>softmark: which "
      "softmax can go into production</h1>\n<p "
      "class=soft>{}</p>\n</header>\n<main>\n{}{}{}</main>\n"
      "<script type=\"application/json\" id=softmark-data>{}</script>\n<script>{}</script>\n"
      "</body>\n</html>\n",
      content_policy({kStyle, kPlotStyle}, {kScript}), kStyle, head_line(sections),
      first_screen(sections), topics(sections), kLegend, page_data(sections), kScript);
}

}  // namespace
}  // namespace html

std::string render_html(Documents documents) {
  std::vector<std::unique_ptr<View>> views;
  std::vector<html::Section> sections;
  const std::vector<std::string> names = distinct_machine_names(documents);
  for (const Json& document : documents) views.push_back(std::make_unique<View>(document));
  for (std::size_t i = 0; i < views.size(); ++i)
    sections.push_back({*views[i], fmt::format("m{}-", i + 1), names[i], i + 1, views.size()});
  return html::page(sections);
}

}  // namespace softmark
