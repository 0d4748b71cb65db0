// SPDX-License-Identifier: Apache-2.0
// `sweep SET`: every input of a set through one kernel.
#include "kernels/names.h"
#include "kernels/worker.h"
#include "properties/verbs/sweep_verb.h"
#include "support/files.h"

namespace softmark::sweep_verb {
namespace {

Kernel kernel_for(const Flags& flags, const SweepSet& set) {
  const auto kernels = flags.choice.select(flags.choice.registry(), name(set.op), name(set.dtype));
  if (kernels.size() == 1) return kernels[0];
  std::string names;
  for (const Kernel& k : kernels) names += (names.empty() ? "" : ", ") + k.id;
  throw Error(kUsage,
              "sweep takes one kernel; this set fits " + names + ": give one with --kernel");
}

}  // namespace

int write_sweep(const Flags& flags, const SweepResult& result) {
  write_file(flags.output.path,
             flags.output.format() == "json" ? sweep_json(result) : sweep_text(result));
  return result.complete() ? kPass : kNotMeasurable;
}

int run_set(const Flags& flags) {
  const SweepSet* set = find_sweep_set(flags.set);
  if (!set) throw Error(kUsage, "unknown set '" + flags.set + "'; the sets are\n" + set_names());
  const Shard shard = parse_shard(flags.shard);
  const Kernel kernel = kernel_for(flags, *set);
  Worker worker(kernel, flags.timeout);
  std::string failure;
  const auto run = [&](const softmark_args& args) {
    const CallResult outcome = worker.run(args);
    failure = outcome.message;
    return outcome.kind == CallResult::done ? 0 : 1;
  };
  SweepResult result = sweep(*set, kernel.id, run, shard.index, shard.count, progress_line(),
                             kernel.masked_row, kernel.claims & SOFTMARK_SATURATES);
  if (!failure.empty()) result.failure = failure;
  return write_sweep(flags, result);
}

}  // namespace softmark::sweep_verb
