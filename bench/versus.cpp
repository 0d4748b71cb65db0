// SPDX-License-Identifier: Apache-2.0
#include "bench/versus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/progress.h"
#include "kernels/names.h"
#include "kernels/process.h"

namespace softmark::bench {
namespace {

constexpr double kLeastEffect = 0.05;

Rounds operator+(Rounds first, const Rounds& second) {
  first.a.insert(first.a.end(), second.a.begin(), second.a.end());
  first.b.insert(first.b.end(), second.b.begin(), second.b.end());
  return first;
}

std::vector<std::array<double, 2>> paired(const Series& first, const Series& second) {
  const auto one = process_medians(first.samples), other = process_medians(second.samples);
  std::vector<std::array<double, 2>> pairs;
  for (std::size_t round = 0; round < std::min(one.size(), other.size()); ++round)
    pairs.push_back({one[round], other[round]});
  return pairs;
}

/// Runs one set of rounds. Empty, with the reason in `failure`, where one of the kernels cannot be timed.
std::optional<Rounds> measure_rounds(const Kernel& a, const Kernel& b, const Workload& workload,
                                     const BenchOptions& options, const Replication& replication, Progress& progress,
                                     std::string& failure) {
  const int threads = options.threads.empty() ? 1 : options.threads.front();
  const Cache cache = options.hot ? Cache::kHot : Cache::kCold;
  std::vector<Series> series;
  for (const Kernel* kernel : {&a, &b, &b, &a})
    series.push_back(plan_series(*kernel, workload, threads, cache, options.in_place));
  if (!interleave(series, options, replication, progress, {{0, 1, 2, 3}, {1, 0, 3, 2}})) failure = "interrupted";
  for (std::size_t i = 0; i < series.size() && failure.empty(); ++i)
    if (series[i].status != "ok")
      failure = fmt::format("{}: {}: {}", series[i].kernel->id, series[i].status, series[i].message);
  if (!failure.empty()) return std::nullopt;
  return Rounds{paired(series[0], series[3]), paired(series[1], series[2])};
}

Replication rounds_of(const BenchOptions& options) {
  static constexpr int kByEffort[] = {8, 10, 20};
  Replication replication = replication_of(options);
  if (options.processes == 0) replication.processes = kByEffort[static_cast<std::size_t>(options.effort)];
  if (replication.processes < 6)
    throw Error(kUsage, "a comparison needs at least 6 processes of each kernel, or it has no interval");
  return replication;
}

}  // namespace

Ratio ratio_of(const Rounds& rounds) {
  const auto lesser = [](const std::array<double, 2>& times) { return std::min(times[0], times[1]); };
  const auto spread = [](const std::array<double, 2>& times) { return std::abs(std::log(times[1] / times[0])); };
  std::vector<double> logs, self;
  for (std::size_t round = 0; round < rounds.b.size(); ++round) {
    logs.push_back(std::log(lesser(rounds.b[round]) / lesser(rounds.a[round])));
    self.push_back(spread(rounds.a[round]));
    self.push_back(spread(rounds.b[round]));
  }
  Ratio ratio;
  ratio.rounds = logs.size();
  ratio.median = std::exp(median(logs));
  if (const auto interval = median_interval(logs))
    ratio.ci95 = Interval{std::exp(interval->low), std::exp(interval->high)};
  ratio.aa_spread = std::expm1(median(self));
  ratio.smallest_difference = std::max(kLeastEffect, 2 * ratio.aa_spread);
  return ratio;
}

Verdict judge(const Ratio& ratio) {
  if (!ratio.ci95) return Verdict::kAmbiguous;
  const double most = 1 + ratio.smallest_difference;
  if (ratio.ci95->low > 1 && ratio.median > most) return Verdict::kSlower;
  if (ratio.ci95->high < 1 && ratio.median < 1 / most) return Verdict::kFaster;
  return ratio.ci95->low > 1 / most && ratio.ci95->high < most ? Verdict::kSame : Verdict::kAmbiguous;
}

Verdict confirm(Verdict first, Verdict second) { return first == second ? first : Verdict::kAmbiguous; }

Comparison compare_on(const Kernel& a, const Kernel& b, const Workload& workload, const BenchOptions& options) {
  const Replication replication = rounds_of(options);
  Comparison comparison{
      a.id, b.id, workload, options.threads.empty() ? 1 : options.threads.front(), Verdict::kAmbiguous, {}, ""};
  Progress progress("compare " + workload.name, 0, 0);
  const auto first = measure_rounds(a, b, workload, options, replication, progress, comparison.failure);
  if (!first) return comparison;
  comparison.ratio = ratio_of(*first);
  comparison.verdict = judge(comparison.ratio);
  if (comparison.verdict != Verdict::kFaster && comparison.verdict != Verdict::kSlower) return comparison;
  const auto second = measure_rounds(a, b, workload, options, replication, progress, comparison.failure);
  if (!second) return comparison;
  comparison.verdict = confirm(comparison.verdict, judge(ratio_of(*second)));
  comparison.ratio = ratio_of(*first + *second);
  return comparison;
}

std::vector<Comparison> compare_kernels(const Kernel& a, const Kernel& b, const BenchOptions& options) {
  if (a.op != b.op || a.dtype != b.dtype)
    throw Error(kUsage,
                fmt::format("{} and {} do not compute the same thing: compare kernels of one op and type", a.id, b.id));
  BenchOptions quick_shapes = options;
  quick_shapes.effort = Effort::kQuick;
  watch_interrupts();
  std::vector<Comparison> comparisons;
  for (const Workload& workload : workloads_of(quick_shapes)) {
    if (interrupted()) break;
    comparisons.push_back(compare_on(a, b, workload, options));
  }
  return comparisons;
}

Json to_json(const Comparison& comparison) {
  const Ratio& ratio = comparison.ratio;
  Json json = {{"a", comparison.a},
               {"b", comparison.b},
               {"workload", comparison.workload.name},
               {"rows", comparison.workload.rows},
               {"cols", comparison.workload.cols},
               {"threads", comparison.threads}};
  if (!comparison.failure.empty()) {
    json["failure"] = comparison.failure;
    return json;
  }
  json["verdict"] = kVerdictNames[static_cast<std::size_t>(comparison.verdict)];
  json["ratio"] = number(ratio.median);
  json["ci95"] = ratio.ci95 ? Json::array({number(ratio.ci95->low), number(ratio.ci95->high)}) : Json(nullptr);
  json["aa_spread"] = number(ratio.aa_spread);
  json["smallest_difference"] = number(ratio.smallest_difference);
  json["rounds"] = ratio.rounds;
  return json;
}

std::string comparisons_table(const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) return "nothing was compared\n";
  std::string text =
      fmt::format("A = {}\nB = {}\n{:<26} {:>7}  {:<9}  {:>9}  {:<17}  {}\n", comparisons.front().a,
                  comparisons.front().b, "workload", "threads", "B is", "time B/A", "95 % interval", "can tell apart");
  for (const Comparison& one : comparisons) {
    text += fmt::format("{:<26} {:>7}  ", one.workload.name, one.threads);
    if (!one.failure.empty())
      text += one.failure + "\n";
    else
      text += fmt::format("{:<9}  {:>9.3f}  {:<17}  {:.1f} %\n", kVerdictNames[static_cast<std::size_t>(one.verdict)],
                          one.ratio.median,
                          one.ratio.ci95 ? fmt::format("{:.3f} .. {:.3f}", one.ratio.ci95->low, one.ratio.ci95->high)
                                         : "too few rounds",
                          100 * one.ratio.smallest_difference);
  }
  return text;
}

int exit_code_of(const std::vector<Comparison>& comparisons, bool strict) {
  const auto any = [&](auto test) { return std::any_of(comparisons.begin(), comparisons.end(), test); };
  if (any([](const Comparison& c) { return c.failure.empty() && c.verdict == Verdict::kSlower; })) return kGateFailed;
  if (comparisons.empty() || any([](const Comparison& c) { return !c.failure.empty(); })) return kNotMeasurable;
  return strict && any([](const Comparison& c) { return c.verdict == Verdict::kAmbiguous; }) ? kUndecided : kPass;
}

}  // namespace softmark::bench
