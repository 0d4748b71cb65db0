// SPDX-License-Identifier: Apache-2.0
#include "bench/sections.h"

#include <fmt/format.h>

#include <algorithm>

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

/// Calls to elements: an element is a logit, whatever the op gives back.
double elements_of(const Series& series) { return static_cast<double>(series.workload.elements()); }

Json nanoseconds(const Series& series, const Summary& summary) {
  const double n = elements_of(series);
  Json ci95 = nullptr;
  if (summary.ci95) ci95 = {number(summary.ci95->low / n), number(summary.ci95->high / n)};
  return {{"median", number(summary.median / n)}, {"min", number(summary.min / n)}, {"ci95", ci95}};
}

Json samples_of(const Series& series) {
  Json processes = Json::array();
  for (const auto& samples : series.samples) {
    Json one = Json::array();
    for (double sample : samples) one.push_back(number(sample / elements_of(series)));
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

const Series* ceiling_of(const Measured& measured, const Series& of) {
  for (const Series& series : measured.series)
    if (!series.kernel && series.status == "ok" && series.workload.name == of.workload.name &&
        series.bytes == of.bytes && series.threads == of.threads && series.cache == of.cache &&
        series.dtype == of.dtype)
      return &series;
  return nullptr;
}

Json measurement(const Measured& measured, const Series& series, bool verified) {
  Json json = {{"kernel", series.kernel->id}};
  json.update(head_of(series));
  json["op"] = name(series.op);
  json["in_place"] = series.in_place;
  json["distribution"] = stated_distribution(series.workload);
  json["status"] = series.status;
  if (!series.message.empty()) json["message"] = series.message;
  json["verified"] = verified;
  for (const char* unknown : {"ns_per_element", "mad", "gb_per_s", "of_ceiling", "x_memcpy"}) json[unknown] = nullptr;
  json["processes"] = series.samples.size();
  json["samples"] = samples_of(series);
  if (series.status != "ok") return json;
  const Summary summary = summarize(series.samples);
  json["ns_per_element"] = nanoseconds(series, summary);
  json["mad"] = number(summary.mad / elements_of(series));
  json["gb_per_s"] = number(static_cast<double>(series.bytes) / summary.median);
  if (const Series* copy = ceiling_of(measured, series)) {
    const double ceiling = summarize(copy->samples).median;
    json["of_ceiling"] = number(ceiling / summary.median);
    json["x_memcpy"] = number(summary.median / ceiling);
  }
  return json;
}

Json ceiling(const Series& series) {
  const Summary summary = summarize(series.samples);
  Json json = {{"kind", "memcpy"}};
  json.update(head_of(series));
  json["ns_per_element"] = nanoseconds(series, summary);
  json["samples"] = samples_of(series);
  json["gb_per_s"] = number(static_cast<double>(series.bytes) / summary.median);
  return json;
}

}  // namespace

std::vector<Kernel> bench_kernels(const BenchOptions& options, const Registry& registry) {
  const bool by_name =
      !options.kernels.empty() && std::any_of(options.kernels.begin(), options.kernels.end(),
                                              [](const std::string& glob) { return glob.find('/') != glob.npos; });
  // A whole id says its op and type itself.
  const std::vector<std::string> op = {"softmax"}, dtype = {"f32"};
  return select_kernels(registry, options.kernels, options.ops.empty() && !by_name ? op : options.ops,
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
      measurements.push_back(measurement(measured, series, failed && !failed->contains(series.kernel->id)));
    else if (series.status == "ok")
      ceilings.push_back(ceiling(series));
    else
      warnings.push_back(
          fmt::format("{}: no memcpy ceiling: {} {}", series.workload.name, series.status, series.message));
  }
  if (!failed)
    warnings.push_back("nothing was verified in this run: these are times without verdicts; `softmark run` gives both");
  return {{"machine", machine_section()}, {"build", build_section()}, {"measurements", measurements},
          {"ceilings", ceilings},         {"warnings", warnings},     {"complete", measured.complete}};
}

Json bench_sections(const BenchOptions& options, const Registry& registry,
                    const std::optional<std::set<std::string>>& failed) {
  return sections_of(measure(options, bench_kernels(options, registry)), failed);
}

}  // namespace softmark::bench
