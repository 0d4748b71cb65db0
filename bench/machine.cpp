// SPDX-License-Identifier: Apache-2.0
#include "bench/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwloc.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "bench/cpuid.h"
#include "bench/cycles.h"
#include "bench/variables.h"
#include "support/hash.h"

namespace softmark::bench {
namespace {

struct Topology {
  hwloc_topology_t handle = nullptr;
  Topology() {
    if (hwloc_topology_init(&handle) != 0 || hwloc_topology_load(handle) != 0)
      throw Error(kNotMeasurable, "hwloc cannot read this machine's topology");
  }
  ~Topology() { hwloc_topology_destroy(handle); }
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;
};

const Topology& topology() {
  static const Topology loaded;
  return loaded;
}

int count(hwloc_obj_type_t type) {
  return std::max(0, hwloc_get_nbobjs_by_type(topology().handle, type));
}

/// Data and unified caches of the first core, smallest first.
Json caches() {
  Json list = Json::array();
  for (hwloc_obj_t at = hwloc_get_obj_by_type(topology().handle, HWLOC_OBJ_PU, 0); at;
       at = at->parent)
    if (hwloc_obj_type_is_dcache(at->type))
      list.push_back({{"level", at->attr->cache.depth},
                      {"bytes", at->attr->cache.size},
                      {"line_bytes", at->attr->cache.linesize},
                      {"shared_by", hwloc_bitmap_weight(at->cpuset)},
                      {"instances", hwloc_get_nbobjs_by_type(topology().handle, at->type)}});
  return list;
}

std::optional<std::string> first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

/// Fills environment and unavailable together, so that every missing field has a reason.
class Environment {
 public:
  Json known = Json::object(), unavailable = Json::object();

