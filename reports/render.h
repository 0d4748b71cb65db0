// SPDX-License-Identifier: Apache-2.0
// The readers by the name of their format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/readers.h"

namespace softmark {

/// The values of --format, for CLI::IsMember.
inline const std::vector<std::string> kFormats = {
    "brief", "text",  "json",   "markdown",         "html",
    "junit", "sarif", "github", "google-benchmark", "action-benchmark"};

/// The documents in a format of the list above. Throws Error(kUsage) for another one, and for
/// "json" of several documents (there is no document of documents).
std::string render(Documents documents, std::string_view format);
std::string render(const Json& document, std::string_view format);

/// The endings of file names and the formats that they ask for; csv is of `experiment` alone.
inline constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
    {".txt", "text"}, {".json", "json"}, {".md", "markdown"}, {".html", "html"},
    {".htm", "html"}, {".xml", "junit"}, {".sarif", "sarif"}, {".csv", "csv"}};

/// The format that a file's name asks for by its ending; "text" for a name without one, "" for an
/// unknown ending.
std::string format_of(const std::string& path);

/// Renders and writes to `path` ("-": standard output). Format "github" also appends the Markdown
/// to the file that $GITHUB_STEP_SUMMARY names, where it is set. Throws what render and write_file
/// throw.
void deliver(Documents documents, std::string_view format, const std::string& path);

}  // namespace softmark
