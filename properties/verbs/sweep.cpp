// SPDX-License-Identifier: Apache-2.0
// `sweep`: every input of a set through one kernel, or the guided search for the worst row, in
// shards that merge. Each has a file of its own, sweep_*.cpp.
#include "properties/sweeps/sweep.h"

#include "kernels/verbs/checks.h"
#include "properties/verbs/sweep_verb.h"
#include "support/files.h"
#include "support/interrupts.h"
#include "support/ranks.h"

namespace softmark {
namespace sweep_verb {
namespace {

void add_search_flags(CLI::App& sub, Flags& flags) {
  constexpr auto kWorstOnly = "Guided search (set 'worst')";
  sub.add_option("--cols", flags.worst.search.cols,
                 "columns of every row; without it lengths in turn")
      ->type_name("N")
      ->check(whole_within(1, 1 << 20))
      ->group(kWorstOnly);
  add_effort(sub, flags.effort)->group(kWorstOnly);  // 4000, 100000 or 2000000 rows a kernel
  sub.add_option("--seconds", flags.worst.search.seconds,
                 "at most, a kernel; what is found then depends on the machine")
      ->type_name("SECONDS")
      ->check(real_within(0.001, 1e6, "seconds"))
      ->group(kWorstOnly);
  add_corpus(sub, flags.worst.corpus)->group(kWorstOnly);
  sub.add_flag(
         "--over-bound", flags.worst.search.over_bound,
         "look for the largest error over the row's a-priori bound, not for the largest error")
      ->group(kWorstOnly);
  sub.add_flag("--random", flags.random,
               "rows of the families alone, not led by errors: what guidance is measured against")
      ->group(kWorstOnly);
}

int run_sweep(const Flags& flags) {
  if (rank_count() > 1 && (flags.list || !flags.merge.empty()))
    throw Error(kUsage, "--list and --merge share no work; start them without mpirun");
  if (flags.list) return list_sets(flags);
  if (flags.set.empty() == flags.merge.empty())
    throw Error(kUsage, "give a set to sweep (--list shows them), or results to --merge");
  watch_interrupts();
  if (!flags.merge.empty()) return merge_results(flags);
  return flags.set == kWorst ? run_worst(flags) : run_set(flags);
}

}  // namespace
}  // namespace sweep_verb

void add_sweep(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<sweep_verb::Flags>();
  CLI::App* sub = app.add_subcommand(
      "sweep", "every input of a set through one kernel, or a guided search for its worst row");
  sub->add_option("set", flags->set, "which inputs (--list)")->type_name("SET");
  sub->add_flag("--list", flags->list, "list the sets");
  flags->choice.add_to(*sub);
  sub->add_option("--shard", flags->shard, "only part i of n")
      ->type_name("I/N")
      ->capture_default_str();
  sub->add_option("--merge", flags->merge, "join the JSON results of shards instead")
      ->type_name("FILE");
  add_resume(*sub, flags->resume);
  add_timeout(*sub, flags->timeout);
  sweep_verb::add_search_flags(*sub, *flags);
  add_seed(*sub, flags->worst.search.seed);
  flags->output.add_to(*sub, {"text", "json"});
  sub->callback([flags, sub, &exit_code] {
    if (sub->count("--timeout")) flags->choice.loading_seconds = flags->timeout;
    exit_code = sweep_verb::run_sweep(*flags);
  });
}

}  // namespace softmark
