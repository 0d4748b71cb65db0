// SPDX-License-Identifier: Apache-2.0
#include "bench/warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "bench/examine.h"
#include "bench/load.h"
#include "bench/machine.h"
#include "bench/neighbours.h"

namespace softmark::bench {
namespace {

constexpr double kWidest = 0.15, kMostShare = 1.1, kBusy = 0.2, kLookSeconds = 0.2;

std::string named(const Json& m) {
  return fmt::format("{} at {}, {} thread{}", m["kernel"].get<std::string>(),
                     m["workload"].get<std::string>(), m["threads"].get<int>(),
                     m["threads"] == 1 ? "" : "s");
}

/// "3 of 40 measurements <what>: a, b, c"; nothing where there are none.
void add_list(std::vector<std::string>& warnings, std::size_t all, const std::string& what,
              const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  if (names.empty()) return;
  const std::size_t shown = std::min(names.size(), kShown);
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(shown));
  warnings.push_back(fmt::format("{} of {} measurements {}: {}{}", names.size(), all, what,
                                 fmt::join(first, "; "), names.size() > kShown ? "; ..." : ""));
}

void warn_about_pages(const BenchOptions& options, const std::vector<Series>& series,
                      std::vector<std::string>& warnings) {
  const auto has_other = [](const Series& one) {
    return std::any_of(one.processes.begin(), one.processes.end(),
                       [](const ReplicateResult& process) { return process.pages != "2m"; });
  };
  const bool some = std::any_of(series.begin(), series.end(), has_other);
  if (options.pages.value_or(Pages::k2m) == Pages::k2m && some)
    warnings.push_back(
        "some buffers have pages of 4 KiB: the system gave none of 2 MiB (`echo madvise > "
        "/sys/kernel/mm/transparent_hugepage/enabled` as root; --pages 4k makes all alike)");
}

std::string warning_of_neighbours(const std::vector<Series>& series) {
  std::vector<double> looks;
  for (const Series& one : series)
    for (const ReplicateResult& process : one.processes)
      looks.insert(looks.end(), process.additions.begin(), process.additions.end());
  const std::string sentence = sentence_of(sharing_of(std::move(looks)));
  return sentence.empty()
             ? ""
             : sentence + ": measure again when it is quiet, or on a machine of its own";
}

}  // namespace

std::vector<std::string> warnings_before(const Json& machine) {
  constexpr const char* kSubjects[] = {"governor", "turbo", "cpu_quota"};
  std::vector<std::string> warnings;
  if (const double busy = busy_cpus(kLookSeconds); busy > kBusy)
    warnings.push_back(fmt::format(
        "load before the start: other work keeps {:.1f} CPUs busy; stop it, or wait until it ends",
        busy));
  for (const Finding& finding : examine(machine))
    if (finding.state == Finding::kNoisy && std::find(std::begin(kSubjects), std::end(kSubjects),
                                                      finding.subject) != std::end(kSubjects))
      warnings.push_back(fmt::format("{} before the start: {}; {}", finding.subject,
                                     finding.finding, finding.advice));
  return warnings;
}

std::vector<std::string> warnings_of(const BenchOptions& options,
                                     const std::vector<Series>& series) {
  std::vector<std::string> warnings;
  const std::size_t llc = last_level_cache_bytes(), pool = cold_pool_bytes();
  if (options.cold && pool < 4 * llc)
    warnings.push_back(fmt::format(
        "cold cache: the pool of {} MiB is {:.1f} times the last-level cache of {} MiB (4 times is "
        "wanted); part of it may still be cached",
        pool >> 20, static_cast<double>(pool) / static_cast<double>(llc), llc >> 20));
  for (Ceiling kind : {Ceiling::kNontemporalCopy, Ceiling::kFma})
    if (const Series wanted = plan_ceiling(kind, Series()); wanted.status != "ok")
      warnings.push_back(fmt::format(
          "no {} ceiling: {}", kCeilingNames[static_cast<std::size_t>(kind)], wanted.message));
  if (options.pin && std::any_of(series.begin(), series.end(), [](const Series& s) {
        return s.threads == 1 && s.status == "ok" && !s.pinned();
      }))
    warnings.push_back(
        "single threads could not be pinned to a core; they may have moved between cores");
  warn_about_pages(options, series, warnings);
  if (std::string shared = warning_of_neighbours(series); !shared.empty())
    warnings.push_back(std::move(shared));
  return warnings;
}

std::vector<std::string> doubts(const Json& measurements) {
  std::vector<std::string> disturbed, wide, above;
  std::size_t ok = 0;
  for (const Json& m : measurements) {
    if (m["status"] != "ok") continue;
    ++ok;
    if (m["disturbed"] != 0)
      disturbed.push_back(fmt::format("{} ({} of {} processes)", named(m),
                                      m["disturbed"].get<int>(), m["processes"].get<int>()));
    const Json& ns = m["ns_per_element"];
    const double middle = ns["median"].get<double>();
    if (ns["ci95"].is_array())
      if (const double width = ns["ci95"][1].get<double>() - ns["ci95"][0].get<double>();
          width > kWidest * middle)
        wide.push_back(fmt::format("{} ({:.0f} %)", named(m), 100 * width / middle));
    if (m["of_ceiling"].is_number() && m["of_ceiling"].get<double>() > kMostShare)
      above.push_back(fmt::format("{} ({:.0f} % of {})", named(m),
                                  100 * m["of_ceiling"].get<double>(),
                                  m["ceiling"].get<std::string>()));
  }
  std::vector<std::string> warnings;
  add_list(warnings, ok,
           "stayed disturbed by other work on their cores: measure them again when this machine is "
           "idle",
           disturbed);
  add_list(warnings, ok, "have an interval wider than 15 % of their time", wide);
  add_list(warnings, ok,
           "are faster than 110 % of their ceiling, which was disturbed or does not fit", above);
  return warnings;
}

}  // namespace softmark::bench
