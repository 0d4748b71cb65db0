// SPDX-License-Identifier: Apache-2.0
// `sweep worst`: a guided search for the worst row of each kernel.
#include <algorithm>
#include <atomic>

#include "properties/corpus/corpus.h"
#include "properties/verbs/sweep_verb.h"
#include "support/channel.h"
#include "support/files.h"
#include "support/interrupts.h"
#include "support/ranks.h"

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

std::string identity_of(const std::vector<Kernel>& kernels, const WorstOptions& options) {
  Json identity = {"worst", options.shard.index, options.shard.count, options.call_timeout};
  const SearchOptions& s = options.search;
  identity.push_back({s.rows, s.cols, s.seed, s.guided, s.over_bound, s.seconds});
  for (const Kernel& kernel : kernels) identity.push_back(kernel_to_json(kernel));
  return identity.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A find between processes, and in a journal, has the index of its kernel.
void keep_find(const std::string& message, std::vector<Json>& finds) {
  const auto entry = json_of_message(message);
  finds.at(entry.at("index")) = entry.at("find");
}

/// The kernels without a find, one a piece.
void search_kernels(const std::vector<Kernel>& kernels, const WorstOptions& options,
                    const std::string& identity, Journal& journal, std::vector<Json>& finds) {
  SharedWork work;
  work.identity = identity;
  for (std::size_t i = 0; i < kernels.size(); ++i)
    if (finds[i].is_null()) work.pieces.emplace_back(message_of(i));
  const std::size_t rows = options.search.rows;
  const SweepProgress show = progress_line();
  std::atomic<std::size_t> done{0};
  work.run = [&](const std::string& piece) {
    std::size_t index;
    parse_message(piece, index);
    const auto progress = [&](std::size_t tried) {
      return show(std::min(done + tried, kernels.size() * rows), kernels.size() * rows);
    };
    return json_message(
        Json{{"index", index}, {"find", find_worst(kernels[index], options, progress)}});
  };
  work.take = [&](const std::string&, const std::string& message) {
    keep_find(message, finds);
    done += rows;
    return true;
  };
  work.journal = &journal;
  share(work);
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
  const std::string identity = identity_of(kernels, options);
  Journal journal = journal_beside(flags.output.path, identity, flags.resume);
  std::vector<Json> finds(kernels.size());
  for (const std::string& entry : journal.found()) keep_find(entry, finds);
  search_kernels(kernels, options, identity, journal, finds);
  if (!is_leader()) return kPass;
  std::erase(finds, Json());  // an interrupt came before
  const int exit_code = write_worst(flags, worst_document(finds, !interrupted()));
  if (!interrupted()) journal.remove();
  return exit_code;
}

}  // namespace softmark::sweep_verb
