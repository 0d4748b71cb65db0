// SPDX-License-Identifier: Apache-2.0
// The measuring child. It prepares everything, times one kernel by Google Benchmark, replies and
// ends.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>

#include "bench/ceilings.h"
#include "bench/cycles.h"
#include "bench/inputs.h"
#include "bench/process.h"
#include "bench/statistics.h"
#include "kernels/names.h"
#include "kernels/registry.h"

namespace softmark::bench {
namespace {

constexpr int kInputs = 4;  // the descriptor

std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// A load waits for an earlier store whose address has the same low twelve bits, whatever the page
/// size is.
constexpr std::size_t kAliasing = 4096;

/// Where one set's arrays start. Long arrays start a quarter of kAliasing apart in phase, so that
/// loads of x never wait for stores to y; short ones are packed line by line.
struct Places {
  std::size_t g, labels, y, bytes;
};
Places places_of(const Layout& layout) {
  const auto after = [&](std::size_t end, std::size_t phase) {
    if (layout.moved() < 16 * kAliasing) return aligned(end);
    return (end + kAliasing - 1) / kAliasing * kAliasing + phase;
  };
  Places places{};
  places.g = after(layout.x_bytes, kAliasing / 4);
  places.labels = after(places.g + layout.g_bytes, kAliasing * 3 / 4);
  places.y = after(places.labels + layout.labels_bytes, kAliasing / 2);
  places.bytes = after(places.y + layout.y_bytes, 0);
  return places;
}

/// One set of buffers, or many to rotate over, so that each call finds its own set cold.
class Buffers {
 public:
  Buffers(const softmark_args& first, std::size_t count, std::size_t spacing)
      : first_(first), at_(first), count_(count), spacing_(spacing) {
    // Successive sets are far apart, or the prefetcher would load the next one.
    for (step_ = std::max<std::size_t>(1, count * 618 / 1000); std::gcd(step_, count_) != 1;)
      --step_;
  }
  const softmark_args& first() const { return first_; }
  const softmark_args& rotate() {
    if (count_ == 1) return first_;
    next_ += step_;
    if (next_ >= count_) next_ -= count_;
    at_.x = static_cast<const std::byte*>(first_.x) + next_ * spacing_;
    at_.y = static_cast<std::byte*>(first_.y) + next_ * spacing_;
    if (first_.g) at_.g = static_cast<const std::byte*>(first_.g) + next_ * spacing_;
    if (first_.labels)
      at_.labels = reinterpret_cast<const std::int64_t*>(
          reinterpret_cast<const std::byte*>(first_.labels) + next_ * spacing_);
    return at_;
  }

 private:
  softmark_args first_, at_;
  std::size_t count_, spacing_, step_ = 1, next_ = 0;
};

Layout layout_for(const Replicate& replicate) {
  const Layout layout = layout_of(replicate.op, replicate.dtype, replicate.rows, replicate.cols);
  if (!replicate.ceiling) return layout;
  const std::size_t moved = std::max<std::size_t>(layout.moved(), 2),
                    lines = 64 * static_cast<std::size_t>(replicate.threads);
  if (*replicate.ceiling == Ceiling::kRead) return {moved, 0, 0, lines, 0, 0, 0};
  if (*replicate.ceiling == Ceiling::kMemcpy || *replicate.ceiling == Ceiling::kNontemporalCopy)
    return {moved / 2, 0, 0, moved / 2, 0, 0, 0};  // read once, written once
  return {lines, 0, 0, lines, 0, 0, 0};
}

softmark_args first_set(const Replicate& replicate, const Layout& layout, const Places& places,
                        std::byte* memory) {
  std::byte* y = replicate.in_place ? memory : memory + places.y;
  if (replicate.ceiling)
    return {1, layout.x_bytes, memory, nullptr,        nullptr,
            y, layout.x_bytes, 0,      layout.y_bytes, replicate.threads};
  const OpShape shape = shape_of(replicate.op);
  const std::byte* g = layout.g_bytes ? memory + places.g : nullptr;
  const std::byte* labels = layout.labels_bytes ? memory + places.labels : nullptr;
  return {replicate.rows,
          replicate.cols,
          memory,
          g,
          reinterpret_cast<const std::int64_t*>(labels),
          y,
          replicate.cols,
          shape.takes_g ? replicate.cols : 1,
          outputs_of(replicate.op, replicate.cols),
          replicate.threads};
}

/// Maps and touches every page, and fills the inputs of every set. The memory is kept until the
/// process ends.
Buffers prepare(const Replicate& replicate, const std::byte* inputs) {
  const Layout layout = layout_for(replicate);
  const Places places = places_of(layout);
  const std::size_t spacing = aligned(std::max<std::size_t>(places.bytes, 1));
  const std::size_t count =
      replicate.pool_bytes ? std::max<std::size_t>(2, replicate.pool_bytes / spacing) : 1;
  void* pages =
      mmap(nullptr, count * spacing, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED)
    throw Error(kNotMeasurable,
                fmt::format("no {} MiB of memory for the buffers", count * spacing >> 20));
  std::memset(pages, 0xff, count * spacing);
  auto* memory = static_cast<std::byte*>(pages);
  for (std::size_t set = 0; inputs && set < count; ++set, memory += spacing) {
    std::memcpy(memory, inputs, layout.x_bytes);
    if (layout.g_bytes) std::memcpy(memory + places.g, inputs + layout.g_offset, layout.g_bytes);
    if (layout.labels_bytes)
      std::memcpy(memory + places.labels, inputs + layout.labels_offset, layout.labels_bytes);
  }
  return {first_set(replicate, layout, places, static_cast<std::byte*>(pages)), count, spacing};
}

bool pin(int cpu) {
  if (cpu < 0) return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

/// Stores each repetition's time per call; prints nothing.
class Samples : public benchmark::BenchmarkReporter {
 public:
  std::vector<double> nanoseconds;
  std::vector<double> seconds;  // of each repetition
  std::string error;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) error = run.error_message;
      if (run.error_occurred || run.run_type != Run::RT_Iteration) continue;
      seconds.push_back(run.real_accumulated_time);
      nanoseconds.push_back(1e9 * run.real_accumulated_time / static_cast<double>(run.iterations));
    }
  }
};

