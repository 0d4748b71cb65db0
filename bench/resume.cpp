// SPDX-License-Identifier: Apache-2.0
#include "bench/resume.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "bench/machine.h"
#include "kernels/names.h"
#include "support/hash.h"
#include "support/text.h"

namespace softmark::bench {
namespace {

/// When a file was last written, in the documents' time format; "" where it does not exist.
std::string written_at(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return "";
  return utc_time(file.st_mtime);
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
        row.value("cache", "") == (series.cache == Cache::kHot ? "hot" : "cold") &&
        row.value("in_place", false) == series.in_place)
      return &row;
  return nullptr;
}

}  // namespace

Json replication_section(const BenchOptions& options) {
  const Replication replication = replication_of(options);
  Json section = {{"processes", replication.processes},
                  {"samples", replication.samples},
                  {"min_time", number(replication.min_time)},
                  {"flags", options.benchmark_flags}};
  if (!options.logits.empty()) section["logits"] = fingerprint(workloads_of(options).front());
  return section;
}

Earlier::Earlier(const BenchOptions& options)
    : document_(options.resumed),
      started_(document_.value("/run/started"_json_pointer, "")),
      processes_(static_cast<std::size_t>(replication_of(options).processes)) {
  const std::string key = machine_section()["key"];
  const auto text = [&](const char* pointer) {
    return document_.value(Json::json_pointer(pointer), "");
  };
  if (text("/machine/key") != key)
    refuse(options.resume,
           fmt::format("it is from machine '{}', this is '{}'", text("/machine/key"), key));
  if (document_.value("build", Json()) != build_section() ||
      written_at("/proc/self/exe") > started_)
    refuse(options.resume, "this softmark is another build than the one that wrote it");
  if (document_.value("/run/replication"_json_pointer, Json()) != replication_section(options))
    refuse(options.resume,
           "its processes, samples, times, flags or logits are not those asked for now");
  if (text("/run/seed") != fmt::format("{:#x}", options.seed))
    refuse(options.resume,
           fmt::format("its seed is {}, not {:#x}", text("/run/seed"), options.seed));
}

bool Earlier::fill(Series& series) const {
  if (series.kernel && !series.kernel->library.empty() &&
      written_at(series.kernel->library) > started_)
    return false;
  const Json* row = series.kernel
                        ? find(document_.at("measurements"), series, "kernel", series.kernel->id)
                        : find(document_.at("ceilings"), series, "kind",
                               kCeilingNames[static_cast<std::size_t>(series.ceiling)]);
  if (!row) return false;
  series.status = row->value("status", "ok");
  series.message = row->value("message", "");
  series.pinned = row->value("pinned", true);
  for (const Json& process : row->at("samples")) {
    std::vector<double>& samples = series.samples.emplace_back();
    for (const Json& sample : process) samples.push_back(sample.get<double>() * series.elements());
  }
  if (series.status != "ok") return true;
  if (row->value("cycles_per_element", Json()).is_number()) {
    const double rate = row->at("cycles_per_element").get<double>() /
                        row->at("ns_per_element").at("median").get<double>();
    series.cycles_per_nanosecond.assign(series.samples.size(), rate);
    series.clock = row->at("cycle_clock");
  }
  return series.samples.size() == processes_;
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
