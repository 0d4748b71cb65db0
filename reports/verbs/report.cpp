// SPDX-License-Identifier: Apache-2.0
// softmark report FILE...: documents in, one page or file out.
#include <CLI/CLI.hpp>
#include <memory>

#include "reports/render.h"

namespace softmark {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string output = "-", format;
};

void report(const Options& options) {
  std::vector<Json> documents;
  for (const std::string& file : options.files) documents.push_back(read_document(file));
  deliver(documents, options.format.empty() ? format_of(options.output) : options.format,
          options.output);
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "report", "render documents as text, a page, Markdown, JUnit, SARIF or GitHub annotations");
  const auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->files,
                   "documents written by softmark (- is standard input); each becomes a section")
      ->required();
  verb->add_option("-o,--output", options->output, "where to write (default: standard output)");
  verb->add_option("--format", options->format,
                   "default: by the suffix of the output (.html .md .xml .sarif .json), else text")
      ->check(CLI::IsMember(kFormats));
  verb->callback([options, &exit_code] {
    report(*options);
    exit_code = kPass;
  });
}

}  // namespace softmark
