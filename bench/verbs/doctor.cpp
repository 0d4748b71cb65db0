// SPDX-License-Identifier: Apache-2.0
// softmark doctor: the machine's state, and the smallest difference in speed that can be detected
// here and now.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/cpuid.h"
#include "bench/examine.h"
#include "bench/machine.h"
#include "bench/neighbours.h"
#include "bench/paired.h"
#include "bench/rounds.h"
#include "bench/verbs/bench_flags.h"
#include "kernels/verbs/flags.h"
#include "reports/render.h"
#include "support/emulation.h"
#include "support/interrupts.h"
#include "support/progress.h"
#include "support/text.h"

namespace softmark::bench {
namespace {

constexpr double kMostOverhead = 20;  // ns a call

struct DoctorInvocation {
  OutputChoice output;
  std::vector<std::string> kernels;
  std::uint64_t seed = kDefaultSeed;
  bool thorough = false;
};

/// The kernel of the A/A test: the first that was asked for, else the first built-in float32
/// softmax.
Kernel subject_of(const Registry& registry, const std::vector<std::string>& globs) {
  const auto kernels = select_kernels(registry, globs, {"softmax"}, {"f32"});
  return kernels.front();
}

/// A kernel against itself, on one shape or on five.
std::vector<Comparison> against_itself(const Kernel& kernel, const DoctorInvocation& invocation) {
  BenchOptions options;
  options.effort = invocation.thorough ? Effort::standard : Effort::quick;
  options.seed = invocation.seed;
  options.workloads = {"attention/256x512"};
  if (invocation.thorough)
    options.workloads = {"router/4096x16", "attention/1024x64", "attention/256x512",
                         "vocabulary/1x50257", "vocabulary/8x128256"};
  return compare_kernels(kernel, kernel, options);
}

/// Nanoseconds that timing a call costs by itself: a kernel that does nothing, on the kernels'
/// path; NaN where it failed.
double call_overhead(std::uint64_t seed) {
  const Workload workload = own_workload(1, 1, Distribution::kNormal);
  BenchOptions options;
  options.seed = seed;
  Series like;
  like.workload = workload;
  std::vector<Series> nothing = {plan_ceiling(Ceiling::kNothing, like)};
  Replication replication = replication_of(options);
  replication.processes = 3;
  InputsCache inputs(workload, seed);
  Progress progress("doctor");
  Session session{options, replication, progress, inputs, timing_cpus()};
  interleave(nothing, session);
  return summarize(nothing.front().samples()).min;
}

Finding overhead(double nanoseconds) {
  if (std::isnan(nanoseconds))
    return {"call_overhead", Finding::kUnknown, "timing a kernel that does nothing failed", ""};
  const std::string finding = fmt::format("{:.1f} ns for a kernel that does nothing", nanoseconds);
  if (nanoseconds < kMostOverhead) return {"call_overhead", Finding::kFine, finding, ""};
  return {"call_overhead", Finding::kNoisy, finding,
          "times of calls shorter than a microsecond are partly the measuring's own"};
}

Finding neighbours() {
  const Sharing sharing = sharing_of(look_at_cores());
  if (const std::string sentence = sentence_of(sharing); !sentence.empty())
    return {"neighbours", Finding::kNoisy, sentence,
            "measure again when it is quiet, or on a machine of its own"};
  return {"neighbours", Finding::kFine, "the core is not shared with work that is not seen", ""};
}

double widest(const std::vector<Comparison>& comparisons, double Ratio::*field) {
  double most = 0;
  for (const Comparison& one : comparisons)
    if (one.failure.empty()) most = std::max(most, one.decision.ratio.*field);
  return most;
}

double widest_spread(const std::vector<Comparison>& comparisons) {
  return widest(comparisons, &Ratio::process_spread);
}

std::string as_text(const Json& machine, const std::vector<Finding>& findings,
                    const std::vector<Comparison>& comparisons) {
  static constexpr std::string_view kStates[] = {"ok", "NOISY", "unknown"};
  const Cpuid cpu = read_cpuid();
  const std::string name = microarchitecture(cpu);
  std::string text =
      fmt::format("{}\n{}{}\n\n", machine["key"].get<std::string>(),
                  cpu.brand.empty() ? cpu.vendor : cpu.brand, name.empty() ? "" : ": " + name);
  TextTable states({}, "<"), shapes({}, "<");
  for (const Finding& finding : findings) {
    states.add({std::string(kStates[finding.state]), finding.subject, finding.finding});
    if (!finding.advice.empty()) states.add({"", "", "-> " + finding.advice});
  }
  for (const Comparison& one : comparisons)
    shapes.add(
        {one.workload.name,
         !one.failure.empty()
             ? one.failure
             : fmt::format("process to process {:.1f} %, called {}; differences from {:.1f} "
                           "% can be detected",
                           100 * one.decision.ratio.process_spread, word(one.decision.verdict),
                           100 * one.decision.ratio.smallest_difference)});
  return text + fmt::format("{}\n{} against itself:\n{}", states.text(),
                            comparisons.empty() ? "nothing" : comparisons.front().a, shapes.text());
}

Json as_document(Json machine, const std::vector<Finding>& findings,
                 const std::vector<Comparison>& comparisons, std::uint64_t seed) {
  const double spread = widest_spread(comparisons);
  if (spread > 0) {
    machine["environment"]["aa_spread"] = number(spread);
    machine["unavailable"].erase("aa_spread");
  }
  Json document = new_document(command_line(), seed);
  document["machine"] = machine;
  document["build"] = build_section();
  for (const Finding& finding : findings)
    if (finding.state == Finding::kNoisy)
      document["warnings"].push_back(
          fmt::format("{}: {}; {}", finding.subject, finding.finding, finding.advice));
  finish_document(document, !interrupted());
  return document;
}

int run_doctor(const DoctorInvocation& invocation) {
  refuse_emulation();
  Json machine = machine_section();  // before the measuring, which is a load itself
  std::vector<Finding> findings = examine(machine);
  watch_interrupts();
  const double nothing = call_overhead(invocation.seed);
  machine["environment"]["call_overhead_ns"] = number(nothing);
  findings.push_back(overhead(nothing));
  findings.push_back(neighbours());
  const auto comparisons = against_itself(
      subject_of(load_registry({}, invocation.kernels), invocation.kernels), invocation);
  write_file(invocation.output.path,
             invocation.output.format() == "json"
                 ? to_text(as_document(machine, findings, comparisons, invocation.seed))
                 : as_text(machine, findings, comparisons));
  return widest_spread(comparisons) > 0 ? kPass : kNotMeasurable;
}

}  // namespace
}  // namespace softmark::bench

namespace softmark {

void add_doctor(CLI::App& app, int& exit_code) {
  using namespace bench;
  CLI::App* verb = app.add_subcommand(
      "doctor",
      "the machine: what is noisy or missing, the smallest difference that can be detected here");
  const auto invocation = std::make_shared<DoctorInvocation>();
  verb->add_flag("--aa", invocation->thorough,
                 "A/A test on five shapes instead of one, with more processes");
  add_kernels(*verb, invocation->kernels);
  add_seed(*verb, invocation->seed);
  invocation->output.add_to(*verb, {"text", "json"});
  verb->callback([invocation, &exit_code] { exit_code = run_doctor(*invocation); });
}

}  // namespace softmark
