// SPDX-License-Identifier: Apache-2.0
#include "bench/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/machine.h"
#include "bench/statistics.h"
#include "kernels/names.h"

namespace softmark::bench {
namespace {

std::string stated_distribution(const Workload& workload) {
  if (workload.distribution == Distribution::kFile) return workload.stands_for;
  return fmt::format("{}: {}", kDistributionNames[static_cast<std::size_t>(workload.distribution)],
                     describe(workload.distribution));
}

Json nanoseconds(const Series& series, const Summary& summary) {
  const double n = series.elements();
  Json ci95 = nullptr;
  if (summary.ci95) ci95 = {number(summary.ci95->low / n), number(summary.ci95->high / n)};
  return {{"median", number(summary.median / n)}, {"min", number(summary.min / n)}, {"ci95", ci95}};
}

Json samples_of(const Series& series) {
  Json processes = Json::array();
  for (const auto& samples : series.samples) {
    Json one = Json::array();
    for (double sample : samples) one.push_back(number(sample / series.elements()));
    processes.push_back(one);
  }
  return processes;
}

std::string_view cache_name(Cache cache) { return cache == Cache::kHot ? "hot" : "cold"; }

Json head_of(const Series& series) {
  return {{"workload", series.workload.name},
          {"rows", series.workload.rows},
          {"cols", series.workload.cols},
          {"dtype", name(series.dtype)},
          {"threads", series.threads},
          {"cache", cache_name(series.cache)},
          {"bytes", series.bytes}};
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
  return summarize(series->samples).median / (kind == Ceiling::kFma ? series->elements() : 1);
}

/// The fastest measured way to move what the op moves: reading where the output is one number per
/// row, else a copy.
Ceiling bound_of(const Measured& measured, const Series& series) {
  if (shape_of(series.op).output == OpShape::kScalar) return Ceiling::kRead;
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
  const std::vector<double> times = process_medians(series.samples);
  std::vector<double> cycles;
  for (std::size_t i = 0; i < std::min(times.size(), series.cycles_per_nanosecond.size()); ++i)
    if (series.cycles_per_nanosecond[i] > 0)
      cycles.push_back(times[i] * series.cycles_per_nanosecond[i]);
  if (cycles.empty()) return;
  json["cycles_per_element"] = number(median(cycles) / series.elements());
  json["cycle_clock"] = series.clock;
}

Json measurement(const Measured& measured, const Series& series, bool verified) {
  Json json = {{"kernel", series.kernel->id}};
  json.update(head_of(series));
  json["op"] = name(series.op);
  json["in_place"] = series.in_place;
  json["pinned"] = series.pinned;
  json["distribution"] = stated_distribution(series.workload);
  json["status"] = series.status;
  if (!series.message.empty()) json["message"] = series.message;
  json["verified"] = verified;
  for (const char* unknown : {"ns_per_element", "mad", "gb_per_s", "of_ceiling", "ceiling",
                              "x_memcpy", "fma_per_element", "cycles_per_element", "cycle_clock"})
    json[unknown] = nullptr;
  json["processes"] = series.samples.size();
  json["samples"] = samples_of(series);
  if (series.status != "ok") return json;
  const Summary summary = summarize(series.samples);
  json["ns_per_element"] = nanoseconds(series, summary);
  json["mad"] = number(summary.mad / series.elements());
  json["gb_per_s"] = number(static_cast<double>(series.bytes) / summary.median);
  add_shares(json, measured, series, summary.median);
  add_cycles(json, series);
  return json;
}

Json ceiling(const Series& series) {
  const Summary summary = summarize(series.samples);
  Json json = {{"kind", kCeilingNames[static_cast<std::size_t>(series.ceiling)]}};
  json.update(head_of(series));
  json["ns_per_element"] = nanoseconds(series, summary);
  json["mad"] = number(summary.mad / series.elements());
  json["processes"] = series.samples.size();
  json["samples"] = samples_of(series);
  json["gb_per_s"] =
      series.bytes ? number(static_cast<double>(series.bytes) / summary.median) : Json(nullptr);
  return json;
}

}  // namespace

std::vector<Kernel> bench_kernels(const BenchOptions& options, const Registry& registry) {
  const bool by_id =
      std::any_of(options.kernels.begin(), options.kernels.end(),
                  [](const std::string& glob) { return glob.find('/') != glob.npos; });
  // A whole id includes op and type; of a plugin alone every kernel is meant.
  const bool by_name = by_id || (options.kernels.empty() && has_plugin(registry));
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
  if (!failed)
    warnings.push_back(
        "nothing was verified in this run: these are times without verdicts; `softmark run` gives "
        "both");
  return {{"machine", machine_section()}, {"build", build_section()},
          {"measurements", measurements}, {"ceilings", ceilings},
          {"warnings", warnings},         {"complete", measured.complete}};
}

Json bench_sections(const BenchOptions& options, const Registry& registry,
                    const std::optional<std::set<std::string>>& failed) {
  return sections_of(measure(options, bench_kernels(options, registry)), failed);
}

}  // namespace softmark::bench
