// SPDX-License-Identifier: Apache-2.0
#include "bench/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "bench/inputs.h"
#include "bench/machine.h"
#include "bench/resume.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "support/interrupts.h"
#include "support/progress.h"

namespace softmark::bench {
namespace {

constexpr std::size_t kMostPool = std::size_t{1} << 30;

/// Four times the last-level cache, so that a buffer is evicted before it is used again; less where
/// memory is short.
std::size_t cold_pool_bytes() {
  return std::min({4 * std::max<std::size_t>(last_level_cache_bytes(), std::size_t{8} << 20),
                   kMostPool, available_memory_bytes() / 4});
}

std::vector<int> threads_of(const BenchOptions& options, const Kernel& kernel) {
  if (!options.threads.empty()) {
    if (kernel.claims & SOFTMARK_THREADED) return options.threads;
    const bool one = std::count(options.threads.begin(), options.threads.end(), 1) != 0;
    return one ? std::vector<int>{1} : std::vector<int>{};
  }
  const int all = static_cast<int>(allowed_cpus().size());
  if (all > 1 && kernel.claims & SOFTMARK_THREADED) return {1, all};
  return {1};
}

bool can_run_in_place(const Kernel& kernel) {
  return kernel.claims & SOFTMARK_IN_PLACE && shape_of(kernel.op).output == OpShape::kRow;
}

/// Adds the ceilings with the same bytes, threads and cache, once for all kernels that share them;
/// fma once per type.
void add_ceilings(std::vector<Series>& all, const Series& of, bool with_fma) {
  if (of.status != "ok") return;
  const auto add = [&](Ceiling kind) {
    const Series wanted = plan_ceiling(kind, of);
    const bool there = std::any_of(all.begin(), all.end(), [&](const Series& other) {
      return other.ceiling == kind && other.bytes == wanted.bytes &&
             other.threads == wanted.threads && other.cache == wanted.cache &&
             other.dtype == wanted.dtype;
    });
    if (!there && wanted.status == "ok") all.push_back(wanted);
  };
  for (Ceiling kind : {Ceiling::kMemcpy, Ceiling::kRead, Ceiling::kNontemporalCopy}) add(kind);
  if (with_fma) add(Ceiling::kFma);
}

std::vector<Series> plan_workload(const BenchOptions& options, const std::vector<Kernel>& kernels,
                                  const Workload& workload, bool with_fma) {
  std::vector<Series> ceilings, series;
  for (const Kernel& kernel : kernels)
    for (int threads : threads_of(options, kernel))
      for (Cache cache : {Cache::kHot, Cache::kCold}) {
        if (cache == Cache::kHot ? !options.hot : !options.cold) continue;
        if (options.in_place && !can_run_in_place(kernel)) continue;
        series.push_back(plan_series(kernel, workload, threads, cache, options.in_place));
        add_ceilings(ceilings, series.back(), with_fma);
      }
  series.insert(series.begin(), ceilings.begin(), ceilings.end());
  return series;
}

Replicate trial_of(const Series& series, const BenchOptions& options,
                   const Replication& replication, int cpu) {
  Replicate replicate;
  if (!series.kernel) replicate.ceiling = series.ceiling;
  if (series.kernel)
    replicate.library = series.kernel->library, replicate.index = series.kernel->index;
  replicate.op = series.op;
  replicate.dtype = series.dtype;
  replicate.rows = series.workload.rows;
  replicate.cols = series.workload.cols;
  replicate.threads = series.threads;
  replicate.cpu = series.threads == 1 ? cpu : -1;
  replicate.pool_bytes = series.pool_bytes;
  replicate.in_place = series.in_place;
  replicate.min_time = replication.min_time;
  replicate.samples = replication.samples;
  if (!series.kernel)
    replicate.min_time /= 3,
        replicate.samples = std::min(replicate.samples, 3);  // ceilings are steadier than kernels
  replicate.most_seconds = replication.most_seconds;
  replicate.flags = options.benchmark_flags;
  return replicate;
}

/// The expected seconds of one process of this series: start, filling the buffers, calibration and
/// samples.
double process_seconds(const Series& series, Replication replication) {
  if (series.kept) return 0;
  if (!series.kernel)
    replication.min_time /= 3, replication.samples = std::min(replication.samples, 3);
  constexpr double kStart = 0.02, kFillPerByte = 1e-9, kCopyPerByte = 1e-10, kSlowPerElement = 3e-9;
  const double call = series.kernel
                          ? kSlowPerElement * static_cast<double>(series.workload.elements())
                          : kCopyPerByte * static_cast<double>(series.bytes);
  const double fill = kFillPerByte * static_cast<double>(std::max(series.bytes, series.pool_bytes));
  return kStart + fill + 2 * call +
         (replication.samples + 1) * std::max(1.2 * replication.min_time, call);
}

std::string label(const Series& series) {
  return fmt::format(
      "{} {} {}t", series.workload.name,
      series.kernel ? series.kernel->id : kCeilingNames[static_cast<std::size_t>(series.ceiling)],
      series.threads);
}

void take(Series& series, ReplicateResult result) {
  series.pinned = series.pinned && result.pinned;
  if (result.status == "ok") {
    series.samples.push_back(std::move(result.nanoseconds));
    series.cycles_per_nanosecond.push_back(result.cycles_per_nanosecond);
    series.clock = result.clock;
  } else {
    series.status = result.status;
    series.message = result.message;
  }
}

void warn_about(const BenchOptions& options, const std::vector<Series>& series,
                std::vector<std::string>& warnings) {
  const std::size_t llc = last_level_cache_bytes(), pool = cold_pool_bytes();
  if (options.cold && pool < 4 * llc)
    warnings.push_back(fmt::format(
        "cold cache: the pool of {} MiB is {:.1f} times the last-level cache of {} MiB (4 times is "
        "wanted); part of it may still be cached",
        pool >> 20, static_cast<double>(pool) / static_cast<double>(llc), llc >> 20));
  for (Ceiling kind : {Ceiling::kNontemporalCopy, Ceiling::kFma})
    if (const Series wanted = plan_ceiling(kind, Series()); wanted.status != "ok")
      warnings.push_back(fmt::format(
          "no {} ceiling: {}", kCeilingNames[static_cast<std::size_t>(kind)], wanted.message));
  if (std::any_of(series.begin(), series.end(),
                  [](const Series& s) { return s.threads == 1 && s.status == "ok" && !s.pinned; }))
    warnings.push_back(
        "single threads could not be pinned to a core; they may have moved between cores");
}

}  // namespace

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
  series.in_place = false;
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

double Series::elements() const {
  if (kernel || (ceiling != Ceiling::kFma && ceiling != Ceiling::kNothing))
    return static_cast<double>(workload.elements());
  return ceiling == Ceiling::kFma ? static_cast<double>(fma_count(dtype, threads)) : 1;
}

Replication replication_of(const BenchOptions& options) {
  static constexpr Replication kByEffort[] = {
      {6, 2, 0.01, 30}, {6, 3, 0.01, 60}, {20, 7, 0.1, 120}};
  Replication replication = kByEffort[static_cast<std::size_t>(options.effort)];
  if (options.processes > 0) replication.processes = options.processes;
  if (options.min_time > 0) replication.min_time = options.min_time;
  replication.timeout += 20 * replication.min_time * replication.samples;
  return replication;
}

bool interleave(std::vector<Series>& series, const BenchOptions& options,
                const Replication& replication, Progress& progress, InputsCache& inputs,
                std::vector<std::vector<std::size_t>> orders, int done) {
  if (series.empty()) return true;
  if (orders.empty()) {
    orders.resize(2, std::vector<std::size_t>(series.size()));
    std::iota(orders[0].begin(), orders[0].end(), 0);
    std::iota(orders[1].rbegin(), orders[1].rend(), 0);
  }
  const std::vector<int> cpus = allowed_cpus();
  for (int round = 0; round < replication.processes; ++round) {
    // The core changes every second round only, so that each core runs both orders.
    const int cpu =
        cpus.empty() ? -1 : cpus[static_cast<std::size_t>((done + round) / 2) % cpus.size()];
    for (std::size_t which : orders[static_cast<std::size_t>(round) % orders.size()]) {
      Series& one = series[which];
      if (interrupted()) return false;
      if (one.kept) continue;
      if (one.status == "ok") {
        progress.show(label(one));
        ReplicateResult result = run_replicate(trial_of(one, options, replication, cpu),
                                               inputs.fd(one.op, one.dtype), replication.timeout);
        if (result.status == "interrupted") return false;
        take(one, std::move(result));
      }
      progress.step(process_seconds(one, replication));
    }
  }
  return true;
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
  for (const Workload& workload : workloads_of(options)) {
    for (const Kernel& kernel : kernels)
      if (workload.logits)
        check_range(*workload.logits, workload.cols, kernel.dtype, options.logits);
    plan.push_back(plan_workload(options, kernels, workload, plan.empty()));
    if (earlier) earlier->keep(plan.back());
    for (const Series& series : plan.back())
      estimate += replication.processes * process_seconds(series, replication);
  }
  watch_interrupts();
  Progress progress("bench", estimate, estimate);
  Measured measured;
  std::map<std::string, int> hangs;
  for (std::vector<Series>& series : plan) {
    for (Series& one : series)
      if (one.kernel && !one.kept && hangs[one.kernel->id] >= 2)
        one.status = "timeout", one.message = "not tried: it hung on two workloads before";
    if (series.empty()) continue;
    // Makes inputs on first use: none where every series is kept.
    InputsCache inputs(series.front().workload, options.seed);
    measured.complete = interleave(series, options, replication, progress, inputs);
    for (Series& one : series) {
      if (one.kernel && one.status == "timeout") ++hangs[one.kernel->id];
      if (!one.samples.empty() || one.status != "ok") measured.series.push_back(std::move(one));
    }
    if (!measured.complete) break;
  }
  if (!measured.complete)
    measured.warnings.push_back("interrupted: what was not measured is missing");
  warn_about(options, measured.series, measured.warnings);
  return measured;
}

}  // namespace softmark::bench
