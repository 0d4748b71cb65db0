// SPDX-License-Identifier: Apache-2.0
#include "bench/examine.h"

#include <fmt/format.h>

namespace softmark::bench {
namespace {

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A field with one good value: any other value is noise, with advice; null is unknown, with its
/// reason.
Finding expect(const Json& machine, const char* field, const Json& good, const char* advice) {
  const Json& value = machine["environment"][field];
  if (value.is_null()) return {field, Finding::kUnknown, machine["unavailable"][field], ""};
  if (value == good) return {field, Finding::kFine, shown(value), ""};
  return {field, Finding::kNoisy, shown(value), advice};
}

Finding load(const Json& environment) {
  const Json& average = environment["load_average"];
  if (average.is_null()) return {"load", Finding::kUnknown, "no load average", ""};
  const double now = average[0];
  const std::string finding = fmt::format("{:.2f} over the last minute, {} CPUs allowed", now,
                                          environment["allowed_cpus"].get<int>());
  if (now < 0.25) return {"load", Finding::kFine, finding, ""};
  return {"load", Finding::kNoisy, finding,
          "something else runs here: stop it, or wait until the load is below 0.25"};
}

Finding virtualised(const Json& machine) {
  const Json& environment = machine["environment"];
  if (environment["virtualised"].is_null())
    return {"virtualised", Finding::kUnknown, machine["unavailable"]["virtualised"], ""};
  if (environment["virtualised"] == false) return {"virtualised", Finding::kFine, "no", ""};
  return {"virtualised", Finding::kNoisy,
          "yes, by " + environment.value("hypervisor", "an unnamed hypervisor"),
          "times depend on its neighbours: believe ratios of one run, repeat runs at "
          "other hours"};
}

Finding quota(const Json& machine) {
  const Json& value = machine["environment"]["cpu_quota"];
  if (value.is_null())
    return {"cpu_quota", Finding::kUnknown, machine["unavailable"]["cpu_quota"], ""};
  if (value.is_string()) return {"cpu_quota", Finding::kFine, "none", ""};
  return {"cpu_quota", Finding::kNoisy, fmt::format("{:.2f} CPUs", value.get<double>()),
          "the control group is throttled: time outside it, or with at most that many threads"};
}

Finding cpus(const Json& environment) {
  const int allowed = environment["allowed_cpus"];
  if (allowed > 1) return {"cpus", Finding::kFine, fmt::format("{} allowed", allowed), ""};
  return {"cpus", Finding::kNoisy, "only one allowed",
          "thread scaling cannot be seen; everything else on this machine shares the core"};
}

Finding last_cache(const Json& machine) {
  const Json& caches = machine["identity"]["caches"];
  if (caches.empty())
    return {"last_cache", Finding::kUnknown, "hwloc knows no caches",
            "--cache cold rotates over 32 MiB only"};
  const std::size_t bytes = caches.back()["bytes"];
  const std::string finding =
      fmt::format("{} MiB, shared by {}", bytes >> 20, caches.back()["shared_by"].get<int>());
  if (bytes <= std::size_t{256} << 20) return {"last_cache", Finding::kFine, finding, ""};
  return {"last_cache", Finding::kNoisy, finding,
          "--cache cold cannot rotate over four times as much: part of it stays cached"};
}

}  // namespace

std::vector<Finding> examine(const Json& machine) {
  const Json& environment = machine["environment"];
  return {
      load(environment),
      cpus(environment),
      quota(machine),
      virtualised(machine),
      expect(machine, "governor", "performance", "`cpupower frequency-set -g performance` as root"),
      expect(machine, "turbo", false,
             "clocks follow temperature and load: switch turbo off for the run, or compare ratios "
             "of one run only"),
      expect(machine, "smt", false,
             "a sibling thread shares each core: use one CPU of each core (taskset), or switch SMT "
             "off"),
      expect(machine, "clock_source", "tsc",
             "reading the clock is slow: fine for samples of milliseconds, not for single calls"),
      expect(machine, "hardware_counters", true, ""),
      last_cache(machine)};
}

}  // namespace softmark::bench
