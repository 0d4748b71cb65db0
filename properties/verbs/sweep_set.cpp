// SPDX-License-Identifier: Apache-2.0
// `sweep SET`: every input of a set through one kernel.
#include <stdexcept>

#include "kernels/names.h"
#include "kernels/worker.h"
#include "properties/sweeps/swept_ranges.h"
#include "properties/verbs/sweep_verb.h"
#include "support/channel.h"
#include "support/files.h"
#include "support/interrupts.h"
#include "support/ranks.h"

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

/// What has to be the same in every rank, and in the run that a journal goes on with.
std::string identity_of(const Sweep& sweep, const Kernel& kernel) {
  return Json{sweep.set.name, kernel_to_json(kernel), sweep.shard.index, sweep.shard.count}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

/// Shares the ranges that are missing, and adds their results.
void sweep_missing(const Sweep& sweep, const std::string& identity, Journal& journal,
                   SweptRanges& swept) {
  const SweepRange whole = sweep.range();
  const std::uint64_t total = whole.end - whole.begin;
  SharedWork work;
  work.identity = identity;
  for (const SweepRange& range : swept.missing(inputs_of_piece(total, rank_count())))
    work.pieces.emplace_back(message_of(range));
  work.run = [&](const std::string& piece) {
    SweepRange range;
    parse_message(piece, range);
    return range_message(
        sweep_range(sweep, range, [](std::uint64_t, std::uint64_t) { return !interrupted(); }));
  };
  const SweepProgress show = progress_line();
  work.take = [&](const std::string&, const std::string& message) {
    SweepResult result = range_of_message(message);
    const bool goes_on = result.failure.empty();
    swept.add(std::move(result));
    show(swept.inputs(), total);
    return goes_on;
  };
  work.journal = &journal;
  share(work);
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
  const Kernel kernel = kernel_for(flags, *set);
  Worker worker(kernel, flags.timeout);
  const auto run = [&](const softmark_args& args) {
    const CallResult outcome = worker.run(args);
    if (!outcome.message.empty()) throw std::runtime_error(outcome.message);
    return outcome.kind == CallResult::done ? 0 : 1;
  };
  const Sweep sweep{*set,
                    kernel.id,
                    run,
                    parse_shard(flags.shard),
                    kernel.masked_row,
                    (kernel.claims & SOFTMARK_SATURATES) != 0};
  const std::string identity = identity_of(sweep, kernel);
  Journal journal = journal_beside(flags.output.path, identity, flags.resume);
  SweptRanges swept(sweep);
  for (const std::string& entry : journal.found()) swept.add(range_of_message(entry));
  sweep_missing(sweep, identity, journal, swept);
  if (!is_leader()) return kPass;
  const int exit_code = write_sweep(flags, swept.joined());
  if (!interrupted()) journal.remove();
  return exit_code;
}

}  // namespace softmark::sweep_verb
