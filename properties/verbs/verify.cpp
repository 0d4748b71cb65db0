// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/verify.h"

#include "bench/machine.h"
#include "kernels/verbs/checks.h"
#include "kernels/verbs/flags.h"
#include "properties/corpus/corpus.h"
#include "properties/engine/known_failures.h"
#include "properties/engine/self_test.h"
#include "properties/verbs/verify_exit.h"
#include "reports/render.h"
#include "reports/view.h"
#include "support/interrupts.h"
#include "support/ranks.h"

namespace softmark {
namespace {

struct VerifyVerb {
  bool self_test = false, strict = false, resume = false;
  std::size_t sample = 1;  // of the self-test
  VerifyOptions options;
  KernelChoice choice;
  OutputChoice output;
};

std::vector<std::string> property_names() {
  std::vector<std::string> names;
  for (const Property* property : all_properties()) names.emplace_back(property->name);
  return names;
}

int run_self_test(VerifyVerb& verb) {
  if (rank_count() > 1) throw Error(kUsage, "--self-test: shares no work; start it without mpirun");
  if (const std::string format = verb.output.format(); format != "text" && format != "brief")
    throw Error(kUsage, "--self-test: its result is text; end the name of -o in .txt");
  std::string text;
  const int exit_code = self_test(verb.options, verb.sample, text);
  write_file(verb.output.path, text);
  return exit_code;
}

int run_verify(VerifyVerb& verb) {
  watch_interrupts();
  if (verb.self_test) return run_self_test(verb);
  const Registry registry = verb.choice.registry();
  const auto kernels = verb.choice.select(registry);
  if (!verb.options.one_case.empty())
    for (const Kernel& kernel : kernels)
      cases_of_argument(verb.options.one_case, kernel.op, kernel.dtype);
  Journal journal =
      journal_beside(verb.output.path, identity_of(verb.options, kernels), verb.resume);
  Json document = new_document(command_line(), verb.options.seed);
  document["run"]["effort"] = name(verb.options.effort);
  if (is_leader()) bench::describe_machine(document);
  const bool complete = verify(verb.options, registry, kernels, document, &journal);
  if (!is_leader()) return kPass;
  add_verdicts(document);
  finish_document(document, complete);
  deliver({&document, 1}, verb.output.format(), verb.output.path);
  if (complete) journal.remove();
  return exit_code_of(document, kernels, verb.choice, complete, verb.strict);
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<VerifyVerb>();
  CLI::App* sub = app.add_subcommand(
      "verify", "hold kernels to every property; exit 1 on a failure that nothing explains");
  verb->choice.add_to(*sub);
  sub->add_option("--property", verb->options.properties, "only these properties (repeatable)")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(one_of_names("a property", property_names()));
  add_effort(*sub, verb->options.effort);
  add_seed(*sub, verb->options.seed);
  add_logits(*sub, verb->options.logits);
  sub->add_option("--case", verb->options.one_case,
                  "replay this case alone: JSON as a counterexample's command gives it, or @FILE "
                  "or @FILE:LINE with JSON or rows of a corpus")
      ->type_name("JSON|@FILE");
  add_corpus(*sub, verb->options.corpus);
  add_known_failures(*sub, verb->options.known_failures);
  add_timeout(*sub, verb->options.call_timeout_seconds);
  add_resume(*sub, verb->resume);
  sub->add_option("--jobs", verb->options.jobs,
                  "kernels side by side, in each rank (default: one a core)")
      ->check(whole_within(1, 1024))
      ->type_name("N");
  sub->add_flag(
      "--self-test", verb->self_test,
      "test the properties themselves: every mutant must fail the property it names, every "
      "control pass");
  sub->add_option("--sample", verb->sample,
                  "with --self-test: only one of N mutants of each property, and of the controls")
      ->type_name("N")
      ->check(whole_within(1, 1000));
  sub->add_flag("--strict", verb->strict, "exit 1 also where a kernel refused a call");
  verb->output.add_to(*sub, kFormats);
  sub->callback([verb, sub, &exit_code] {
    if (sub->count("--timeout")) verb->choice.loading_seconds = verb->options.call_timeout_seconds;
    exit_code = run_verify(*verb);
  });
}

}  // namespace softmark
