// SPDX-License-Identifier: Apache-2.0
// Documents in, text out: one reader a format, each in its own file. What an older or newer 1.x
// document lacks is shown as unknown. Several documents are several machines (or runs), one section
// each.
#pragma once

#include <span>
#include <string>

#include "reports/view.h"

namespace softmark {

using Documents = std::span<const Json>;

std::string render_text(Documents documents);      // tables for a terminal
std::string render_brief(Documents documents);     // one screen each (reports/brief.h)
std::string render_markdown(Documents documents);  // GitHub-flavoured
std::string render_html(Documents documents);      // one file that needs no network
std::string render_junit(Documents documents);     // XML: a suite a kernel, a case a property
std::string render_sarif(Documents documents);  // 2.1.0: failures of properties only, never speed
/// JSON of Google Benchmark, and of github-action-benchmark ("customSmallerIsBetter").
std::string render_google_benchmark(Documents documents);
std::string render_action_benchmark(Documents documents);
std::string render_github(
    Documents documents);  // workflow commands: at most 8 ::error lines and one ::notice

/// A finding with its row, what was got and wanted, and the command that replays it; `mark` stands
/// before it.
std::string failure_text(const Finding& finding, const char* mark);

}  // namespace softmark