/// The timed loop: the kernel's own entry through its pointer, and a compiler barrier.
void time_calls(benchmark::State& state, softmark_fn run, Buffers& buffers) {
  int refused = 0;
  for (auto _ : state) {
    refused |= run(&buffers.rotate());
    benchmark::ClobberMemory();
  }
  if (refused) state.SkipWithError("refused these args after accepting them once");
}

/// In place: the input is restored before each call, outside the timed region, or later calls would
/// compute a softmax of a softmax. Two readings of the clock (about 50 ns) are included.
void time_in_place(benchmark::State& state, softmark_fn run, const softmark_args& args,
                   const std::byte* inputs, std::size_t bytes) {
  int refused = 0;
  for (auto _ : state) {
    std::memcpy(args.y, inputs, bytes);
    benchmark::ClobberMemory();
    const auto start = std::chrono::steady_clock::now();
    refused |= run(&args);
    benchmark::ClobberMemory();
    state.SetIterationTime(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  if (refused) state.SkipWithError("refused these args after accepting them once");
}

/// The requested number of samples, or fewer where calls are so long that they would exceed the
/// time limit.
int affordable_samples(const Replicate& replicate, double call_seconds) {
  constexpr int kFewest = 5;
  if (replicate.most_seconds <= 0 || replicate.samples <= kFewest) return replicate.samples;
  const double affordable = replicate.most_seconds / std::max(call_seconds, replicate.min_time);
  return static_cast<int>(std::clamp<double>(affordable, kFewest, replicate.samples));
}

Samples run_benchmark(const Replicate& replicate, int wanted, softmark_fn run, Buffers& buffers,
                      const std::byte* inputs) {
  std::vector<std::string> flags = {"softmark",
                                    fmt::format("--benchmark_min_time={}", replicate.min_time),
                                    fmt::format("--benchmark_repetitions={}", wanted)};
  flags.insert(flags.end(), replicate.flags.begin(), replicate.flags.end());
  std::vector<char*> argv;
  for (std::string& flag : flags) argv.push_back(flag.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  const std::size_t x_bytes = layout_for(replicate).x_bytes;
  auto* benchmark = benchmark::RegisterBenchmark("replicate", [&](benchmark::State& state) {
    if (replicate.in_place)
      time_in_place(state, run, buffers.first(), inputs, x_bytes);
    else
      time_calls(state, run, buffers);
  });
  if (replicate.in_place)
    benchmark->UseManualTime();
  else
    benchmark->UseRealTime();
  // Other work on the core while Google Benchmark chose the number of calls makes that number too
  // small: choose again.
  for (int tries = 3;; --tries) {
    Samples samples;
    benchmark::RunSpecifiedBenchmarks(&samples);
    if (tries == 0 || !replicate.flags.empty() || !samples.error.empty() ||
        median(samples.seconds) > 0.4 * replicate.min_time)
      return samples;
  }
}

ReplicateResult measure_here(const Replicate& replicate) {
  ReplicateResult result;
  result.pinned = replicate.threads == 1 && pin(replicate.cpu);
  const softmark_fn run = replicate.ceiling
                              ? ceiling_function(*replicate.ceiling, replicate.dtype)
                              : resolve_kernel(replicate.library, replicate.index).run;
  const std::byte* inputs = nullptr;
  const std::size_t file_bytes = layout_for(replicate).file_bytes;
  if (!replicate.ceiling && file_bytes) {
    void* file = mmap(nullptr, file_bytes, PROT_READ, MAP_PRIVATE, kInputs, 0);
    if (file == MAP_FAILED) throw Error(kNotMeasurable, "cannot read the inputs");
    inputs = static_cast<const std::byte*>(file);
  }
  close(kInputs);
  Buffers buffers = prepare(replicate, inputs);
  if (const int refusal = run(&buffers.first()); refusal != 0) {
    result.status = "unsupported";
    result.message = fmt::format("returned {}", refusal);
    return result;
  }
  const auto before = std::chrono::steady_clock::now();
  run(&buffers.first());
  const std::chrono::duration<double> call = std::chrono::steady_clock::now() - before;
  const Cycles cycles;
  const Samples samples =
      run_benchmark(replicate, affordable_samples(replicate, call.count()), run, buffers, inputs);
  result.clock = cycles.kind();
  result.cycles_per_nanosecond = cycles.per_nanosecond();
  result.nanoseconds = samples.nanoseconds;
  result.message = !samples.error.empty()        ? samples.error
                   : samples.nanoseconds.empty() ? "Google Benchmark ran nothing"
                                                 : "";
  result.status = result.message.empty() ? "ok" : "error";
  return result;
}

}  // namespace
}  // namespace softmark::bench

int softmark::bench::replicate_main(Channel& parent) {
  std::string request;
  if (!parent.receive(request)) return kNotMeasurable;
  ReplicateResult result;
  try {
    result = measure_here(json_of_message<nlohmann::json>(request).get<Replicate>());
  } catch (const std::exception& error) {
    result.message = error.what();
  }
  const bool sent = parent.send(json_message(nlohmann::json(result)));
  // Threads of a kernel's library may still run: exit without running destructors.
  _exit(sent ? 0 : kNotMeasurable);
}
