// SPDX-License-Identifier: Apache-2.0
// softmark bench: how fast, in nanoseconds an element and against memcpy.
#include <algorithm>

#include "bench/resume.h"
#include "bench/sections.h"
#include "bench/verbs/bench_flags.h"
#include "kernels/plugin_argument.h"
#include "kernels/verbs/flags.h"
#include "reports/measurements.h"
#include "reports/render.h"
#include "support/emulation.h"

namespace softmark::bench {
namespace {

struct BenchInvocation {
  std::vector<std::string> plugins;
  OutputChoice output;
};

std::string rendered(const Json& document, const std::string& format) {
  if (format == "brief") return measurements_brief(document);
  return format == "text" ? measurements_table(document) : render(document, format);
}

/// Speed alone fails no gate: 4 where nothing could be timed or the run was interrupted, else 0.
int run_bench(BenchOptions options, const BenchInvocation& invocation) {
  refuse_emulation();
  if (!options.resume.empty()) options.resumed = read_document(options.resume);
  const Registry registry = options.kernels.empty()
                                ? load_registry(invocation.plugins)
                                : load_registry(invocation.plugins, options.kernels);
  Json document = new_document(command_line(), options.seed);
  document["run"]["replication"] = replication_section(options);
  const std::vector<Kernel> kernels = bench_kernels(options, registry);
  check_plugins_chosen(registry, kernels);
  document["kernels"] = kernels_section(kernels);
  const Json sections = bench_sections(options, registry, std::nullopt);
  for (const char* name : {"machine", "build", "measurements", "ceilings", "warnings"})
    document[name] = sections[name];
  add_sampled_isa(document, sections);
  finish_document(document, sections["complete"]);
  write_file(invocation.output.path, rendered(document, invocation.output.format()));
  const Json& all = document["measurements"];
  const bool any = std::any_of(all.begin(), all.end(), [](const Json& measurement) {
    return measurement["status"] == "ok";
  });
  return any && sections["complete"] == true ? kPass : kNotMeasurable;
}

}  // namespace
}  // namespace softmark::bench

namespace softmark {

void add_bench(CLI::App& app, int& exit_code) {
  using namespace bench;
  CLI::App* verb = app.add_subcommand(
      "bench", "speed, through Google Benchmark, of float32 softmax or of --op and --dtype");
  const auto flags = add_bench_flags(*verb);
  const auto invocation = std::make_shared<BenchInvocation>();
  add_plugins(*verb, invocation->plugins);
  invocation->output.add_to(*verb, kFormats);
  verb->callback(
      [flags, invocation, &exit_code] { exit_code = run_bench(checked(*flags), *invocation); });
}

}  // namespace softmark
