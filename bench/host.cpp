// SPDX-License-Identifier: Apache-2.0
// The measuring child. It prepares everything, times one kernel by Google Benchmark, answers one line of JSON and ends.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>

#include "bench/copy.h"
#include "bench/inputs.h"
#include "bench/trial.h"
#include "kernels/names.h"
#include "kernels/registry.h"

namespace softmark {
namespace {

constexpr int kRequest = 3, kAnswer = 4, kInputs = 5;

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

/// Anonymous pages, all touched. Handed out in pieces that start on a cache line; the output starts half a page away from
/// the input's phase, so that loads of x never wait for stores to y that share their low twelve bits.
class Memory {
 public:
  explicit Memory(std::size_t bytes) : bytes_(bytes) {
    void* pages = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw Error(kNotMeasurable, fmt::format("no {} MiB of memory for the buffers", bytes >> 20));
    next_ = static_cast<std::byte*>(pages);
    std::memset(next_, 0xff, bytes_);
  }
  std::byte* take(std::size_t bytes, std::size_t phase) {
    const std::size_t start = (reinterpret_cast<std::uintptr_t>(next_) + 4095) / 4096 * 4096 + phase;
    next_ = reinterpret_cast<std::byte*>(start + bytes);
    return reinterpret_cast<std::byte*>(start);
  }
  static std::size_t needed(const Layout& layout) {
    return layout.x_bytes + layout.g_bytes + layout.labels_bytes + layout.y_bytes + 6 * 4096;
  }

 private:
  std::size_t bytes_;
  std::byte* next_;
};

/// One set of buffers, or many to rotate over so that each call finds its own cold.
struct Buffers {
  std::vector<softmark_args> sets;
  std::size_t next = 0;
  const softmark_args& rotate() {
    const softmark_args& args = sets[next];
    next = next + 1 == sets.size() ? 0 : next + 1;
    return args;
  }
};

Layout layout_for(const Trial& trial) {
  Layout layout = layout_of(trial.op, trial.dtype, trial.rows, trial.cols);
  if (!trial.copy) return layout;
  const std::size_t half = std::max<std::size_t>(layout.moved() / 2, 1);  // read once, written once
  return {half, 0, 0, half, 0, 0, 0};
}

softmark_args place(const Trial& trial, const Layout& layout, const std::byte* inputs, Memory& memory) {
  std::byte* x = memory.take(layout.x_bytes, 0);
  std::byte* g = layout.g_bytes ? memory.take(layout.g_bytes, 1024) : nullptr;
  std::byte* labels = layout.labels_bytes ? memory.take(layout.labels_bytes, 3072) : nullptr;
  std::byte* y = trial.in_place ? x : memory.take(layout.y_bytes, 2048);
  if (trial.copy) return {1, layout.x_bytes, x, nullptr, nullptr, y, layout.x_bytes, 0, layout.x_bytes, trial.threads};
  std::memcpy(x, inputs, layout.x_bytes);
  if (g) std::memcpy(g, inputs + layout.g_offset, layout.g_bytes);
  if (labels) std::memcpy(labels, inputs + layout.labels_offset, layout.labels_bytes);
  const OpShape shape = shape_of(trial.op);
  return {trial.rows, trial.cols, x, g, reinterpret_cast<const std::int64_t*>(labels), y, trial.cols,
          shape.takes_g ? trial.cols : 1, outputs_of(trial.op, trial.cols), trial.threads};
}

Buffers prepare(const Trial& trial, const std::byte* inputs) {
  const Layout layout = layout_for(trial);
  const std::size_t count = std::max<std::size_t>(trial.pool_bytes ? 2 : 1, trial.pool_bytes / std::max<std::size_t>(layout.moved(), 1));
  Memory memory(count * Memory::needed(layout));  // lives until the process ends
  Buffers buffers;
  for (std::size_t i = 0; i < count; ++i) buffers.sets.push_back(place(trial, layout, inputs, memory));
  return buffers;
}

bool pin(int cpu) {
  if (cpu < 0) return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

/// Keeps each repetition's time a call; prints nothing.
class Samples : public benchmark::BenchmarkReporter {
 public:
  std::vector<double> nanoseconds;
  std::string error;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) error = run.error_message;
      if (run.error_occurred || run.run_type != Run::RT_Iteration) continue;
      nanoseconds.push_back(1e9 * run.real_accumulated_time / static_cast<double>(run.iterations));
    }
  }
};

