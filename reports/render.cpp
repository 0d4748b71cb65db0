// SPDX-License-Identifier: Apache-2.0
#include "reports/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>

namespace softmark {

std::string render(Documents documents, std::string_view format) {
  if (format == "brief") return render_brief(documents);
  if (format == "text") return render_text(documents);
  if (format == "markdown") return render_markdown(documents);
  if (format == "html") return render_html(documents);
  if (format == "junit") return render_junit(documents);
  if (format == "sarif") return render_sarif(documents);
  if (format == "github") return render_github(documents);
  if (format == "google-benchmark") return render_google_benchmark(documents);
  if (format == "action-benchmark") return render_action_benchmark(documents);
  if (format != "json")
    throw Error(kUsage, fmt::format("unknown format \"{}\"; known are {}", format,
                                    fmt::join(kFormats, ", ")));
  if (documents.size() != 1)
    throw Error(kUsage, "json holds one run; give files of one run, or another --format");
  return to_text(documents[0]);
}

std::string render(const Json& document, std::string_view format) {
  return render(Documents(&document, 1), format);
}

std::string format_of(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  for (const auto& [ending, format] : kEndings)
    if (extension == ending) return std::string(format);
  return extension.empty() ? "text" : "";
}

void deliver(Documents documents, std::string_view format, const std::string& path) {
  write_file(path, render(documents, format));
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (format == "github" && summary && *summary) append_file(summary, render_markdown(documents));
}

}  // namespace softmark
