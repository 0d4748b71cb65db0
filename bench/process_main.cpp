// SPDX-License-Identifier: Apache-2.0
// The measuring child. It prepares everything, times one kernel, replies and ends.
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "bench/ceilings.h"
#include "bench/cycles.h"
#include "bench/isa.h"
#include "bench/neighbours.h"
#include "bench/process.h"
#include "bench/sampling.h"
#include "kernels/registry.h"
#include "support/strays.h"

namespace softmark::bench {
namespace {

constexpr int kInputs = 4;  // the descriptor
constexpr double kIsaSeconds = 0.02;

bool pin(int cpu) {
  if (cpu < 0) return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

/// The requested number of samples, or fewer where calls are so long that they would exceed the
/// time limit.
int affordable_samples(const Replicate& replicate, double call_seconds) {
  constexpr int kFewest = 5;
  if (replicate.most_seconds <= 0 || replicate.samples <= kFewest) return replicate.samples;
  const double affordable = replicate.most_seconds / std::max(call_seconds, replicate.min_time);
  return static_cast<int>(std::clamp<double>(affordable, kFewest, replicate.samples));
}

/// The file of inputs, mapped; null for a ceiling, which needs none.
const std::byte* map_inputs(const Replicate& replicate) {
  const std::size_t file_bytes = layout_for(replicate).file_bytes;
  if (replicate.ceiling || !file_bytes) return nullptr;
  void* file = mmap(nullptr, file_bytes, PROT_READ, MAP_PRIVATE, kInputs, 0);
  if (file == MAP_FAILED) throw Error(kNotMeasurable, "cannot read the inputs");
  return static_cast<const std::byte*>(file);
}

void keep(const Samples& taken, ReplicateResult& result) {
  for (const Sample& sample : taken.samples) {
    result.nanoseconds.push_back(sample.nanoseconds);
    result.lost = std::max(result.lost, sample.lost);
  }
  result.disturbed = !taken.samples.empty() && is_disturbed(taken.samples);
  result.message = !taken.error.empty()    ? taken.error
                   : taken.samples.empty() ? "Google Benchmark ran nothing"
                                           : "";
  result.status = result.message.empty() ? "ok" : "error";
}

ReplicateResult measure_here(const Replicate& replicate) {
  ReplicateResult result;
  result.pinned = replicate.threads == 1 && pin(replicate.cpu);
  result.cpu = result.pinned ? replicate.cpu : -1;
  const softmark_fn run = replicate.ceiling
                              ? ceiling_function(*replicate.ceiling, replicate.dtype)
                              : resolve_kernel(replicate.library, replicate.index).run;
  const std::byte* inputs = map_inputs(replicate);
  close(kInputs);
  Buffers buffers = prepare(replicate, inputs);
  result.pages = buffers.pages();
  if (const int refusal = run(&buffers.first()); refusal != 0) {
    result.status = "unsupported";
    result.message = fmt::format("returned {}", refusal);
    return result;
  }
  const auto before = std::chrono::steady_clock::now();
  run(&buffers.first());
  const std::chrono::duration<double> call = std::chrono::steady_clock::now() - before;
  const InsideClock inside = replicate.in_place ? nullptr : inside_clock(replicate.library);
  const Meter meter(replicate.threads, result.cpu, replicate.siblings,
                    inside);  // the kernel's threads are there by now
  Counters counters;
  const Timed timed{replicate, run, buffers, inputs, meter, counters, inside};
  result.additions = {additions_per_cycle()};
  const Ticks ticks;
  Cycles cycles;
  const Samples taken = take_samples(timed, affordable_samples(replicate, call.count()));
  keep(taken, result);
  cycles.stop();
  result.additions.push_back(additions_per_cycle());
  result.clock = cycles.kind();
  result.cycles_per_nanosecond = cycles.per_nanosecond();
  result.drift = cycles.drift();
  result.ticks_per_nanosecond = ticks.per_nanosecond();
  result.events = counters.per_call();
  if (inside) result.events["bridge_ns"] = std::max(taken.outside, 0.0);
  result.percentiles = call_percentiles(timed, replicate.calls);
  if (replicate.samples_isa && meter.alone())
    result.isa = sampled_isa([&] { run(&buffers.rotate()); }, kIsaSeconds);
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
  kill_strays();  // Python; its time counts as this process's
  // Threads of a kernel's library may still run: exit without running destructors.
  _exit(sent ? 0 : kNotMeasurable);
}
