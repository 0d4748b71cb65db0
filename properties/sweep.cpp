// SPDX-License-Identifier: Apache-2.0
// `sweep`: every input of a set through one kernel, in shards that merge.
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "kernels/names.h"
#include "properties/host.h"
#include "properties/options.h"
#include "properties/verbs.h"
#include "reference/sweep.h"

namespace softmark {
namespace {

struct SweepVerb {
  KernelChoice choice;
  OutputChoice output;
  std::string set, shard = "1/1";
  std::vector<std::string> merge;
  bool list = false;
  double timeout = 60;
};

std::string set_names() {
  std::string text;
  for (const SweepSet& set : sweep_sets()) text += "  " + std::string(set.name) + "\n    " + std::string(set.what) + ", " + std::to_string(set.inputs()) + " inputs\n";
  return text;
}

const Kernel kernel_for(const SweepVerb& verb, const SweepSet& set) {
  const auto kernels = select_kernels(verb.choice.registry(), verb.choice.kernels, {std::string(name(set.op))}, {std::string(name(set.dtype))});
  if (kernels.size() == 1) return kernels[0];
  std::string names;
  for (const Kernel& k : kernels) names += (names.empty() ? "" : ", ") + k.id;
  throw Error(kUsage, "sweep takes one kernel; this set fits " + names + ": give one with --kernel");
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
      const double left = spent.count() * static_cast<double>(total - done) / static_cast<double>(std::max<std::uint64_t>(done, 1));
      std::fprintf(stderr, "\rsweep %5.1f %%  %.0f s left %s", 100.0 * static_cast<double>(done) / static_cast<double>(total), left, done == total ? "\n" : "");
    }
    return !interrupted();
  };
}

SweepResult merged(const std::vector<std::string>& paths) {
  std::vector<SweepResult> parts;
  for (const auto& path : paths) {
    std::ifstream file(path);
    std::ostringstream text;
    if (!(text << file.rdbuf())) throw Error(kUnreadable, path + ": cannot be read; give what sweep --format json wrote");
    parts.push_back(read_sweep(text.str(), path));
  }
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
  Host host(kernel, verb.timeout);
  std::string failure;
  auto result = sweep(*set, kernel.id, [&](const softmark_args& args) {
    const Outcome outcome = host.run(args);
    failure = outcome.message;
    return outcome.kind == Outcome::done ? 0 : 1;
  }, shard.index, shard.count, progress_line());
  if (!failure.empty()) result.failure = failure;
  return result;
}

int run_sweep(SweepVerb& verb) {
  if (verb.list) {
    write_file(verb.output.path, set_names());
    return kPass;
  }
  if (verb.set.empty() == verb.merge.empty()) throw Error(kUsage, "give a set to sweep (--list tells them), or results to --merge");
  check_writable(verb.output.path);
  watch_interrupts();
  const SweepResult result = verb.merge.empty() ? run_set(verb) : merged(verb.merge);
  write_file(verb.output.path, verb.output.format == "json" ? sweep_json(result) : sweep_text(result));
  return result.complete() ? kPass : kNotMeasurable;
}

}  // namespace

void add_sweep(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<SweepVerb>();
  CLI::App* sub = app.add_subcommand("sweep", "every input of a set through one kernel: largest error, share correctly rounded, steps down");
  sub->add_option("set", verb->set, "which inputs (--list)")->type_name("SET");
  sub->add_flag("--list", verb->list, "tell the sets");
  verb->choice.add_to(*sub);
  sub->add_option("--shard", verb->shard, "only part i of n")->type_name("I/N")->capture_default_str();
  sub->add_option("--merge", verb->merge, "join the JSON results of shards instead")->type_name("FILE");
  sub->add_option("--timeout", verb->timeout, "seconds that one call (a chunk of inputs) may take")->check(CLI::PositiveNumber)->capture_default_str();
  verb->output.add_to(*sub, {"text", "json"});
  sub->callback([verb, &exit_code] { exit_code = run_sweep(*verb); });
}

}  // namespace softmark
