// SPDX-License-Identifier: Apache-2.0
// softmark bench: how fast, in nanoseconds an element and against memcpy.
#include <fmt/format.h>

#include "bench/options.h"
#include "bench/sections.h"
#include "bench/table.h"
#include "bench/verbs.h"
#include "properties/options.h"

namespace softmark::bench {
namespace {

struct Invocation {
  std::vector<std::string> plugins;
  std::string output = "-", format = "text";
};

/// 4 where nothing at all could be timed, else 0: speed alone fails no gate.
int run_bench(const BenchOptions& options, const Invocation& invocation, const std::vector<std::string>& argv) {
  if (invocation.format != "text" && invocation.format != "json")
    throw Error(kUsage, fmt::format("bench writes text or json, not '{}'; `softmark report` makes the others from the json", invocation.format));
  const Registry registry = load_registry(invocation.plugins);
  Json document = new_document(argv, options.seed);
  const Json sections = bench_sections(options, registry, std::nullopt);
  for (const char* name : {"machine", "build", "measurements", "ceilings", "warnings"}) document[name] = sections[name];
  document["kernels"] = kernels_section(bench_kernels(options, registry));
  finish_document(document, sections["complete"]);
  write_file(invocation.output, invocation.format == "json" ? to_text(document) : measurements_table(document));
  for (const Json& measurement : sections["measurements"])
    if (measurement["status"] == "ok") return kPass;
  return kNotMeasurable;
}

}  // namespace
}  // namespace softmark::bench

void softmark::add_bench(CLI::App& app, int& exit_code) {
  using namespace softmark::bench;
  CLI::App* verb = app.add_subcommand("bench", "speed, through Google Benchmark (flags after -- go to it)");
  const auto flags = add_bench_flags(*verb);
  const auto invocation = std::make_shared<Invocation>();
  verb->add_option("--plugin", invocation->plugins, "a shared library of kernels (repeatable)");
  verb->add_option("-o,--output", invocation->output, "file to write (-)");
  verb->add_option("--format", invocation->format, "text | json (text)");
  verb->callback([flags, invocation, &exit_code] {
    exit_code = run_bench(checked(*flags), *invocation, command_line());
  });
}
