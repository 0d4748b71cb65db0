// SPDX-License-Identifier: Apache-2.0
// `sweep worst`: a guided search for the worst row of each kernel.
#include <algorithm>

#include "properties/corpus/corpus.h"
#include "properties/verbs/sweep_verb.h"
#include "support/files.h"

namespace softmark::sweep_verb {
namespace {

constexpr std::size_t kRows[] = {4000, 100000, 2000000};  // a kernel, by effort

WorstOptions options_of(const Flags& flags) {
  WorstOptions options = flags.worst;
  options.search.rows = kRows[static_cast<int>(flags.effort)];
  options.search.guided = !flags.random;
  options.shard = parse_shard(flags.shard);
  options.call_timeout = flags.timeout;
  return options;
}

}  // namespace

int write_worst(const Flags& flags, const Json& result) {
  write_file(flags.output.path,
             flags.output.format() == "json" ? to_text(result) : worst_text(result));
  if (has_broken_promise(result)) return kGateFailed;
  return result.value("complete", false) ? kPass : kNotMeasurable;
}

int run_worst(const Flags& flags) {
  const auto kernels = flags.choice.select(flags.choice.registry());
  if (!flags.worst.corpus.empty()) check_corpus(flags.worst.corpus);
  const WorstOptions options = options_of(flags);
  const std::size_t total = kernels.size() * options.search.rows;
  const auto show = progress_line();
  const auto progress = [&](std::size_t done) { return show(std::min(done, total), total); };
  return write_worst(flags, find_worst(kernels, options, progress));
}

}  // namespace softmark::sweep_verb
