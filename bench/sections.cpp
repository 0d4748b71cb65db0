// SPDX-License-Identifier: Apache-2.0
#include "bench/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/isa.h"
#include "bench/machine.h"
#include "bench/statistics.h"
#include "bench/warnings.h"
#include "kernels/names.h"

namespace softmark::bench {
namespace {

Json nanoseconds(const Series& series, const Summary& summary) {
  const double n = series.elements();
  Json ci95 = nullptr;
  if (summary.ci95) ci95 = {number(summary.ci95->low / n), number(summary.ci95->high / n)};
  return {{"median", number(summary.median / n)}, {"min", number(summary.min / n)}, {"ci95", ci95}};
}

Json samples_of(const Series& series) {
  Json processes = Json::array();
  for (const auto& samples : series.samples()) {
    Json one = Json::array();
    for (double sample : samples) one.push_back(number(sample / series.elements()));
    processes.push_back(one);
  }
  return processes;
}

std::string_view cache_name(Cache cache) { return cache == Cache::kHot ? "hot" : "cold"; }

/// "4k", "2m", or "mixed" where processes or parts of the buffers differ; null where none ran.
Json pages_of(const Series& series) {
  if (series.processes.empty()) return nullptr;
  const std::string& first = series.processes.front().pages;
  for (const ReplicateResult& process : series.processes)
    if (process.pages != first) return "mixed";
  return first;
}

Json head_of(const Series& series) {
  return {{"workload", series.workload.name},
          {"rows", series.workload.rows},
          {"cols", series.workload.cols},
          {"dtype", name(series.dtype)},
          {"threads", series.threads},
          {"cache", cache_name(series.cache)},
          {"in_place", series.in_place},
          {"bytes", series.bytes},
          {"processes", series.processes.size()},
          {"disturbed", series.disturbed()},
          {"repeated", series.repeated},
          {"pages", pages_of(series)}};
}

const Series* ceiling_of(const Measured& measured, const Series& of, Ceiling kind) {
  const bool fma = kind == Ceiling::kFma;  // measured once for all workloads
  for (const Series& series : measured.series)
    if (!series.kernel && series.ceiling == kind && series.status == "ok" &&
        series.threads == of.threads && series.dtype == of.dtype &&
        (fma || (series.workload.name == of.workload.name && series.bytes == of.bytes &&
                 series.cache == of.cache)))
      return &series;
  return nullptr;
}

/// Nanoseconds per call (for fma: per multiply-add); NaN where it was not measured.
double ceiling_time(const Measured& measured, const Series& of, Ceiling kind) {
  const Series* series = ceiling_of(measured, of, kind);
  if (!series) return std::numeric_limits<double>::quiet_NaN();
  return summarize(series->samples()).median / (kind == Ceiling::kFma ? series->elements() : 1);
}

/// The fastest measured way to move what the op moves: reading where the output is one number per
/// row, changing the bytes where they are for what runs in place, else a copy.
Ceiling bound_of(const Measured& measured, const Series& series) {
  if (shape_of(series.op).output == OpShape::kScalar) return Ceiling::kRead;
  if (series.in_place) return Ceiling::kUpdate;
  const double around = ceiling_time(measured, series, Ceiling::kNontemporalCopy);
  return around < ceiling_time(measured, series, Ceiling::kMemcpy) ? Ceiling::kNontemporalCopy
                                                                   : Ceiling::kMemcpy;
}

void add_shares(Json& json, const Measured& measured, const Series& series, double time) {
  const Ceiling bound = bound_of(measured, series);
  const auto set = [&](const char* field, double value) {
    if (std::isfinite(value)) json[field] = number(value);
  };
  set("of_ceiling", ceiling_time(measured, series, bound) / time);
  if (!json["of_ceiling"].is_null())
    json["ceiling"] = kCeilingNames[static_cast<std::size_t>(bound)];
  set("x_memcpy", time / ceiling_time(measured, series, Ceiling::kMemcpy));
  set("fma_per_element", time / series.elements() / ceiling_time(measured, series, Ceiling::kFma));
}

/// From the processes' medians too, each at the clock rate of its process.
void add_cycles(Json& json, const Series& series) {
  std::vector<double> cycles, ticks;
  for (const ReplicateResult& process : series.processes) {
    const double time = median(process.nanoseconds) / series.elements();
    if (process.cycles_per_nanosecond > 0) cycles.push_back(time * process.cycles_per_nanosecond);
    if (process.ticks_per_nanosecond > 0) ticks.push_back(time * process.ticks_per_nanosecond);
  }
  if (!ticks.empty()) json["tsc_per_element"] = number(median(ticks));
  if (cycles.empty()) return;
  json["cycles_per_element"] = number(median(cycles));
  json["cycle_clock"] = series.processes.front().clock;
}

/// Medians over the processes of what they counted for a call, and of single calls' percentiles.
void add_calls(Json& json, const Series& series) {
  std::map<std::string, std::vector<double>> events;
  std::vector<double> p50, p99;
  for (const ReplicateResult& process : series.processes) {
    for (const auto& [name, count] : process.events) events[name].push_back(count);
    if (process.percentiles.size() == 2)
      p50.push_back(process.percentiles[0]), p99.push_back(process.percentiles[1]);
  }
  for (const auto& [name, counts] : events) json["per_call"][name] = number(median(counts));
  if (!p50.empty()) json["call_ns"] = {{"p50", number(median(p50))}, {"p99", number(median(p99))}};
}

Json measurement(const Measured& measured, const Series& series, bool verified) {
  Json json = {{"kernel", series.kernel->id}};
  json.update(head_of(series));
  json["op"] = name(series.op);
  json["pinned"] = series.pinned();
  json["distribution"] = stated_distribution(series.workload);
  json["status"] = series.status;
  if (!series.message.empty()) json["message"] = series.message;
  json["verified"] = verified;
  for (const char* unknown :
       {"ns_per_element", "mad", "gb_per_s", "of_ceiling", "ceiling", "x_memcpy", "fma_per_element",
        "cycles_per_element", "cycle_clock", "tsc_per_element"})
    json[unknown] = nullptr;
  json["samples"] = samples_of(series);
  if (series.status != "ok") return json;
  const Summary summary = summarize(series.samples());
  json["ns_per_element"] = nanoseconds(series, summary);
  json["mad"] = number(summary.mad / series.elements());
  json["gb_per_s"] = number(static_cast<double>(series.bytes) / summary.median);
  add_shares(json, measured, series, summary.median);
  add_cycles(json, series);
  add_calls(json, series);
  return json;
}

Json ceiling(const Series& series) {
  const Summary summary = summarize(series.samples());
  Json json = {{"kind", kCeilingNames[static_cast<std::size_t>(series.ceiling)]}};
  json.update(head_of(series));
  json["ns_per_element"] = nanoseconds(series, summary);
  json["mad"] = number(summary.mad / series.elements());
  json["samples"] = samples_of(series);
  json["gb_per_s"] =
      series.bytes ? number(static_cast<double>(series.bytes) / summary.median) : Json(nullptr);
  return json;
}

/// By kernel, the vector instructions seen on one workload: that with the widest ones, as they
/// decide on which CPUs it runs; of several such, the largest.
Json isa_seen(const Measured& measured) {
  std::map<std::string, std::pair<Vectors, std::size_t>> best;
  Json seen = Json::object();
  for (const Series& series : measured.series) {
    if (!series.kernel || series.processes.empty()) continue;
    const std::string& isa = series.processes.front().isa;
    const std::pair found(widest_in(isa), series.workload.elements());
    auto& most = best[series.kernel->id];
    if (isa.empty() || found <= most) continue;
    most = found;
    seen[series.kernel->id] = isa;
  }
  return seen;
}

}  // namespace

std::string stated_distribution(const Workload& workload) {
  if (workload.distribution == Distribution::kFile) return workload.stands_for;
  return fmt::format("{}: {}", kDistributionNames[static_cast<std::size_t>(workload.distribution)],
                     describe(workload.distribution));
}

std::vector<Kernel> bench_kernels(const BenchOptions& options, const Registry& registry) {
  // Of a plugin alone every kernel is meant.
  const bool by_name = names_kernels(options) || (options.kernels.empty() && has_plugin(registry));
  if (uses_decide(options) && !by_name) {
    std::vector<Kernel> used = select_kernels(registry, options.kernels, {}, {});
    std::erase_if(used, [](const Kernel& kernel) { return !is_used(kernel.op, kernel.dtype); });
    if (!used.empty()) return used;
  }
  const std::vector<std::string> op = {"softmax"}, dtype = {"f32"};
  return select_kernels(registry, options.kernels,
                        options.ops.empty() && !by_name ? op : options.ops,
                        options.dtypes.empty() && !by_name ? dtype : options.dtypes);
}

Json kernels_section(const std::vector<Kernel>& kernels) {
  Json section = Json::array();
  for (const Kernel& kernel : kernels) section.push_back(kernel_to_json(kernel));
  return section;
}

Json sections_of(const Measured& measured, const std::optional<std::set<std::string>>& failed) {
  Json measurements = Json::array(), ceilings = Json::array(), warnings = measured.warnings;
  for (const Series& series : measured.series) {
    if (series.kernel)
      measurements.push_back(
          measurement(measured, series, failed && !failed->contains(series.kernel->id)));
    else if (series.status == "ok")
      ceilings.push_back(ceiling(series));
    else
      warnings.push_back(fmt::format("{}: no {} ceiling: {} {}", series.workload.name,
                                     kCeilingNames[static_cast<std::size_t>(series.ceiling)],
                                     series.status, series.message));
  }
  for (std::string& doubt : doubts(measurements)) warnings.push_back(std::move(doubt));
  if (!failed)
    warnings.push_back(
        "nothing was verified in this run: these are times without verdicts; `softmark run` gives "
        "both");
  return {{"machine", machine_section()}, {"build", build_section()},
          {"measurements", measurements}, {"ceilings", ceilings},
          {"warnings", warnings},         {"complete", measured.complete},
          {"isa", isa_seen(measured)}};
}

void add_sampled_isa(Json& document, const Json& sections) {
  for (Json& kernel : document["kernels"])
    if (const auto seen = sections["isa"].find(kernel["id"].get<std::string>());
        seen != sections["isa"].end())
      kernel["isa_sampled"] = *seen;
}

Json bench_sections(const BenchOptions& options, const Registry& registry,
                    const std::optional<std::set<std::string>>& failed) {
  return sections_of(measure(options, bench_kernels(options, registry)), failed);
}

}  // namespace softmark::bench
