// SPDX-License-Identifier: Apache-2.0
// softmark choose: the fastest correct kernel for a shape, from a document.
#include "reports/choose.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "kernels/verbs/checks.h"
#include "kernels/verbs/flags.h"
#include "reports/document.h"

namespace softmark {
namespace {

void add_grade(CLI::App& verb, std::optional<Grade>& grade) {
  verb.add_option_function<std::string>(
          "--grade", [&grade](const std::string& word) { grade = grade_of(word); },
          "the worst grade allowed, as verification found it: rounded, one_ulp, wide, blocked, "
          "sequential")
      ->type_name("GRADE")
      ->check(one_of_names("a grade", words_of(kGradeNames)));
}

void add_options(CLI::App& verb, ChooseRequest& request, std::string& file) {
  verb.add_option("FILE", file, "a document with measurements (- is standard input)")->required();
  add_op(verb, request.op);
  add_dtype(verb, request.dtype);
  verb.add_option("--rows", request.rows, "rows per call")
      ->type_name("N")
      ->check(whole_within(1, kMostExtent));
  verb.add_option("--cols", request.cols, "columns (logits per row)")
      ->type_name("N")
      ->check(whole_within(1, kMostExtent));
  verb.add_option("--threads", request.threads, "largest number of threads")
      ->type_name("N")
      ->check(whole_within(1, 1024))
      ->capture_default_str();
  verb.add_option("--max-ulp", request.max_ulp, "largest measured error allowed")
      ->type_name("ULP")
      ->check(real_within(0, 1e9, "ulp"));
  add_grade(verb, request.grade);
  verb.add_flag("--reproducible", request.reproducible,
                "only kernels that claim to be reproducible: bits that depend on the row alone");
}

}  // namespace

void add_choose(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "choose", "name the fastest correct kernel for a shape, and why the others were not chosen");
  const auto request = std::make_shared<ChooseRequest>();
  const auto file = std::make_shared<std::string>();
  add_options(*verb, *request, *file);
  verb->callback([request, file, &exit_code] {
    const Choice choice = choose(read_document(*file), *request);
    write_file("-", choice.text);
    exit_code = choice.kernel.empty() ? kGateFailed : kPass;
  });
}

}  // namespace softmark
