// SPDX-License-Identifier: Apache-2.0
// `eval`: kernels on rows that the user gives; outputs beside the exact values, ulp errors, and
// whether the decision (the argmax, the labels above a threshold) is still the exact one.
#include "kernels/names.h"
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
      select_kernels(verb.choice.registry(), verb.choice.kernels, {std::string(name(request.op))},
                     {std::string(name(request.dtype))});
  const RowsEvaluated evaluated = evaluate(request, kernels, verb.threshold);
  write_file(verb.output.path,
             verb.output.format == "json" ? eval_json(evaluated) : eval_text(evaluated));
  return kPass;
}

}  // namespace

void add_eval(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<EvalVerb>();
  CLI::App* sub = app.add_subcommand(
      "eval", "kernels on rows you give: outputs, exact values, ulp errors, decisions");
  sub->add_option("rows", verb->source.values,
                  "logits: 5,7,10 (rows separated by ';'); hex floats, inf and nan are fine; "
                  "without it JSON on standard input")
      ->type_name("X,X,...");
  sub->add_option("--logits", verb->source.logits,
                  "rows from a NumPy file (1-D or 2-D, float16/32/64)")
      ->type_name("FILE.npy");
  sub->add_option(
         "--case", verb->source.one_case,
         "one case: JSON as counterexamples are replayed, or @FILE, @FILE:LINE of a corpus")
      ->type_name("JSON|@FILE");
  sub->add_option("--op", verb->source.op,
                  "softmax, log_softmax, logsumexp, sigmoid, ... (softmark list)")
      ->type_name("OP")
      ->capture_default_str();
  sub->add_option("--dtype", verb->source.dtype, "f16, bf16, f32 or f64")
      ->type_name("TYPE")
      ->capture_default_str();
  sub->add_option("--g", verb->source.g,
                  "upstream gradient, in the shape of the rows, for the VJPs")
      ->type_name("X,X,...");
  sub->add_option("--labels", verb->source.labels, "one column a row, for the cross-entropy ops")
      ->type_name("N,N,...");
  sub->add_option("--threshold", verb->threshold, "a sigmoid above it sets the label")
      ->capture_default_str();
  add_plugins(*sub, verb->choice.plugins);
  sub->add_option("--kernel", verb->choice.kernels, "kernels by id or name, as a glob (repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  verb->output.add_to(*sub, {"text", "json"});
  sub->allow_extras(false);
  sub->callback([verb, &exit_code] { exit_code = run_eval(*verb); });
}

}  // namespace softmark
