// SPDX-License-Identifier: Apache-2.0
// softmark choose: the kernel to use for given needs, from a document or measured now.
#include "reports/choose.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <set>
#include <thread>

#include "bench/machine.h"
#include "bench/measure.h"
#include "bench/sections.h"
#include "kernels/verbs/checks.h"
#include "kernels/verbs/flags.h"
#include "properties/engine/verify.h"
#include "reports/document.h"
#include "reports/render.h"
#include "support/emulation.h"
#include "support/interrupts.h"
#include "support/text.h"

namespace softmark {
namespace {

struct ChooseVerb {
  ChooseRequest request;
  std::string file;
  bool measure = false;
  OutputChoice output;
};

/// The document's verdicts, if they are of this machine and build.
Json verified_before(const std::string& file) {
  Json here = new_document({}, kDefaultSeed);
  bench::describe_machine(here);
  Json document = read_document(file);
  if (document["machine"]["key"] != here["machine"]["key"] ||
      document["generator"] != here["generator"])
    throw Error(kUsage, file +
                            ": its verdicts are of another machine or build; leave it "
                            "out, and --measure verifies here, too");
  return document;
}

/// Verdicts of a quick verification.
Json verified_now(const Registry& registry, const std::vector<Kernel>& kernels) {
  VerifyOptions options;
  options.seed = kDefaultSeed;
  options.effort = Effort::quick;
  Json document = new_document(command_line(), options.seed);
  document["run"]["effort"] = name(options.effort);
  bench::describe_machine(document);
  if (!verify(options, registry, kernels, document))
    throw Error(kNotMeasurable, "interrupted; nothing was decided");
  add_verdicts(document);
  return document;
}

bench::BenchOptions bench_options(const ChooseRequest& request) {
  bench::BenchOptions options;
  options.effort = Effort::quick;
  options.seed = kDefaultSeed;
  options.ops = {request.op};
  options.dtypes = {request.dtype};
  options.rows = static_cast<std::size_t>(*request.rows);
  options.cols = static_cast<std::size_t>(*request.cols);
  options.hot = request.cache != "cold";
  options.cold = request.cache == "cold";
  options.threads = {1};
  if (request.threads > 1) options.threads.push_back(static_cast<int>(request.threads));
  if (!request.distribution.empty())
    options.distribution = *bench::find_distribution(request.distribution);
  return options;
}

std::string about(double seconds) {
  return seconds < 100 ? fmt::format("about {:.0f} s", std::max(1.0, std::ceil(seconds)))
                       : fmt::format("about {:.0f} min", std::ceil(seconds / 60));
}

/// Says how long it will take before it starts, in a pipe too: minutes of silence look like a hang.
void announce(const ChooseVerb& verb, const bench::BenchOptions& options,
              const std::vector<Kernel>& kernels) {
  const double timing = bench::estimated_seconds(options, kernels);
  const std::string many =
      fmt::format("{} kernel{}", kernels.size(), kernels.size() == 1 ? "" : "s");
  const double verifying = estimated_seconds(kernels.size(), Effort::quick,
                                             std::max(1u, std::thread::hardware_concurrency()));
  if (verb.file.empty())
    fmt::print(stderr, "softmark: choose: first verifies {} ({}), then times them ({})\n", many,
               about(verifying), about(timing));
  else
    fmt::print(stderr, "softmark: choose: times {} ({}), with the verdicts of {}\n", many,
               about(timing), one_line(verb.file));
}

/// A document whose measurements are of the shape wanted alone, taken now.
Json measured(const ChooseVerb& verb) {
  refuse_emulation();
  const ChooseRequest& request = verb.request;
  if (!request.rows || !request.cols)
    throw Error(kUsage, "--measure: give the shape to time: --rows N --cols N");
  watch_interrupts();
  const Registry registry = load_registry({});
  KernelChoice of_type;
  of_type.ops = {request.op};
  of_type.dtypes = {request.dtype};
  std::vector<Kernel> kernels = of_type.select(registry);
  Json document;
  if (!verb.file.empty()) {
    document = verified_before(verb.file);
    std::set<std::string> judged;
    for (const Json& kernel : document["kernels"]) judged.insert(kernel["id"]);
    std::erase_if(kernels, [&](const Kernel& kernel) { return !judged.contains(kernel.id); });
    if (kernels.empty())
      throw Error(kNotMeasurable,
                  fmt::format("{}: has no verdict on a kernel of {} {}; leave it out", verb.file,
                              request.op, request.dtype));
  }
  bench::BenchOptions options = bench_options(request);
  announce(verb, options, kernels);
  if (verb.file.empty()) document = verified_now(registry, kernels);
  // Only what has a verdict is timed: nothing unverified may be chosen.
  for (const Kernel& kernel : kernels) options.kernels.push_back(kernel.id);
  const Json sections = bench::bench_sections(options, registry, not_passing(document));
  if (sections["complete"] != true) throw Error(kNotMeasurable, "interrupted; nothing was decided");
  document["measurements"] = sections["measurements"];
  bench::add_sampled_isa(document, sections);
  finish_document(document, true);
  return document;
}

void add_grade(CLI::App& verb, std::optional<Grade>& grade) {
  verb.add_option_function<std::string>(
          "--grade", [&grade](const std::string& word) { grade = grade_of(word); },
          "the worst grade allowed, as verification found it: rounded, one_ulp, wide, blocked, "
          "sequential")
      ->type_name("GRADE")
      ->check(one_of_names("a grade", words_of(kGradeNames)));
}

void add_needs(CLI::App& verb, ChooseRequest& request) {
  add_op(verb, request.op);
  add_dtype(verb, request.dtype);
  verb.add_option("--rows", request.rows, "rows per call")
      ->type_name("N")
      ->check(whole_within(1, kMostExtent));
  verb.add_option("--cols", request.cols, "columns (logits per row)")
      ->type_name("N")
      ->check(whole_within(1, kMostExtent));
  verb.add_option("--threads", request.threads, "largest number of threads")
      ->type_name("N")
      ->check(whole_within(1, 1024))
      ->capture_default_str();
  verb.add_option("--max-ulp", request.max_ulp,
                  "largest error allowed: neither promised nor found to be exceeded")
      ->type_name("ULP")
      ->check(real_within(0, 1e9, "ulp"));
  add_grade(verb, request.grade);
  verb.add_flag("--reproducible", request.reproducible,
                "only kernels that claim to be reproducible: bits that depend on the row alone");
  const auto add = [&](const char* flag, std::string& value, const char* what, const char* help,
                       const std::vector<std::string>& names) {
    verb.add_option(flag, value, help)->type_name("NAME")->check(one_of_names(what, names));
  };
  add("--masked-row", request.masked_row, "a result of masked rows",
      "what a row of nothing but -inf gives: nan | zero | uniform", {"nan", "zero", "uniform"});
  add("--isa", request.isa, "a set of instructions",
      "at most these instructions: sse4 | avx2 | avx512", {"sse4", "avx2", "avx512"});
  std::vector<std::string> distributions = words_of(bench::kDistributionNames);
  add("--distribution", request.distribution, "a distribution",
      "timed on such logits: normal | flat | peaked | causal | subnormal | file", distributions);
  add("--cache", request.cache, "a cache state", "timed with a hot | cold cache", {"hot", "cold"});
}

}  // namespace

void add_choose(CLI::App& app, int& exit_code) {
  CLI::App* sub = app.add_subcommand(
      "choose", "name the kernel to use for given needs, how sure that is, and why not the others");
  const auto verb = std::make_shared<ChooseVerb>();
  sub->add_option("FILE", verb->file, "a document with measurements (- is standard input)");
  add_needs(*sub, verb->request);
  sub->add_flag("--measure", verb->measure,
                "time the shape wanted now, with the verdicts of FILE or, without one, of a quick "
                "verification");
  verb->output.add_to(*sub, {"text", "markdown", "json"});
  sub->callback([verb, &exit_code] {
    if (verb->file.empty() && !verb->measure)
      throw Error(kUsage, "choose: give a document, or --measure to verify and time now");
    const Json document = verb->measure ? measured(*verb) : read_document(verb->file);
    const Choice choice = choose(document, verb->request, verb->output.format());
    write_file(verb->output.path, choice.text);
    exit_code = choice.kernel.empty() ? kGateFailed : kPass;
  });
}

}  // namespace softmark
