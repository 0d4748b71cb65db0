// SPDX-License-Identifier: Apache-2.0
#include "bench/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "bench/machine.h"
#include "support/interrupts.h"

namespace softmark::bench {
namespace {

/// Calls of a batch of one whose times are taken singly.
constexpr int kSingleCalls = 2000;

/// Ceilings vary less than kernels.
Replication replication_for(const Series& series, Replication replication) {
  if (series.kernel) return replication;
  replication.min_time /= 3;
  replication.samples = std::min(replication.samples, 3);
  return replication;
}

Replicate replicate_of(const Series& series, const BenchOptions& options, const Replication& all,
                       int cpu) {
  const Replication replication = replication_for(series, all);
  Replicate replicate;
  if (!series.kernel) replicate.ceiling = series.ceiling;
  if (series.kernel)
    replicate.library = series.kernel->library, replicate.index = series.kernel->index;
  replicate.op = series.op;
  replicate.dtype = series.dtype;
  replicate.rows = series.workload.rows;
  replicate.cols = series.workload.cols;
  replicate.threads = series.threads;
  replicate.cpu = series.threads == 1 && options.pin ? cpu : -1;
  if (replicate.cpu >= 0) replicate.siblings = siblings_of(cpu);
  replicate.pool_bytes = series.pool_bytes;
  replicate.in_place = series.in_place;
  replicate.min_time = replication.min_time;
  replicate.samples = replication.samples;
  replicate.most_seconds = replication.most_seconds;
  replicate.flags = options.benchmark_flags;
  replicate.pages = options.pages.value_or(Pages::k2m);
  replicate.tries = replication.tries;
  // Once is enough, and built-ins say what they use.
  replicate.samples_isa = series.kernel && series.kernel->provider != "builtin" &&
                          series.threads == 1 && series.processes.empty();
  if (series.kernel && is_one_short_row(series.workload) && !series.in_place)
    replicate.calls = kSingleCalls;
  return replicate;
}

std::string label(const Series& series) {
  return fmt::format(
      "{} {} {}t", series.workload.name,
      series.kernel ? series.kernel->id : kCeilingNames[static_cast<std::size_t>(series.ceiling)],
      series.threads);
}

/// Process `which` of the series; "interrupted" is a status like any other.
ReplicateResult run_one(const Series& series, Session& session, std::size_t which,
                        std::size_t core) {
  const int cpu = session.cpus.empty() ? -1 : session.cpus[core % session.cpus.size()];
  session.progress.show(label(series));
  const Replicate replicate = replicate_of(series, session.options, session.replication, cpu);
  const int inputs = session.inputs.fd(series.op, series.dtype);
  return run_replicate(
      replicate, inputs, session.replication.timeout,
      session.libraries ? session.libraries->copy(replicate, which, inputs) : ChildProcess());
}

void take(Series& series, ReplicateResult result) {
  if (result.status == "ok") {
    series.processes.push_back(std::move(result));
  } else {
    series.status = result.status;
    series.message = result.message;
  }
}

}  // namespace

double process_seconds(const Series& series, const Replication& all) {
  if (series.kept) return 0;
  const Replication replication = replication_for(series, all);
  constexpr double kStart = 0.02, kFillPerByte = 1e-9, kCopyPerByte = 1e-10, kSlowPerElement = 3e-9;
  const double call = series.kernel
                          ? kSlowPerElement * static_cast<double>(series.workload.elements())
                          : kCopyPerByte * static_cast<double>(series.bytes);
  const double fill = kFillPerByte * static_cast<double>(std::max(series.bytes, series.pool_bytes));
  return kStart + fill + 2 * call +
         (replication.samples + 1) * std::max(1.2 * replication.min_time, call);
}

std::size_t core_of(std::size_t round, std::size_t cpus) {
  // For an even number of cores, shifting by one every turn changes each core's order.
  return cpus == 0 ? 0 : (round + (cpus % 2 == 0 ? round / cpus : 0)) % cpus;
}

bool interleave(std::vector<Series>& series, Session& session,
                std::vector<std::vector<std::size_t>> orders, int done) {
  if (series.empty()) return true;
  if (orders.empty()) {
    orders.resize(2, std::vector<std::size_t>(series.size()));
    std::iota(orders[0].begin(), orders[0].end(), 0);
    std::iota(orders[1].rbegin(), orders[1].rend(), 0);
  }
  for (int round = 0; round < session.replication.processes; ++round) {
    const std::size_t core = core_of(static_cast<std::size_t>(done + round), session.cpus.size());
    for (std::size_t which : orders[static_cast<std::size_t>(round) % orders.size()]) {
      Series& one = series[which];
      if (interrupted()) return false;
      if (one.kept) continue;
      if (one.status == "ok") {
        ReplicateResult result =
            run_one(one, session, static_cast<std::size_t>(done + round), core);
        if (result.status == "interrupted") return false;
        take(one, std::move(result));
      }
      session.progress.step(process_seconds(one, session.replication));
    }
  }
  return true;
}

bool repeat_disturbed(std::vector<Series>& series, Session& session, double& seconds) {
  constexpr std::size_t kPasses = 2;
  const auto start = std::chrono::steady_clock::now();
  const auto spent = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::vector<Series*> kernels_first;
  for (const bool kernels : {true, false})
    for (Series& one : series)
      if (one.kernel.has_value() == kernels && !one.kept && one.status == "ok")
        kernels_first.push_back(&one);
  for (std::size_t pass = 1; pass <= kPasses; ++pass)
    for (Series* const each : kernels_first) {
      Series& one = *each;
      for (std::size_t i = 0; i < one.processes.size() && spent() < seconds; ++i) {
        ReplicateResult& kept = one.processes[i];
        if (!kept.disturbed) continue;
        if (interrupted()) return false;
        const std::size_t core = core_of(i, session.cpus.size()) + pass;
        ReplicateResult again = run_one(one, session, i, core);
        if (again.status == "interrupted") return false;
        one.repeated += pass == 1;
        if (again.status == "ok" && again.lost < kept.lost) kept = std::move(again);
      }
    }
  seconds -= spent();
  return true;
}

}  // namespace softmark::bench
