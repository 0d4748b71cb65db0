// SPDX-License-Identifier: Apache-2.0
#include "bench/options.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>

#include "kernels/names.h"
#include "properties/options.h"
#include "reports/error.h"

namespace softmark::bench {
namespace {

/// Google Benchmark itself says which flags are its own; what it leaves over is not.
void check_benchmark_flags(std::vector<std::string> flags) {
  std::string program = "softmark";
  std::vector<char*> argv = {program.data()};
  for (std::string& flag : flags) argv.push_back(flag.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1)
    throw Error(kUsage,
                fmt::format("'{}' is no flag of Google Benchmark; `softmark bench -- --help` lists them", argv[1]));
}

template <std::size_t N>
void check_names(const std::vector<std::string>& given, const std::string_view (&known)[N], const char* what) {
  for (const std::string& one : given)
    if (std::find(std::begin(known), std::end(known), one) == std::end(known))
      throw Error(kUsage, fmt::format("'{}' is no {}; they are {}", one, what, fmt::join(known, ", ")));
}

}  // namespace

Effort parse_effort(const std::string& text) {
  const auto found = std::find(std::begin(kEffortNames), std::end(kEffortNames), text);
  if (found == std::end(kEffortNames))
    throw Error(kUsage, fmt::format("'{}' is no effort: quick, standard or thorough", text));
  return static_cast<Effort>(found - std::begin(kEffortNames));
}

std::shared_ptr<BenchFlags> add_bench_flags(CLI::App& verb, const std::vector<std::string>& but) {
  auto flags = std::make_shared<BenchFlags>();
  BenchOptions& options = flags->options;
  const auto add = [&](const char* names, auto& value, const char* help) {
    if (std::find(but.begin(), but.end(), names) == but.end()) verb.add_option(names, value, help);
  };
  add("--kernel", options.kernels, "kernels to time: a glob of names or ids (repeatable)");
  add("--op", options.ops, "ops to time (softmax)");
  add("--dtype", options.dtypes, "element types to time (f32)");
  add("--effort", flags->effort, "quick | standard | thorough: which workloads, how many processes (standard)");
  add_seed(verb, options.seed);
  add("--threads", options.threads, "thread counts of threaded kernels (1 and all); others run where 1 is among them");
  add("--workload", options.workloads, "workloads by glob of their names, such as 'vocabulary/*' (repeatable)");
  add("--logits", options.logits, "time on the logits of this .npy file");
  add("--rows", options.rows, "rows of a workload of your own");
  add("--cols", options.cols, "columns of a workload of your own");
  add("--distribution", flags->distribution, "its logits: normal | flat | peaked | causal | subnormal (normal)");
  add("--processes", options.processes, "fresh processes for each kernel and workload");
  add("--min-time", options.min_time, "seconds a sample");
  add("--cache", flags->cache, "hot | cold | both: the same buffers each call, or ones that have left the cache (hot)");
  if (std::find(but.begin(), but.end(), "--in-place") == but.end())
    verb.add_flag("--in-place", options.in_place,
                  "kernels that claim it write over their input, which is restored outside the clock");
  verb.add_option("google_benchmark", options.benchmark_flags, "after --: flags for Google Benchmark");
  return flags;
}

BenchOptions checked(const BenchFlags& flags) {
  BenchOptions options = flags.options;
  options.effort = parse_effort(flags.effort);
  check_names(options.ops, kOpNames, "op");
  check_names(options.dtypes, kDtypeNames, "dtype");
  if (flags.cache != "hot" && flags.cache != "cold" && flags.cache != "both")
    throw Error(kUsage, fmt::format("'{}' is no cache state: hot, cold or both", flags.cache));
  options.hot = flags.cache != "cold";
  options.cold = flags.cache != "hot";
  const auto distribution = find_distribution(flags.distribution);
  if (!distribution || *distribution == Distribution::kFile)
    throw Error(kUsage,
                fmt::format("'{}' is no distribution: normal, flat, peaked, causal or subnormal", flags.distribution));
  options.distribution = *distribution;
  for (int threads : options.threads)
    if (threads < 1 || threads > 1024)
      throw Error(kUsage, fmt::format("--threads {} is not within 1 .. 1024", threads));
  if (options.processes < 0 || options.processes > 1000) throw Error(kUsage, "--processes is not within 1 .. 1000");
  if (!(options.min_time >= 0 && options.min_time <= 60))
    throw Error(kUsage, "--min-time is not within 0 .. 60 seconds");
  check_benchmark_flags(options.benchmark_flags);
  return options;
}

}  // namespace softmark::bench