  void set(const std::string& field, Json value) { known[field] = std::move(value); }
  void lack(const std::string& field, const std::string& reason) {
    known[field] = nullptr;
    unavailable[field] = reason;
  }
  void from_file(const std::string& field, const std::string& path) {
    if (const auto line = first_line_of(path))
      set(field, *line);
    else
      lack(field, "no " + path);
  }
};

/// "madvise" from "always [madvise] never".
std::string chosen_of(const std::string& line) {
  const auto open = line.find('['), close = line.find(']');
  return open == line.npos || close == line.npos ? line : line.substr(open + 1, close - open - 1);
}

void add_turbo(Environment& environment) {
  if (const auto off = first_line_of("/sys/devices/system/cpu/intel_pstate/no_turbo"))
    environment.set("turbo", *off == "0");
  else if (const auto boost = first_line_of("/sys/devices/system/cpu/cpufreq/boost"))
    environment.set("turbo", *boost == "1");
  else
    environment.lack("turbo",
                     "neither intel_pstate/no_turbo nor cpufreq/boost in /sys/devices/system/cpu");
}

void add_virtualised(Environment& environment, const Cpuid& cpu) {
  if (cpu.architecture != "x86_64")
    return environment.lack("virtualised", "no CPUID on this architecture");
  environment.set("virtualised", cpu.hypervisor);
  if (cpu.hypervisor) environment.set("hypervisor", cpu.hypervisor_vendor);
}

void add_cpu_quota(Environment& environment) {
  const auto line = first_line_of("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (!line)
    environment.lack("cpu_quota", "no /sys/fs/cgroup/cpu.max");
  else if (std::istringstream(*line) >> quota >> period && period > 0)
    environment.set("cpu_quota", number(quota / period));
  else
    environment.set("cpu_quota", "none");
}

void add_counters(Environment& environment) {
  const bool pmu = access("/sys/bus/event_source/devices/cpu", F_OK) == 0 ||
                   access("/sys/bus/event_source/devices/cpu_core", F_OK) == 0;
  if (pmu)
    environment.set("hardware_counters", true);
  else
    environment.lack("hardware_counters", "no cpu event source in /sys/bus/event_source/devices");
}

void add_cycle_clock(Environment& environment) {
  const CycleClock clock = cycle_clock();
  if (clock.kind.empty())
    environment.lack("cycle_clock", clock.reason);
  else
    environment.set("cycle_clock", clock.kind);
}

void add_frequency(Environment& environment) {
  if (const auto khz = first_line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"))
    environment.set("mhz", number(std::atof(khz->c_str()) / 1000));
  else
    environment.lack("mhz",
                     "no cpufreq for cpu0; /proc/cpuinfo's figure is nominal on such machines");
}

std::string system_name() {
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("PRETTY_NAME="))
      return line.size() > 14 ? line.substr(13, line.size() - 14) : "";
  return "";
}

Environment environment_now(const Cpuid& cpu) {
  Environment environment;
  struct utsname system {};
  uname(&system);
  environment.set("system", system_name());
  environment.set("kernel", std::string(system.sysname) + " " + system.release);
  environment.from_file("governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  add_frequency(environment);
  add_turbo(environment);
  add_virtualised(environment, cpu);
  if (const auto aslr = first_line_of("/proc/sys/kernel/randomize_va_space"))
    environment.set("aslr", *aslr != "0");
  else
    environment.lack("aslr", "no /proc/sys/kernel/randomize_va_space");
  if (const auto smt = first_line_of("/sys/devices/system/cpu/smt/active"))
    environment.set("smt", *smt == "1");
  else
    environment.lack("smt", "no /sys/devices/system/cpu/smt/active");
  if (const auto huge = first_line_of("/sys/kernel/mm/transparent_hugepage/enabled"))
    environment.set("huge_pages", chosen_of(*huge));
  else
    environment.lack("huge_pages", "no /sys/kernel/mm/transparent_hugepage/enabled");
  environment.from_file("clock_source",
                        "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  add_cpu_quota(environment);
  add_counters(environment);
  add_cycle_clock(environment);
  environment.set("allowed_cpus", allowed_cpus().size());
  environment.set("cpus", fmt::format("{}", fmt::join(allowed_cpus(), ",")));
  environment.set("variables", set_variables());
  environment.set("memory_bytes", static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                                      static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
  double load[3];
  if (getloadavg(load, 3) == 3)
    environment.set("load_average", {number(load[0]), number(load[1]), number(load[2])});
  else
    environment.lack("load_average", "getloadavg failed");
  environment.lack("aa_spread", "not measured in this run; `softmark doctor` does");
  return environment;
}

Json identity_of(const Cpuid& cpu) {
  Json identity = {
      {"architecture", cpu.architecture}, {"vendor", cpu.vendor}, {"brand", cpu.brand}};
  if (cpu.family >= 0)
    identity.update({{"family", cpu.family}, {"model", cpu.model}, {"stepping", cpu.stepping}});
  identity["signature"] = fmt::format("{:#010x}", cpu.signature);
  identity["sockets"] = count(HWLOC_OBJ_PACKAGE);
  identity["cores"] = count(HWLOC_OBJ_CORE);
  identity["threads"] = count(HWLOC_OBJ_PU);
  identity["numa_nodes"] = count(HWLOC_OBJ_NUMANODE);
  identity["caches"] = caches();
  identity["isa"] = cpu.targets;
  for (const auto& [name, value] : cpu.raw)
    identity["features"][name] = fmt::format("{:#010x}", value);
  return identity;
}

/// A readable part, and a 64-bit FNV-1a hash over all of identity.
std::string key_of(const Json& identity, const Cpuid& cpu) {
  const std::uint64_t hash = fnv1a(identity.dump(-1, ' ', false, Json::error_handler_t::replace));
  const std::string model = cpu.family >= 0
                                ? fmt::format("{}.{}.{}", cpu.family, cpu.model, cpu.stepping)
                                : fmt::format("{:#x}", cpu.signature);
  return fmt::format("{}-{}-{}-{}c{}t-{:08x}", cpu.architecture,
                     cpu.vendor.empty() ? "unknown" : cpu.vendor, model, count(HWLOC_OBJ_CORE),
                     count(HWLOC_OBJ_PU), static_cast<std::uint32_t>(hash ^ hash >> 32));
}

}  // namespace

Json machine_section() {
  const Cpuid cpu = read_cpuid();
  const Json identity = identity_of(cpu);
  Environment environment = environment_now(cpu);
  return {{"key", key_of(identity, cpu)},
          {"identity", identity},
          {"environment", environment.known},
          {"unavailable", environment.unavailable}};
}

std::size_t cache_bytes(int level) {
  for (const Json& cache : caches())
    if (cache["level"] == level) return cache["bytes"];
  return 0;
}

std::size_t last_level_cache_bytes() {
  const Json all = caches();
  return all.empty() ? 0 : all.back()["bytes"].get<std::size_t>();
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  return cpus;
}

std::vector<int> timing_cpus() {
  const hwloc_topology_t machine = topology().handle;
  const int kinds = hwloc_cpukinds_get_nr(machine, 0);
  std::map<int, std::vector<int>> by_node;  // the first allowed CPU of each core
  std::set<hwloc_obj_t> seen;
  for (int cpu : allowed_cpus()) {
    const hwloc_obj_t unit = hwloc_get_pu_obj_by_os_index(machine, static_cast<unsigned>(cpu));
    if (!unit) return allowed_cpus();
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(machine, HWLOC_OBJ_CORE, unit);
    if (core && !seen.insert(core).second) continue;
    // Kinds are ordered by efficiency: the last is the fastest.
    const int kind = hwloc_cpukinds_get_by_cpuset(machine, unit->cpuset, 0);
    if (kinds > 1 && kind != kinds - 1) continue;
    by_node[hwloc_bitmap_first(unit->nodeset)].push_back(cpu);
  }
  std::vector<int> cpus;
  for (std::size_t i = 0; cpus.size() < seen.size(); ++i) {
    const std::size_t before = cpus.size();
    for (const auto& [node, members] : by_node)
      if (i < members.size()) cpus.push_back(members[i]);
    if (cpus.size() == before) break;
  }
  return cpus.empty() ? allowed_cpus() : cpus;
}

std::vector<int> siblings_of(int cpu) {
  const hwloc_topology_t machine = topology().handle;
  const hwloc_obj_t unit = hwloc_get_pu_obj_by_os_index(machine, static_cast<unsigned>(cpu));
  const hwloc_obj_t core =
      unit ? hwloc_get_ancestor_obj_by_type(machine, HWLOC_OBJ_CORE, unit) : nullptr;
  std::vector<int> siblings;
  if (core)
    for (int other = hwloc_bitmap_first(core->cpuset); other >= 0;
         other = hwloc_bitmap_next(core->cpuset, other))
      if (other != cpu) siblings.push_back(other);
  const bool may_be_hidden = siblings.empty() && read_cpuid().hypervisor;
  if (may_be_hidden && hwloc_get_pu_obj_by_os_index(machine, static_cast<unsigned>(cpu ^ 1)))
    siblings.push_back(cpu ^ 1);
  return siblings;
}

std::size_t available_memory_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    std::size_t kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib << 10;
  }
  return static_cast<std::size_t>(sysconf(_SC_AVPHYS_PAGES)) *
         static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void describe_machine(Json& document) {
  document["machine"] = machine_section();
  document["build"] = build_section();
}

}  // namespace softmark::bench
