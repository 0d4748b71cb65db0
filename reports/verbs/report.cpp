// SPDX-License-Identifier: Apache-2.0
// softmark report FILE...: documents in, one page or file out.
#include <CLI/CLI.hpp>
#include <memory>

#include "kernels/verbs/flags.h"
#include "reports/document.h"
#include "reports/merge.h"
#include "reports/render.h"

namespace softmark {
namespace {

struct Options {
  std::vector<std::string> files;
  OutputChoice output;
};

void report(const Options& options) {
  std::vector<Json> documents;
  for (const std::string& file : options.files) documents.push_back(read_document(file));
  documents = merged(std::move(documents), options.files);
  deliver(documents, options.output.format(), options.output.path);
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "report", "render documents as text, a page, Markdown, JUnit, SARIF or GitHub annotations");
  const auto options = std::make_shared<Options>();
  verb->add_option(
          "FILE", options->files,
          "documents written by softmark (- is standard input); each run becomes a section")
      ->type_name("")
      ->required();
  options->output.add_to(*verb, kFormats);
  verb->callback([options, &exit_code] {
    report(*options);
    exit_code = kPass;
  });
}

}  // namespace softmark