/// The loop under the clock: the kernel's own entry through its pointer, and a barrier for the compiler.
void time_calls(benchmark::State& state, softmark_fn run, Buffers& buffers) {
  int refused = 0;
  for (auto _ : state) {
    refused |= run(&buffers.rotate());
    benchmark::ClobberMemory();
  }
  if (refused) state.SkipWithError("refused these args after accepting them once");
}

/// In place: the input is put back before each call, outside the clock, or later calls would see a softmax of a softmax.
/// Two readings of the clock (about 50 ns) are inside.
void time_in_place(benchmark::State& state, softmark_fn run, const softmark_args& args, const std::byte* inputs, std::size_t bytes) {
  int refused = 0;
  for (auto _ : state) {
    std::memcpy(args.y, inputs, bytes);
    benchmark::ClobberMemory();
    const auto start = std::chrono::steady_clock::now();
    refused |= run(&args);
    benchmark::ClobberMemory();
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  if (refused) state.SkipWithError("refused these args after accepting them once");
}

Samples run_benchmark(const Trial& trial, softmark_fn run, Buffers& buffers, const std::byte* inputs) {
  std::vector<std::string> flags = {"softmark", fmt::format("--benchmark_min_time={}", trial.min_time),
                                    fmt::format("--benchmark_repetitions={}", trial.samples)};
  flags.insert(flags.end(), trial.flags.begin(), trial.flags.end());
  std::vector<char*> argv;
  for (std::string& flag : flags) argv.push_back(flag.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  const std::size_t x_bytes = layout_for(trial).x_bytes;
  auto* benchmark = benchmark::RegisterBenchmark("trial", [&](benchmark::State& state) {
    if (trial.in_place) time_in_place(state, run, buffers.sets.front(), inputs, x_bytes);
    else time_calls(state, run, buffers);
  });
  if (trial.in_place) benchmark->UseManualTime();
  else benchmark->UseRealTime();
  Samples samples;
  benchmark::RunSpecifiedBenchmarks(&samples);
  return samples;
}

Outcome measure_here(const Trial& trial) {
  Outcome outcome;
  outcome.pinned = trial.threads == 1 && pin(trial.cpu);
  const softmark_fn run = trial.copy ? copy_bytes : resolve_kernel(trial.library, trial.index).run;
  const std::byte* inputs = nullptr;
  const std::size_t file_bytes = layout_for(trial).file_bytes;
  if (!trial.copy && file_bytes) {
    void* file = mmap(nullptr, file_bytes, PROT_READ, MAP_PRIVATE, kInputs, 0);
    if (file == MAP_FAILED) throw Error(kNotMeasurable, "cannot read the inputs");
    inputs = static_cast<const std::byte*>(file);
  }
  close(kInputs);
  Buffers buffers = prepare(trial, inputs);
  if (const int refusal = run(&buffers.sets.front()); refusal != 0)
    return {"unsupported", fmt::format("returned {}", refusal), {}, outcome.pinned};
  const Samples samples = run_benchmark(trial, run, buffers, inputs);
  outcome.nanoseconds = samples.nanoseconds;
  outcome.message = !samples.error.empty() ? samples.error : samples.nanoseconds.empty() ? "Google Benchmark ran nothing" : "";
  outcome.status = outcome.message.empty() ? "ok" : "error";
  return outcome;
}

}  // namespace

int bench_host_main(int, char**) {
  Outcome outcome;
  try {
    outcome = measure_here(trial_from_json(Json::parse(read_all(kRequest))));
  } catch (const std::exception& error) {
    outcome.message = error.what();
  }
  const std::string answer = to_json(outcome).dump() + "\n";
  const ssize_t written = write(kAnswer, answer.data(), answer.size());
  // Threads of a kernel's library may be alive still: leave without running their destructors.
  _exit(written == static_cast<ssize_t>(answer.size()) ? 0 : kNotMeasurable);
}

}  // namespace softmark
