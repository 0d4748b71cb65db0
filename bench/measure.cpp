// SPDX-License-Identifier: Apache-2.0
#include "bench/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "bench/inputs.h"
#include "bench/load.h"
#include "bench/machine.h"
#include "bench/resume.h"
#include "bench/rounds.h"
#include "bench/warnings.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "support/interrupts.h"
#include "support/progress.h"

namespace softmark::bench {
namespace {

constexpr std::size_t kMostPool = std::size_t{1} << 30;
/// Time for what other work disturbed: some seconds, and a share of the expected time.
constexpr double kLeastToRepeat = 5, kShareToRepeat = 0.2;
constexpr double kOthersBusy = 0.2;
constexpr int kMostLoaded = 8;  // processes that keep a library: libtorch's take 60 MB each

/// Of a short row the latency of a call matters, and no thread can help.
std::vector<int> threads_of(const BenchOptions& options, const Kernel& kernel,
                            const Workload& workload) {
  if (!options.threads.empty()) {
    if (kernel.claims & SOFTMARK_THREADED) return options.threads;
    const bool one = std::count(options.threads.begin(), options.threads.end(), 1) != 0;
    return one ? std::vector<int>{1} : std::vector<int>{};
  }
  const int all = static_cast<int>(allowed_cpus().size());
  if (all > 1 && kernel.claims & SOFTMARK_THREADED && !is_one_short_row(workload)) return {1, all};
  return {1};
}

bool can_run_in_place(const Kernel& kernel) {
  return kernel.claims & SOFTMARK_IN_PLACE && shape_of(kernel.op).output == OpShape::kRow;
}

/// Whether a kernel is timed at a workload. What no named workload is used for was asked for.
bool belongs(const BenchOptions& options, const Kernel& kernel, const Workload& workload) {
  return !uses_decide(options) || !is_used(kernel.op, kernel.dtype) ||
         is_used_for(workload, kernel.op, kernel.dtype);
}

/// The types and thread counts for which multiply-adds are planned already.
using FmaCeilings = std::set<std::pair<softmark_dtype, int>>;

/// Adds the ceilings with the same bytes, threads and cache, once for all kernels that share them;
/// fma once per type in the whole plan.
void add_ceilings(std::vector<Series>& all, const Series& of, FmaCeilings& with_fma) {
  if (of.status != "ok") return;
  const auto add = [&](Ceiling kind) {
    const Series wanted = plan_ceiling(kind, of);
    const bool there = std::any_of(all.begin(), all.end(), [&](const Series& other) {
      return other.ceiling == kind && other.bytes == wanted.bytes &&
             other.threads == wanted.threads && other.cache == wanted.cache &&
             other.dtype == wanted.dtype && other.in_place == wanted.in_place;
    });
    if (!there && wanted.status == "ok") all.push_back(wanted);
  };
  for (Ceiling kind : {Ceiling::kMemcpy, Ceiling::kRead, Ceiling::kNontemporalCopy}) add(kind);
  if (of.in_place) add(Ceiling::kUpdate);
  if (with_fma.emplace(of.dtype, of.threads).second) add(Ceiling::kFma);
}

std::vector<Series> plan_workload(const BenchOptions& options, const std::vector<Kernel>& kernels,
                                  const Workload& workload, FmaCeilings& with_fma) {
  std::vector<Series> ceilings, series;
  for (const Kernel& kernel : kernels) {
    if (!belongs(options, kernel, workload)) continue;
    for (int threads : threads_of(options, kernel, workload))
      for (Cache cache : {Cache::kHot, Cache::kCold}) {
        if (cache == Cache::kHot ? !options.hot : !options.cold) continue;
        if (options.in_place && !can_run_in_place(kernel)) continue;
        series.push_back(plan_series(kernel, workload, threads, cache, options.in_place));
        add_ceilings(ceilings, series.back(), with_fma);
      }
  }
  series.insert(series.begin(), ceilings.begin(), ceilings.end());
  return series;
}

/// Runs the series of one workload after the other, and moves them to `measured`. `estimate`: the
/// seconds expected for all.
void run_plan(std::vector<std::vector<Series>>& plan, const BenchOptions& options,
              const Replication& replication, double estimate, Progress& progress,
              Measured& measured) {
  double seconds_to_repeat = kLeastToRepeat + kShareToRepeat * estimate;
  LoadedLibraries libraries(plan.size() > 1 ? std::min(replication.processes, kMostLoaded) : 0);
  std::map<std::string, int> hangs;
  for (std::vector<Series>& series : plan) {
    for (Series& one : series)
      if (one.kernel && !one.kept && hangs[one.kernel->id] >= 2)
        one.status = "timeout", one.message = "not tried: it hung on two workloads before";
    if (series.empty()) continue;
    // Makes inputs on first use: none where every series is kept.
    InputsCache inputs(series.front().workload, options.seed);
    Session session{options, replication, progress, inputs, timing_cpus(), &libraries};
    measured.complete =
        interleave(series, session) && repeat_disturbed(series, session, seconds_to_repeat);
    for (Series& one : series) {
      if (one.kernel && one.status == "timeout") ++hangs[one.kernel->id];
      if (!one.processes.empty() || one.status != "ok") measured.series.push_back(std::move(one));
    }
    if (!measured.complete) break;
  }
}

}  // namespace

bool names_kernels(const BenchOptions& options) {
  return std::any_of(options.kernels.begin(), options.kernels.end(),
                     [](const std::string& glob) { return glob.find('/') != glob.npos; });
}

bool uses_decide(const BenchOptions& options) {
  return options.uses && options.effort >= Effort::standard && options.ops.empty() &&
         options.dtypes.empty() && !names_kernels(options);
}

std::size_t cold_pool_bytes() {
  return std::min({4 * std::max<std::size_t>(last_level_cache_bytes(), std::size_t{8} << 20),
                   kMostPool, available_memory_bytes() / 4});
}

std::vector<Workload> workloads_of(const BenchOptions& options) {
  const bool own = options.rows != 0 || options.cols != 0;
  if (own + !options.logits.empty() + !options.workloads.empty() > 1)
    throw Error(kUsage, "choose one of --workload, --logits and --rows with --cols");
  if (own) return {own_workload(options.rows, options.cols, options.distribution)};
  if (!options.logits.empty()) return {file_workload(options.logits)};
  return select_workloads(options.effort, options.workloads);
}

Series plan_series(const Kernel& kernel, const Workload& workload, int threads, Cache cache,
                   bool in_place) {
  Series series;
  series.kernel = kernel;
  series.workload = workload;
  series.op = kernel.op;
  series.dtype = kernel.dtype;
  series.threads = threads;
  series.cache = cache;
  series.in_place = in_place;
  series.bytes = layout_of(kernel.op, kernel.dtype, workload.rows, workload.cols).moved();
  if (cache == Cache::kCold) series.pool_bytes = std::max(cold_pool_bytes(), 2 * series.bytes);
  if (std::max(series.pool_bytes, series.bytes) > available_memory_bytes() / 2) {
    series.status = "unsupported";
    series.message = fmt::format("needs {} MiB of buffers, more than half of the memory available",
                                 series.bytes >> 20);
  }
  return series;
}

Series plan_ceiling(Ceiling ceiling, const Series& of) {
  Series series = of;
  series.kernel.reset();
  series.ceiling = ceiling;
  series.in_place = ceiling == Ceiling::kUpdate;
  const bool bytes_matter = ceiling != Ceiling::kFma && ceiling != Ceiling::kNothing;
  if (!bytes_matter) series.bytes = series.pool_bytes = 0, series.cache = Cache::kHot;
  if (ceiling == Ceiling::kFma && fma_count(of.dtype, of.threads) == 0)
    series.status = "unsupported", series.message = "this CPU multiplies and adds in two steps";
#if !defined(__x86_64__)
  if (ceiling == Ceiling::kNontemporalCopy)
    series.status = "unsupported",
    series.message = "stores around the cache are known for x86-64 only";
#endif
  return series;
}

std::vector<std::vector<double>> Series::samples() const {
  std::vector<std::vector<double>> all;
  for (const ReplicateResult& process : processes) all.push_back(process.nanoseconds);
  return all;
}

std::size_t Series::disturbed() const {
  return static_cast<std::size_t>(std::count_if(processes.begin(), processes.end(),
                                                [](const auto& one) { return one.disturbed; }));
}

bool Series::pinned() const {
  return std::all_of(processes.begin(), processes.end(),
                     [](const ReplicateResult& process) { return process.pinned; });
}

double Series::elements() const {
  if (kernel || (ceiling != Ceiling::kFma && ceiling != Ceiling::kNothing))
    return static_cast<double>(workload.elements());
  return ceiling == Ceiling::kFma ? static_cast<double>(fma_count(dtype, threads)) : 1;
}

Replication replication_of(const BenchOptions& options) {
  static constexpr Replication kByEffort[] = {
      {6, 2, 0.01, 30, 0, 3}, {6, 3, 0.01, 60, 0, 3}, {20, 7, 0.1, 120, 0, 3}};
  Replication replication = kByEffort[static_cast<std::size_t>(options.effort)];
  if (options.processes > 0) replication.processes = options.processes;
  if (options.min_time > 0) replication.min_time = options.min_time;
  replication.timeout += 20 * replication.tries * replication.min_time * replication.samples;
  return replication;
}

double estimated_seconds(const BenchOptions& options, const std::vector<Kernel>& kernels) {
  const Replication replication = replication_of(options);
  double estimate = 0;
  FmaCeilings with_fma;
  for (const Workload& workload : workloads_of(options))
    for (const Series& series : plan_workload(options, kernels, workload, with_fma))
      estimate += replication.processes * process_seconds(series, replication);
  return estimate;
}

Measured measure(const BenchOptions& options, const std::vector<Kernel>& kernels) {
  if (options.in_place && options.cold)
    throw Error(kUsage,
                "--in-place restores its input just before each call, which warms it: no --cache "
                "cold with it");
  const Replication replication = replication_of(options);
  std::vector<std::vector<Series>> plan;
  double estimate = 0;
  std::optional<Earlier> earlier;
  if (!options.resume.empty()) earlier.emplace(options);
  FmaCeilings with_fma;
  for (const Workload& workload : workloads_of(options)) {
    for (const Kernel& kernel : kernels)
      if (workload.logits)
        check_range(*workload.logits, workload.cols, kernel.dtype, options.logits);
    plan.push_back(plan_workload(options, kernels, workload, with_fma));
    if (earlier) earlier->keep(plan.back());
    for (const Series& series : plan.back())
      estimate += replication.processes * process_seconds(series, replication);
  }
  watch_interrupts();
  Progress progress("bench", estimate, estimate);
  Measured measured;
  measured.warnings = warnings_before(machine_section());
  const OtherWork others;
  run_plan(plan, options, replication, estimate, progress, measured);
  if (!measured.complete)
    measured.warnings.push_back("interrupted: what was not measured is missing");
  if (const double busy = others.cpus(); busy > kOthersBusy)
    measured.warnings.push_back(fmt::format(
        "other work kept {:.1f} of {} CPUs busy during the timing; measure again when it has ended",
        busy, allowed_cpus().size()));
  for (std::string& warning : warnings_of(options, measured.series))
    measured.warnings.push_back(std::move(warning));
  return measured;
}

}  // namespace softmark::bench
