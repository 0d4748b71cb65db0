// SPDX-License-Identifier: Apache-2.0
#include "bench/sampling.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "bench/statistics.h"

namespace softmark::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// Of a run that called SkipWithError, else empty. Google Benchmark 1.8 renamed the members.
template <class Run>
std::string error_of(const Run& run) {
  if constexpr (requires { run.skip_message; })
    return run.skipped ? run.skip_message : "";
  else
    return run.error_occurred ? run.error_message : "";
}

/// Stores each repetition's time per call; prints nothing.
class Reporter : public benchmark::BenchmarkReporter {
 public:
  std::vector<double> nanoseconds;
  std::vector<double> seconds;  // of each repetition
  std::string error;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const std::string failure = error_of(run);
      if (!failure.empty()) error = failure;
      if (!failure.empty() || run.run_type != Run::RT_Iteration) continue;
      seconds.push_back(run.real_accumulated_time);
      nanoseconds.push_back(1e9 * run.real_accumulated_time / static_cast<double>(run.iterations));
    }
  }
};

/// The timed loop: the kernel's own entry through its pointer, and a compiler barrier.
void time_calls(benchmark::State& state, const Timed& timed) {
  int refused = 0;
  for (auto _ : state) {
    refused |= timed.run(&timed.buffers.rotate());
    benchmark::ClobberMemory();
  }
  if (refused) state.SkipWithError("refused these args after accepting them once");
}

/// In place: the input is restored before each call, outside the timed region, or later calls would
/// compute a softmax of a softmax. Two readings of the clock (about 50 ns) are included.
void time_in_place(benchmark::State& state, const Timed& timed) {
  const softmark_args& args = timed.buffers.first();
  const std::size_t bytes = layout_for(timed.replicate).x_bytes;
  int refused = 0;
  for (auto _ : state) {
    std::memcpy(args.y, timed.inputs, bytes);
    benchmark::ClobberMemory();
    const auto start = Clock::now();
    refused |= timed.run(&args);
    benchmark::ClobberMemory();
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - start).count());
  }
  if (refused) state.SkipWithError("refused these args after accepting them once");
}

/// A kernel in another process: what that process says it took.
void time_inside(benchmark::State& state, const Timed& timed) {
  int refused = 0;
  for (auto _ : state) {
    const double before = timed.inside().spent;
    refused |= timed.run(&timed.buffers.rotate());
    benchmark::ClobberMemory();
    state.SetIterationTime(1e-9 * (timed.inside().spent - before));
  }
  if (refused) state.SkipWithError("refused these args after accepting them once");
}

/// Google Benchmark, set up once, and what its loops lost to other work, in their order.
class Loops {
 public:
  Loops(const Timed& timed, int wanted) : timed_(timed) {
    std::vector<std::string> flags = {
        "softmark", fmt::format("--benchmark_min_time={}", timed.replicate.min_time),
        fmt::format("--benchmark_repetitions={}", wanted)};
    flags.insert(flags.end(), timed.replicate.flags.begin(), timed.replicate.flags.end());
    std::vector<char*> argv;
    for (std::string& flag : flags) argv.push_back(flag.data());
    int argc = static_cast<int>(argv.size());
    benchmark::Initialize(&argc, argv.data());
    auto* loop =
        benchmark::RegisterBenchmark("replicate", [this](benchmark::State& state) { run(state); });
    // What runs in place must be restored outside the clock; a ceiling need not.
    restores_ = timed.replicate.in_place && !timed.replicate.ceiling;
    restores_ || timed.inside ? loop->UseManualTime() : loop->UseRealTime();
  }

  /// Other work on the core while Google Benchmark chose the number of calls makes that number too
  /// small: then it chooses again.
  Samples take() {
    for (int tries = 3;; --tries) {
      lost_.clear();
      Reporter reporter;
      benchmark::RunSpecifiedBenchmarks(&reporter);
      const bool last = tries == 0 || !timed_.replicate.flags.empty() || !reporter.error.empty();
      if (last || median(reporter.seconds) > 0.4 * timed_.replicate.min_time)
        return paired(reporter);
    }
  }

 private:
  void run(benchmark::State& state) {
    const Reading before = timed_.meter.now();
    timed_.counters.start();
    if (timed_.inside)
      time_inside(state, timed_);
    else
      restores_ ? time_in_place(state, timed_) : time_calls(state, timed_);
    timed_.counters.stop(static_cast<double>(state.iterations()));
    const Reading after = timed_.meter.now();
    if (timed_.inside && state.iterations() > 0)
      outside_ = (after.real - before.real - (after.inside - before.inside)) /
                 static_cast<double>(state.iterations());
    lost_.push_back(timed_.meter.lost(before, after));
  }

  /// The loops that chose the number of calls came first, and the samples were the last ones.
  Samples paired(const Reporter& reporter) const {
    Samples taken{{}, reporter.error, outside_};
    const std::size_t count = reporter.nanoseconds.size();
    for (std::size_t i = 0; i < count; ++i)
      taken.samples.push_back({reporter.nanoseconds[i], lost_.at(lost_.size() - count + i)});
    return taken;
  }

  const Timed& timed_;
  bool restores_ = false;
  double outside_ = 0;
  std::vector<double> lost_;
};

}  // namespace

Samples take_samples(const Timed& timed, int wanted) {
  constexpr std::chrono::milliseconds kPause{5};
  Loops loops(timed, wanted);
  Samples all = loops.take();
  const std::size_t count = all.samples.size();
  for (int tries = 1; tries < timed.replicate.tries && all.error.empty(); ++tries) {
    if (!is_disturbed(quietest(all.samples, count))) break;
    std::this_thread::sleep_for(kPause);
    Samples more = loops.take();
    all.error = more.error;
    all.outside = more.outside;
    all.samples.insert(all.samples.end(), more.samples.begin(), more.samples.end());
  }
  all.samples = quietest(all.samples, count);
  return all;
}

std::vector<double> call_percentiles(const Timed& timed, int calls) {
  const auto nanoseconds_of = [](Clock::time_point start, Clock::time_point end) {
    return static_cast<double>(std::chrono::nanoseconds(end - start).count());
  };
  std::vector<double> clock, single;
  clock.reserve(static_cast<std::size_t>(calls)), single.reserve(static_cast<std::size_t>(calls));
  for (int call = 0; call < calls; ++call) {
    const auto start = Clock::now();
    benchmark::ClobberMemory();
    const auto between = Clock::now();
    timed.run(&timed.buffers.rotate());
    benchmark::ClobberMemory();
    const auto end = Clock::now();
    clock.push_back(nanoseconds_of(start, between));
    single.push_back(nanoseconds_of(between, end));
  }
  if (single.empty()) return {};
  const double cost = median(clock);
  std::sort(single.begin(), single.end());
  const auto at = [&](double share) {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(single.size() - 1));
    return std::max(single[rank] - cost, 0.1);  // the schema's times are above 0
  };
  return {at(0.5), at(0.99)};
}

}  // namespace softmark::bench
