// SPDX-License-Identifier: Apache-2.0
// `eval`: kernels on rows that the user gives; outputs beside the exact values, errors, and
// whether the decision (the argmax, the labels above a threshold) is still the exact one.
#include "kernels/names.h"
#include "kernels/verbs/checks.h"
#include "kernels/verbs/flags.h"
#include "properties/eval/evaluation.h"
#include "properties/eval/render.h"
#include "properties/eval/request.h"
#include "support/files.h"

namespace softmark {
namespace {

struct EvalVerb {
  KernelChoice choice;
  OutputChoice output;
  EvalSource source;
  double threshold = 0.5;
};

int run_eval(const EvalVerb& verb) {
  const EvalRequest request = read_request(verb.source);
  const auto kernels =
      verb.choice.select(verb.choice.registry(), name(request.op), name(request.dtype));
  const RowsEvaluated evaluated = evaluate(request, kernels, verb.threshold);
  const std::string format = verb.output.format();
  write_file(verb.output.path, format == "json"    ? eval_json(evaluated)
                               : format == "brief" ? eval_brief(evaluated)
                                                   : eval_text(evaluated));
  return kPass;
}

}  // namespace

void add_eval(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<EvalVerb>();
  CLI::App* sub = app.add_subcommand(
      "eval", "kernels on rows you give: outputs, exact values, errors, decisions");
  sub->add_option("rows", verb->source.values,
                  "logits: 5,7,10 (rows separated by ';'); hex floats, inf and nan are fine; "
                  "without it JSON on standard input")
      ->type_name("X,X,...");
  add_logits(*sub, verb->source.logits);
  sub->add_flag("--round", verb->source.round,
                "round values of --logits that are beyond the type, instead of refusing them");
  sub->add_option(
         "--case", verb->source.one_case,
         "one case: JSON as counterexamples are replayed, or @FILE, @FILE:LINE of a corpus")
      ->type_name("JSON|@FILE");
  add_op(*sub, verb->source.op);
  add_dtype(*sub, verb->source.dtype);
  sub->add_option("--g", verb->source.g,
                  "upstream gradient, in the shape of the rows, for the VJPs")
      ->type_name("X,X,...");
  sub->add_option("--labels", verb->source.labels, "one column a row, for the cross-entropy ops")
      ->type_name("N,N,...");
  sub->add_option("--threshold", verb->threshold, "a sigmoid above it sets the label")
      ->type_name("P")
      ->check(real_within(0, 1))
      ->capture_default_str();
  add_plugins(*sub, verb->choice.plugins);
  add_kernels(*sub, verb->choice.kernels);
  verb->output.add_to(*sub, {"brief", "text", "json"});
  sub->allow_extras(false);
  sub->callback([verb, &exit_code] { exit_code = run_eval(*verb); });
}

}  // namespace softmark
