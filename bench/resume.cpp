// SPDX-License-Identifier: Apache-2.0
#include "bench/resume.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "bench/machine.h"
#include "bench/sections.h"
#include "kernels/names.h"
#include "support/hash.h"
#include "support/text.h"

namespace softmark::bench {
namespace {

/// When this program was built, in the documents' time format.
std::string built_at() {
  struct stat file {};
  return stat("/proc/self/exe", &file) == 0 ? utc_time(file.st_mtime) : "";
}

/// What a measurement depends on besides the machine's identity: the state of the system, and what
/// libraries are told by the environment.
constexpr const char* kConditions[] = {"system",       "kernel",    "governor", "turbo",
                                       "virtualised",  "aslr",      "smt",      "huge_pages",
                                       "clock_source", "cpu_quota", "cpus",     "variables"};

/// What a kernel's entry must share: which code it is, and which of its paths it takes here.
constexpr const char* kCode[] = {"provider", "version", "isa", "summary", "claims", "fingerprint"};

std::string shown(const Json& value) {
  return value.is_null() ? "unknown" : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// FNV-1a over the bits of a file's logits, because its name does not identify them.
std::string fingerprint(const Workload& workload) {
  const auto& logits = *workload.logits;
  return fmt::format("{:#x}", fnv1a({reinterpret_cast<const char*>(logits.data()),
                                     logits.size() * sizeof logits[0]}));
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(kUsage,
              fmt::format("{} cannot be resumed: {}; measure afresh without --resume", path, why));
}

const Json* find(const Json& rows, const Series& series, const char* what, std::string_view name) {
  for (const Json& row : rows)
    if (row.value(what, "") == name && row.value("workload", "") == series.workload.name &&
        row.value("rows", std::size_t{0}) == series.workload.rows &&
        row.value("cols", std::size_t{0}) == series.workload.cols &&
        row.value("bytes", std::size_t{0}) == series.bytes &&
        row.value("threads", 0) == series.threads &&
        row.value("dtype", "") == softmark::name(series.dtype) &&
        (!series.kernel || row.value("distribution", "") == stated_distribution(series.workload)) &&
        row.value("cache", "") == (series.cache == Cache::kHot ? "hot" : "cold") &&
        row.value("in_place", false) == series.in_place)
      return &row;
  return nullptr;
}

/// What the document says of all processes of a series together, as one of them; the first
/// `disturbed` ones count as disturbed.
ReplicateResult process_of(const Json& row, std::size_t index) {
  ReplicateResult process;
  process.status = "ok";
  process.pinned = row.value("pinned", true);
  process.pages = row.value("pages", Json()).is_string() ? row.at("pages") : Json("");
  process.disturbed = index < row.value("disturbed", std::size_t{0});
  const auto rate = [&](const char* field) {
    if (!row.value(field, Json()).is_number()) return 0.0;
    return row.at(field).get<double>() / row.at("ns_per_element").at("median").get<double>();
  };
  process.cycles_per_nanosecond = rate("cycles_per_element");
  process.ticks_per_nanosecond = rate("tsc_per_element");
  if (process.cycles_per_nanosecond > 0) process.clock = row.at("cycle_clock");
  if (const Json call = row.value("call_ns", Json()); call.is_object())
    process.percentiles = {call.at("p50").get<double>(), call.at("p99").get<double>()};
  const Json events = row.value("per_call", Json::object());
  for (const auto& [name, count] : events.items()) process.events[name] = count.get<double>();
  return process;
}

}  // namespace

Json replication_section(const BenchOptions& options) {
  const Replication replication = replication_of(options);
  Json section = {{"processes", replication.processes},
                  {"samples", replication.samples},
                  {"min_time", number(replication.min_time)},
                  {"flags", options.benchmark_flags},
                  {"pages", options.pages.value_or(Pages::k2m) == Pages::k2m ? "2m" : "4k"}};
  if (!options.pin) section["pin"] = "none";
  if (!options.logits.empty()) section["logits"] = fingerprint(workloads_of(options).front());
  return section;
}

Earlier::Earlier(const BenchOptions& options)
    : options_(options),
      document_(options.resumed),
      started_(document_.value("/run/started"_json_pointer, "")),
      processes_(static_cast<std::size_t>(replication_of(options).processes)) {
  const Json machine = machine_section();
  const std::string key = machine["key"];
  const auto text = [&](const char* pointer) {
    return document_.value(Json::json_pointer(pointer), "");
  };
  if (text("/machine/key") != key)
    refuse(options.resume,
           fmt::format("it is from machine '{}', this is '{}'", text("/machine/key"), key));
  if (document_.value("build", Json()) != build_section() || built_at() > started_)
    refuse(options.resume, "this softmark is another build than the one that wrote it");
  if (document_.value("/run/replication"_json_pointer, Json()) != replication_section(options))
    refuse(options.resume,
           "its processes, samples, times, flags, pages, pinning or logits are not those asked for "
           "now");
  refuse_other_conditions(machine["environment"]);
  if (text("/run/seed") != fmt::format("{:#x}", options.seed))
    refuse(options.resume,
           fmt::format("its seed is {}, not {:#x}", text("/run/seed"), options.seed));
}

void Earlier::refuse_other_conditions(const Json& now) const {
  const Json then = document_.value("/machine/environment"_json_pointer, Json::object());
  for (const char* condition : kConditions) {
    const Json was = then.value(condition, Json()), is = now.value(condition, Json());
    if (was != is)
      refuse(options_.resume, fmt::format("its environment has {} {}, this one {}", condition,
                                          shown(was), shown(is)));
  }
}

bool Earlier::same_code(const Kernel& kernel) const {
  const Json now = kernel_to_json(kernel);
  for (const Json& row : document_.at("kernels")) {
    if (row.value("id", "") != kernel.id) continue;
    return std::all_of(std::begin(kCode), std::end(kCode), [&](const char* field) {
      return row.value(field, Json()) == now.value(field, Json());
    });
  }
  return false;
}

bool Earlier::fill(Series& series) const {
  if (series.kernel && !same_code(*series.kernel)) return false;
  const Json* row = series.kernel
                        ? find(document_.at("measurements"), series, "kernel", series.kernel->id)
                        : find(document_.at("ceilings"), series, "kind",
                               kCeilingNames[static_cast<std::size_t>(series.ceiling)]);
  if (!row) return false;
  series.status = row->value("status", "ok");
  series.message = row->value("message", "");
  series.repeated = row->value("repeated", 0);
  for (const Json& samples : row->at("samples")) {
    ReplicateResult process = process_of(*row, series.processes.size());
    for (const Json& sample : samples)
      process.nanoseconds.push_back(sample.get<double>() * series.elements());
    series.processes.push_back(std::move(process));
  }
  return series.status != "ok" || series.processes.size() == processes_;
}

bool Earlier::keep(std::vector<Series>& series) const {
  std::vector<Series> filled = series;
  try {
    for (Series& one : filled) {
      if (!fill(one)) return false;
      one.kept = true;
    }
  } catch (const Json::exception&) {
    throw Error(kUnreadable,
                fmt::format("--resume: a measurement of {} is not as the schema has it",
                            series.front().workload.name));
  }
  series = std::move(filled);
  return true;
}

}  // namespace softmark::bench
