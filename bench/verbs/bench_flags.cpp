// SPDX-License-Identifier: Apache-2.0
#include "bench/verbs/bench_flags.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>
#include <sstream>

#include "bench/machine.h"
#include "kernels/verbs/checks.h"
#include "kernels/verbs/flags.h"
#include "support/effort.h"
#include "support/error.h"

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
    throw Error(
        kUsage,
        fmt::format("'{}' is not a flag of Google Benchmark; `softmark bench -- --help` lists them",
                    argv[1]));
}

const std::vector<std::string> kPages = {"4k", "2m"};
const std::vector<std::string> kPins = {"core", "threads", "none"};
const std::vector<std::string> kWaits = {"active", "passive"};
const std::vector<std::string> kCacheStates = {"hot", "cold", "both"};

std::vector<std::string> distributions() {
  std::vector<std::string> names = words_of(kDistributionNames);
  std::erase(names, "file");  // what --logits gives
  return names;
}

/// What OpenMP libraries are told. The children that time inherit it, and the document records it
/// with the other variables (machine.environment.variables).
void set_openmp(const BenchFlags& flags) {
  if (!flags.omp_wait.empty()) setenv("OMP_WAIT_POLICY", flags.omp_wait.c_str(), 1);
  if (flags.pin != "threads") return;
  setenv("OMP_PROC_BIND", "close", 1);
  setenv("OMP_PLACES", "cores", 1);
}

}  // namespace

std::vector<int> parse_threads(const std::vector<std::string>& lists) {
  constexpr int kMost = 1024;
  std::set<int> counts;
  for (const std::string& list : lists) {
    const auto count = [&](const std::string& word) {
      if (word == "T") return std::max(1, static_cast<int>(allowed_cpus().size()));
      int value = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (error != std::errc() || end != word.data() + word.size() || value < 1 || value > kMost)
        throw Error(
            kUsage,
            fmt::format(
                "--threads '{}': '{}' is not a count within 1 .. {}; give e.g. 1,2,4 or 1..T", list,
                word, kMost));
      return value;
    };
    std::istringstream words(list);
    for (std::string word; std::getline(words, word, ',');) {
      const std::size_t dots = word.find("..");
      const int first = count(word.substr(0, dots)),
                last = dots == word.npos ? first : count(word.substr(dots + 2));
      if (first > last)
        throw Error(kUsage, fmt::format("--threads '{}': {} is above {}", list, first, last));
      for (int threads = first; threads <= last; ++threads) counts.insert(threads);
    }
    if (list.empty()) throw Error(kUsage, "--threads '' names no count; give e.g. 1,2,4 or 1..T");
  }
  return {counts.begin(), counts.end()};
}

std::shared_ptr<BenchFlags> add_bench_flags(CLI::App& verb, const std::vector<std::string>& but) {
  auto flags = std::make_shared<BenchFlags>();
  BenchOptions& options = flags->options;
  const auto wanted = [&](const char* name) {
    return std::find(but.begin(), but.end(), name) == but.end();
  };
  const auto add = [&](const char* name, auto& value, const char* type, const char* help,
                       const CLI::Validator& check = not_empty()) {
    // One value a flag: a list would swallow the arguments that follow.
    if (wanted(name))
      verb.add_option(name, value, help)->type_name(type)->allow_extra_args(false)->check(check);
  };
  if (wanted("--kernel")) add_kernels(verb, options.kernels);
  if (wanted("--op")) add_ops(verb, options.ops);
  if (wanted("--dtype")) add_dtypes(verb, options.dtypes);
  if (wanted("--effort")) add_effort(verb, options.effort);
  if (wanted("--seed")) add_seed(verb, options.seed);
  if (wanted("--logits")) add_logits(verb, options.logits);
  add("--threads", flags->threads, "LIST",
      "thread counts of threaded kernels: 1,2,4 or 1..T (1 and all); others run where 1 is among "
      "them");
  add("--workload", options.workloads, "GLOB",
      "workloads by glob of their names, such as 'vocabulary/*' (repeatable)");
  add("--rows", options.rows, "N", "rows of a workload of your own", whole_within(1, kMostExtent));
  add("--cols", options.cols, "N", "columns of a workload of your own",
      whole_within(1, kMostExtent));
  add("--distribution", flags->distribution, "NAME",
      "its logits: normal | flat | peaked | causal | subnormal (normal)",
      one_of_names("a distribution", distributions()));
  add("--processes", options.processes, "N", "fresh processes for each kernel and workload",
      whole_within(1, 1000));
  add("--min-time", options.min_time, "SECONDS", "seconds a sample",
      real_within(1e-6, 60, "seconds"));
  add("--resume", options.resume, "FILE.json",
      "keep the workloads that this document holds whole, made by this build on this machine");
  add("--cache", flags->cache, "STATE",
      "hot | cold | both: the same buffers each call, or ones that have left the cache (hot)",
      one_of_names("a cache state", kCacheStates));
  add("--pages", flags->pages, "SIZE",
      "pages of the buffers: 4k | 2m (2m where the system gives them)",
      one_of_names("a size of pages", kPages));
  add("--pin", flags->pin, "WHAT",
      "core | threads | none: a single thread is pinned to a core; several threads too, by OpenMP; "
      "nothing (core)",
      one_of_names("a way to pin", kPins));
  add("--omp-wait", flags->omp_wait, "POLICY",
      "active | passive: how OpenMP threads wait, OMP_WAIT_POLICY (the library's own)",
      one_of_names("a policy", kWaits));
  if (wanted("--in-place"))
    verb.add_flag(
        "--in-place", options.in_place,
        "kernels that claim it write over their input, which is restored outside the clock");
  if (wanted("google_benchmark"))
    verb.add_option("google_benchmark", options.benchmark_flags,
                    "after --: flags for Google Benchmark");
  return flags;
}

BenchOptions checked(const BenchFlags& flags) {
  BenchOptions options = flags.options;
  options.uses = true;
  options.hot = flags.cache != "cold";
  options.cold = flags.cache != "hot";
  options.distribution = *find_distribution(flags.distribution);
  if (!flags.pages.empty()) options.pages = flags.pages == "4k" ? Pages::k4k : Pages::k2m;
  options.threads = parse_threads(flags.threads);
  options.pin = flags.pin != "none";
  check_benchmark_flags(options.benchmark_flags);
  set_openmp(flags);
  return options;
}

}  // namespace softmark::bench
