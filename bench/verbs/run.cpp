// SPDX-License-Identifier: Apache-2.0
// `run`: the main job. Verify, then time, then report.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "bench/machine.h"
#include "bench/resume.h"
#include "bench/sections.h"
#include "bench/verbs/bench_flags.h"
#include "kernels/verbs/flags.h"
#include "properties/engine/verify.h"
#include "properties/verbs/verify_exit.h"
#include "reports/brief.h"
#include "reports/render.h"
#include "reports/view.h"
#include "support/effort.h"
#include "support/emulation.h"
#include "support/interrupts.h"
#include "support/ranks.h"

namespace softmark {
namespace {

constexpr const char* kReportEndings[] = {".json", ".md", ".html"};
constexpr long long kMostThreads = 1024;  // whatever was timed

struct RunVerb {
  KernelChoice choice;
  VerifyOptions verify;
  std::shared_ptr<bench::BenchFlags> timing;
  bench::BenchOptions bench;
  Effort effort = Effort::quick;
  bool strict = false, resume = false, verbose = false;
  std::string prefix = "softmark-report";
};

/// Where one shape was asked for: that one, for each op and type timed.
std::vector<ChooseRequest> needs_of(const bench::BenchOptions& options, const Json& document) {
  std::vector<ChooseRequest> needs;
  if (options.rows == 0) return needs;
  const View view(document);
  for (const auto& [op, dtype] : timed_groups(view)) {
    ChooseRequest& request = needs.emplace_back();
    request.op = op;
    request.dtype = dtype;
    request.rows = static_cast<long long>(options.rows);
    request.cols = static_cast<long long>(options.cols);
    request.threads = kMostThreads;
  }
  return needs;
}

/// What the terminal shows.
std::string screen(const RunVerb& verb, const Json& document) {
  if (verb.verbose) return render(document, "text");
  BriefRequest request;
  request.needs = needs_of(verb.bench, document);
  request.more =
      fmt::format("details: {0}.html (the page), {0}.md, {0}.json; or --verbose", verb.prefix);
  return brief(document, request);
}

/// Goes on from the document of an interrupted run, where there is one.
void resume_times(RunVerb& verb) {
  const std::string earlier = verb.prefix + ".json";
  if (!verb.resume || !std::filesystem::exists(earlier)) return;
  verb.bench.resume = earlier;
  verb.bench.resumed = read_document(earlier);
}

int run_all(RunVerb& verb) {
  refuse_emulation();
  verb.bench = bench::checked(*verb.timing);
  for (const char* ending : kReportEndings) check_writable(verb.prefix + ending);
  resume_times(verb);
  watch_interrupts();
  const Registry registry = verb.choice.registry();
  const auto kernels = verb.choice.select(registry);
  Json document = new_document(command_line(), verb.verify.seed);
  verb.verify.effort = verb.effort;
  verb.bench.effort = verb.effort;
  verb.bench.logits = verb.verify.logits;
  bench::workloads_of(verb.bench);  // contradictory flags are reported before the work
  verb.bench.seed = verb.verify.seed;
  if (!verb.bench.resume.empty()) bench::Earlier{verb.bench};  // so is what cannot be resumed
  Journal journal =
      journal_beside(verb.prefix + ".json", identity_of(verb.verify, kernels), verb.resume);
  document["run"]["replication"] = bench::replication_section(verb.bench);
  document["run"]["effort"] = name(verb.verify.effort);
  bench::describe_machine(document);
  bool complete = verify(verb.verify, registry, kernels, document, &journal);
  if (complete) {
    verb.bench.kernels = verb.choice.kernels;
    verb.bench.ops = verb.choice.ops;
    verb.bench.dtypes = verb.choice.dtypes;
    const Json sections = bench::bench_sections(verb.bench, registry, not_passing(document));
    for (const char* name : {"measurements", "ceilings"}) document[name] = sections[name];
    for (const Json& warning : sections["warnings"]) document["warnings"].push_back(warning);
    bench::add_sampled_isa(document, sections);
    complete = sections["complete"];
  }
  add_verdicts(document);
  finish_document(document, complete);
  for (const char* ending : kReportEndings) {
    const std::string path = verb.prefix + ending;
    write_file(path, render(document, format_of(path)));
  }
  if (complete) journal.remove();
  write_file("-", screen(verb, document));
  return exit_code_of(document, kernels, verb.choice, complete, verb.strict);
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<RunVerb>();
  CLI::App* sub = app.add_subcommand(
      "run", "the main job: verify, time, and write document, Markdown and page");
  verb->choice.add_to(*sub);
  add_effort(*sub, verb->effort);
  add_seed(*sub, verb->verify.seed);
  verb->timing =
      bench::add_bench_flags(*sub, {"--kernel", "--op", "--dtype", "--effort", "--seed", "--logits",
                                    "--resume", "--in-place", "google_benchmark"});
  add_logits(*sub, verb->verify.logits);
  add_known_failures(*sub, verb->verify.known_failures);
  add_corpus(*sub, verb->verify.corpus);
  sub->add_flag("--resume", verb->resume,
                "keep what an interrupted run with --resume left in PREFIX.json and "
                "PREFIX.json.journal; begin where there is neither");
  sub->add_flag("--strict", verb->strict, "exit 1 also where a kernel refused a call");
  sub->add_flag("--verbose", verb->verbose, "print every failure and every shape, not one screen");
  sub->add_option("-o,--output", verb->prefix, "writes PREFIX.json, PREFIX.md and PREFIX.html")
      ->type_name("PREFIX")
      ->capture_default_str();
  sub->callback([verb, &exit_code] {
    const std::filesystem::path path = verb->prefix;  // PREFIX.json means PREFIX
    if (std::ranges::find(kReportEndings, path.extension()) != std::end(kReportEndings))
      verb->prefix = path.parent_path() / path.stem();
    exit_code = run_all(*verb);
  });
}

}  // namespace softmark
