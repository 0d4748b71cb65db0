// SPDX-License-Identifier: Apache-2.0
// `sweep`: every input of a set through one kernel, or the guided search for the worst row, in
// shards that merge.
#include "properties/sweeps/sweep.h"

#include <unistd.h>

#include <chrono>

#include "kernels/names.h"
#include "kernels/verbs/flags.h"
#include "kernels/worker.h"
#include "properties/corpus/corpus.h"
#include "properties/verbs/sweep_worst.h"
#include "support/files.h"

namespace softmark {
namespace {

struct SweepVerb {
  KernelChoice choice;
  OutputChoice output;
  std::string set, shard = "1/1";
  std::vector<std::string> merge;
  bool list = false;
  double timeout = 60;
  WorstOptions worst;
  std::string effort = "standard";
  bool random = false;
};

constexpr std::string_view kWorst = "worst";
constexpr std::pair<std::string_view, std::size_t> kWorstRows[] = {
    {"quick", 4000}, {"standard", 100000}, {"thorough", 2000000}};

std::string set_names() {
  std::string text;
  for (const SweepSet& set : sweep_sets())
    text += "  " + std::string(set.name) + "\n    " + std::string(set.what) + ", " +
            std::to_string(set.inputs()) + " inputs\n";
  text +=
      "  worst\n    no set but a guided search for the row on which a kernel is furthest off, of "
      "any op and type\n";
  return text;
}

const Kernel kernel_for(const SweepVerb& verb, const SweepSet& set) {
  const auto kernels = select_kernels(verb.choice.registry(), verb.choice.kernels,
                                      {std::string(name(set.op))}, {std::string(name(set.dtype))});
  if (kernels.size() == 1) return kernels[0];
  std::string names;
  for (const Kernel& k : kernels) names += (names.empty() ? "" : ", ") + k.id;
  throw Error(kUsage,
              "sweep takes one kernel; this set fits " + names + ": give one with --kernel");
}

// Rewritten in place twice a second on a terminal, silent in a pipe.
SweepProgress progress_line() {
  const auto start = std::chrono::steady_clock::now();
  auto last = std::make_shared<std::chrono::steady_clock::time_point>();
  return [=](std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> spent = now - start;
    if (isatty(STDERR_FILENO) && (done == total || now - *last > std::chrono::milliseconds(500))) {
      *last = now;
      const double left = spent.count() * static_cast<double>(total - done) /
                          static_cast<double>(std::max<std::uint64_t>(done, 1));
      std::fprintf(stderr, "\rsweep %5.1f %%  %.0f s left %s",
                   100.0 * static_cast<double>(done) / static_cast<double>(total), left,
                   done == total ? "\n" : "");
    }
    return !interrupted();
  };
}

SweepResult merged(const std::vector<std::string>& paths, const std::vector<std::string>& texts) {
  std::vector<SweepResult> parts;
  for (std::size_t i = 0; i < paths.size(); ++i) parts.push_back(read_sweep(texts[i], paths[i]));
  try {
    return merge_sweeps(parts);
  } catch (const std::invalid_argument& error) {
    throw Error(kUsage, std::string("--merge: ") + error.what());
  }
}

SweepResult run_set(const SweepVerb& verb) {
  const SweepSet* set = find_sweep_set(verb.set);
  if (!set) throw Error(kUsage, "unknown set '" + verb.set + "'; the sets are\n" + set_names());
  const Shard shard = parse_shard(verb.shard);
  const Kernel kernel = kernel_for(verb, *set);
  Worker worker(kernel, verb.timeout);
  std::string failure;
  auto result = sweep(
      *set, kernel.id,
      [&](const softmark_args& args) {
        const CallResult outcome = worker.run(args);
        failure = outcome.message;
        return outcome.kind == CallResult::done ? 0 : 1;
      },
      shard.index, shard.count, progress_line(), kernel.masked_row,
      kernel.claims & SOFTMARK_SATURATES);
  if (!failure.empty()) result.failure = failure;
  return result;
}

int deliver_worst(const SweepVerb& verb, const Json& result) {
  write_file(verb.output.path, verb.output.format == "json" ? to_text(result) : worst_text(result));
  return has_broken_promise(result)        ? kGateFailed
         : result.value("complete", false) ? kPass
                                           : kNotMeasurable;
}

int run_worst(SweepVerb& verb) {
  const auto kernels = verb.choice.select(verb.choice.registry());
  if (!verb.worst.corpus.empty()) check_corpus(verb.worst.corpus);
  for (const auto& [effort, rows] : kWorstRows)
    if (verb.effort == effort) verb.worst.search.rows = rows;
  verb.worst.search.guided = !verb.random;
  verb.worst.shard = parse_shard(verb.shard);
  verb.worst.call_timeout = verb.timeout;
  const auto show = progress_line();
  return deliver_worst(
      verb, find_worst(kernels, verb.worst,
                       [&, total = kernels.size() * verb.worst.search.rows](std::size_t done) {
                         return show(std::min(done, total), total);
                       }));
}

int run_merge(const SweepVerb& verb) {
  std::vector<std::string> texts;
  for (const auto& path : verb.merge) texts.push_back(read_file(path));
  if (Json first = Json::parse(texts[0], nullptr, false);
      first.is_object() && first.value("schema", Json()) == "softmark.worst") {
    std::vector<Json> parts;
    for (const auto& text : texts) parts.push_back(Json::parse(text, nullptr, false));
    return deliver_worst(verb, merge_worst(parts, verb.merge));
  }
  const SweepResult result = merged(verb.merge, texts);
  write_file(verb.output.path,
             verb.output.format == "json" ? sweep_json(result) : sweep_text(result));
  return result.complete() ? kPass : kNotMeasurable;
}

int run_sweep(SweepVerb& verb) {
  if (verb.list) {
    write_file(verb.output.path, set_names());
    return kPass;
  }
  if (verb.set.empty() == verb.merge.empty())
    throw Error(kUsage, "give a set to sweep (--list tells them), or results to --merge");
  check_writable(verb.output.path);
  watch_interrupts();
  if (!verb.merge.empty()) return run_merge(verb);
  if (verb.set == kWorst) return run_worst(verb);
  const SweepResult result = run_set(verb);
  write_file(verb.output.path,
             verb.output.format == "json" ? sweep_json(result) : sweep_text(result));
  return result.complete() ? kPass : kNotMeasurable;
}

}  // namespace

void add_sweep(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<SweepVerb>();
  CLI::App* sub = app.add_subcommand(
      "sweep", "every input of a set through one kernel, or a guided search for its worst row");
  sub->add_option("set", verb->set, "which inputs (--list)")->type_name("SET");
  sub->add_flag("--list", verb->list, "tell the sets");
  verb->choice.add_to(*sub);
  sub->add_option("--shard", verb->shard, "only part i of n")
      ->type_name("I/N")
      ->capture_default_str();
  sub->add_option("--merge", verb->merge, "join the JSON results of shards instead")
      ->type_name("FILE");
  sub->add_option("--timeout", verb->timeout, "seconds that one call (a chunk of inputs) may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  constexpr auto kWorstOnly = "Guided search (set 'worst')";
  sub->add_option("--cols", verb->worst.search.cols,
                  "columns of every row; without it lengths in turn")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20))
      ->group(kWorstOnly);
  sub->add_option("--effort", verb->effort, "4000, 100000 or 2000000 rows a kernel")
      ->check(CLI::IsMember({"quick", "standard", "thorough"}))
      ->capture_default_str()
      ->group(kWorstOnly);
  sub->add_option("--seconds", verb->worst.search.seconds,
                  "at most, a kernel; what is found then depends on the machine")
      ->check(CLI::PositiveNumber)
      ->group(kWorstOnly);
  sub->add_option("--corpus", verb->worst.corpus, "a folder that the worst rows are added to")
      ->type_name("DIR")
      ->group(kWorstOnly);
  sub->add_flag(
         "--over-bound", verb->worst.search.over_bound,
         "look for the largest error over the row's a-priori bound, not for the largest error")
      ->group(kWorstOnly);
  sub->add_flag("--random", verb->random,
                "rows of the families alone, not led by errors: what guidance is measured against")
      ->group(kWorstOnly);
  add_seed(*sub, verb->worst.search.seed);
  verb->output.add_to(*sub, {"text", "json"});
  sub->callback([verb, &exit_code] { exit_code = run_sweep(*verb); });
}

}  // namespace softmark
