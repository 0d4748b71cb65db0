// SPDX-License-Identifier: Apache-2.0
// What a document's figures were taken on, what was missing, and the machine's ceilings.
#include <fmt/format.h>

#include "reports/html_parts.h"
#include "support/text.h"

namespace softmark::html {
namespace {

constexpr std::size_t kOpenWarnings = 5;  // more are folded

std::string list_of(const Section& section, const char* head, const Json& object) {
  if (!object.is_object() || object.empty()) return "";
  std::string text = fmt::format("<div><h{0}>{1}</h{0}><dl>\n", heading(section), head);
  for (const auto& [key, value] : object.items())
    text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(key), escape_html(plain(value)));
  return text + "</dl></div>\n";
}

std::string ceilings(const Section& section) {
  std::string rows;
  for (const Json& row : field(section.view.document, "ceilings"))
    rows += fmt::format("<tr><th>{}{}<td>{} x {}{}{}<td>{}{}{}\n",
                        escape_html(text_of(row, "kind")), cell(text_of(row, "workload")),
                        count_of(row, "rows"), count_of(row, "cols"), cell(text_of(row, "dtype")),
                        cell(text_of(row, "cache")), count_of(row, "threads"),
                        figure_cell(field(field(row, "ns_per_element"), "median")),
                        figure_cell(field(row, "gb_per_s")));
  if (rows.empty()) return "";
  return "<details><summary>Ceilings: what this machine can do at most</summary>\n<div "
         "class=scroll tabindex=0><table class=\"first "
         "ceilings\"><thead><tr><th>kind<th>workload<th>size<th>type"
         "<th>cache<th>threads<th>ns/element<th>GB/s</thead>\n<tbody>\n" +
         rows + "</table></div></details>\n";
}

std::string run_words(const Section& section) {
  const Json &run = field(section.view.document, "run"),
             &generator = field(section.view.document, "generator");
  std::string argv;
  for (const Json& word : field(run, "argv"))
    argv += fmt::format("{}{}", argv.empty() ? "" : " ", plain(word));
  return fmt::format(
      "<p class=soft>{} · {} s · seed <code>{}</code> · softmark {} <code>{}</code> · key "
      "<code>{}</code><br><code>{}</code></p>\n",
      escape_html(text_of(run, "started")), figure(field(run, "seconds")),
      escape_html(text_of(run, "seed")), escape_html(text_of(generator, "version")),
      escape_html(text_of(generator, "git")), escape_html(section.view.machine()),
      escape_html(argv));
}

}  // namespace

std::string machine(const Section& section) {
  const Json& document = section.view.document;
  const Json& machine = field(document, "machine");
  Json absent = Json::object();
  for (const Json& row : field(document, "absent"))
    absent[text_of(row, "name")] = field(row, "reason");
  std::string warnings;
  const Json& all = field(document, "warnings");
  for (const Json& warning : all)
    warnings += fmt::format("<li>{}</li>\n", escape_html(plain(warning)));
  if (!warnings.empty())
    warnings = fmt::format("<details{}><summary>Warnings ({})</summary>\n<ul>\n{}</ul></details>\n",
                           all.size() <= kOpenWarnings ? " open" : "", all.size(), warnings);
  return run_words(section) + warnings +
         "<p class=\"soft paper\">On paper the machine's state, the build and the ceilings are "
         "left out.</p>\n" +
         "<details><summary>The machine, its state and the build</summary>\n<div class=columns>\n" +
         list_of(section, "Machine", field(machine, "identity")) +
         list_of(section, "State", field(machine, "environment")) +
         list_of(section, "Build", field(document, "build")) +
         list_of(section, "Could not be determined", field(machine, "unavailable")) +
         list_of(section, "Absent kernels", absent) + "</div></details>\n" + ceilings(section);
}

}  // namespace softmark::html
