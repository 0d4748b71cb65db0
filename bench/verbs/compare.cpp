// SPDX-License-Identifier: Apache-2.0
// softmark compare: two kernels side by side, by name ("simd", "simd/softmax/f64",
// "build/old.so:name" for one of a plugin's), or two documents, which reports compares.
#include "reports/compare.h"

#include <fmt/format.h>

#include <filesystem>

#include "bench/paired.h"
#include "bench/sections.h"
#include "bench/verbs/bench_flags.h"
#include "kernels/names.h"
#include "kernels/verbs/flags.h"
#include "properties/engine/verify.h"
#include "reports/view.h"
#include "support/emulation.h"
#include "support/interrupts.h"

namespace softmark::bench {
namespace {

struct CompareInvocation {
  std::string a, b;
  std::vector<std::string> plugins;
  OutputChoice output;
  bool strict = false, without_verification = false;
};

/// The one kernel that `named` means. Two builds of a plugin have kernels of the same ids:
/// "LIB.so:GLOB" looks into that library alone.
Kernel one_kernel(const std::string& named, const std::vector<std::string>& plugins,
                  BenchOptions options) {
  const std::size_t colon = named.find(".so:");
  const bool in_library = colon != named.npos || named.ends_with(".so");
  const std::string library =
      in_library ? named.substr(0, colon == named.npos ? colon : colon + 3) : "";
  const std::string glob = !in_library ? named : colon == named.npos ? "" : named.substr(colon + 4);
  const Registry registry = in_library ? load_plugins({library}) : load_registry(plugins);
  options.uses = false;  // one kernel is meant
  options.kernels = glob.empty() ? std::vector<std::string>{} : std::vector<std::string>{glob};
  const std::vector<Kernel> found = bench_kernels(options, registry);
  if (found.size() == 1) return found.front();
  throw Error(
      kUsage,
      fmt::format("'{}' is {} kernels, {} and {} among them: give a whole id, or --op and --dtype",
                  named, found.size(), found[0].id, found[1].id));
}

bool is_document(const std::string& named) {
  return named == "-" || named.ends_with(".json") ||
         (named.find(".so") == named.npos && std::filesystem::is_regular_file(named));
}

/// The verdict of a verification at quick effort: "pass", "FAIL: range +2".
std::string brief_verdict(const Kernel& kernel, std::uint64_t seed) {
  VerifyOptions options;
  options.effort = Effort::quick;
  options.seed = seed;
  Json document = new_document({}, seed);
  verify(options, Registry(), {kernel}, document);
  const View view(document);
  const KernelView& verified = *view.kernel(kernel.id);
  const std::string failed = verified.named_briefly(Outcome::kFail);
  return verified.verdict() + (failed.empty() ? "" : ": " + failed);
}

int run_kernels(const BenchOptions& options, const CompareInvocation& invocation) {
  refuse_emulation();
  const Kernel a = one_kernel(invocation.a, invocation.plugins, options),
               b = one_kernel(invocation.b, invocation.plugins, options);
  auto comparisons = compare_kernels(a, b, options);
  if (!invocation.without_verification && !comparisons.empty() && !interrupted()) {
    const std::string of_a = brief_verdict(a, options.seed), of_b = brief_verdict(b, options.seed);
    for (Comparison& comparison : comparisons)
      comparison.a_verdict = of_a, comparison.b_verdict = of_b;
  }
  Json json = Json::array();
  for (const Comparison& comparison : comparisons) json.push_back(to_json(comparison));
  const std::string format = invocation.output.format(), table = comparisons_table(comparisons);
  write_file(invocation.output.path, format == "json"       ? to_text(json)
                                     : format == "markdown" ? "```text\n" + table + "```\n"
                                                            : table);
  return exit_code_of(comparisons, invocation.strict);
}

int run_compare(const BenchFlags& flags, const CompareInvocation& invocation) {
  if (is_document(invocation.a) != is_document(invocation.b))
    throw Error(kUsage,
                fmt::format("'{}' and '{}' are a document and a kernel: compare two of a kind",
                            invocation.a, invocation.b));
  if (is_document(invocation.a))
    return compare_files(invocation.a, invocation.b, invocation.strict, invocation.output.path,
                         invocation.output.format());
  return run_kernels(checked(flags), invocation);
}

}  // namespace
}  // namespace softmark::bench

namespace softmark {

void add_compare(CLI::App& app, int& exit_code) {
  using namespace bench;
  CLI::App* verb = app.add_subcommand("compare",
                                      "two documents, or two kernels in one session: SAME, FASTER, "
                                      "SLOWER, AMBIGUOUS; exit 1 on a regression");
  const auto invocation = std::make_shared<CompareInvocation>();
  verb->add_option("A", invocation->a, "document, or kernel: name, id, LIB.so or LIB.so:NAME")
      ->required();
  verb->add_option("B", invocation->b, "the document or kernel in question")->required();
  const auto flags = add_bench_flags(*verb, {"--kernel", "--resume"});
  add_plugins(*verb, invocation->plugins);
  invocation->output.add_to(*verb, {"text", "markdown", "json"});
  verb->add_flag("--no-verify", invocation->without_verification,
                 "two kernels: do not verify them too (at effort quick, some seconds each)");
  verb->add_flag("--strict", invocation->strict, "exit 5 where something is undecided");
  verb->callback([flags, invocation, &exit_code] { exit_code = run_compare(*flags, *invocation); });
}

}  // namespace softmark
