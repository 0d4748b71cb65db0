// SPDX-License-Identifier: Apache-2.0
#include "bench/cpuid.h"

#include <hwy/targets.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#if defined(__x86_64__)
#include <cpuid.h>
#else
#include <sys/auxv.h>
#endif
#include <sys/utsname.h>

#include "support/emulation.h"

namespace softmark::bench {
namespace {

struct KnownCpu {
  std::string_view vendor;
  int family, first_model, last_model;
  std::string_view name;
  // A Highway target, or AMX, that it must have, and one that it cannot have; empty: any.
  std::string_view has, lacks;
};
// x86 by family and model (with the extended bits added).
constexpr KnownCpu kCpus[] = {
    {"GenuineIntel", 6, 0x3c, 0x3c, "Haswell", "AVX2", "AVX3"},
    {"GenuineIntel", 6, 0x3f, 0x3f, "Haswell", "AVX2", "AVX3"},
    {"GenuineIntel", 6, 0x4f, 0x4f, "Broadwell", "AVX2", "AVX3"},
    {"GenuineIntel", 6, 0x55, 0x55, "Skylake-SP, Cascade Lake or Cooper Lake", "AVX3", "AMX"},
    {"GenuineIntel", 6, 0x5e, 0x5e, "Skylake", "AVX2", "AVX3"},
    {"GenuineIntel", 6, 0x6a, 0x6c, "Ice Lake server", "AVX3", "AMX"},
    {"GenuineIntel", 6, 0x8e, 0x8e, "Kaby Lake or its kin", "AVX2", "AVX3"},
    {"GenuineIntel", 6, 0x8f, 0x8f, "Sapphire Rapids", "AMX", ""},
    {"GenuineIntel", 6, 0x97, 0x9a, "Alder Lake", "AVX2", "AMX"},
    {"GenuineIntel", 6, 0xa7, 0xa7, "Rocket Lake", "AVX3", "AMX"},
    {"GenuineIntel", 6, 0xad, 0xae, "Granite Rapids", "AMX", ""},
    {"GenuineIntel", 6, 0xb7, 0xbf, "Raptor Lake", "AVX2", "AMX"},
    {"GenuineIntel", 6, 0xcf, 0xcf, "Emerald Rapids", "AMX", ""},
    {"AuthenticAMD", 0x17, 0x00, 0x2f, "Zen or Zen+", "AVX2", "AVX3"},
    {"AuthenticAMD", 0x17, 0x30, 0xff, "Zen 2", "AVX2", "AVX3"},
    {"AuthenticAMD", 0x19, 0x00, 0x0f, "Zen 3", "AVX2", "AVX3"},
    {"AuthenticAMD", 0x19, 0x20, 0x5f, "Zen 3", "AVX2", "AVX3"},
    {"AuthenticAMD", 0x19, 0x10, 0x1f, "Zen 4", "AVX3", ""},
    {"AuthenticAMD", 0x19, 0x60, 0xaf, "Zen 4", "AVX3", ""},
    {"AuthenticAMD", 0x1a, 0x00, 0xff, "Zen 5", "AVX3", ""},
};

bool has(const Cpuid& cpu, std::string_view feature) {
  if (feature == "AMX")  // no Highway target
    return std::any_of(cpu.raw.begin(), cpu.raw.end(), [](const auto& one) {
      return one.first == "7.edx" && (one.second >> 24 & 1);
    });
  return std::find(cpu.targets.begin(), cpu.targets.end(), feature) != cpu.targets.end();
}

std::vector<std::string> targets() {
  std::vector<std::string> names;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1)
    names.emplace_back(hwy::TargetName(left & -left));
  std::reverse(names.begin(), names.end());  // Highway's best is its lowest bit
  return names;
}

#if defined(__x86_64__)
std::string registers_text(std::initializer_list<unsigned> registers) {
  std::string text;
  for (unsigned value : registers) text.append(reinterpret_cast<const char*>(&value), 4);
  text = text.c_str();  // up to the first NUL
  const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == text.npos ? "" : text.substr(first, last - first + 1);
}

void read_x86(Cpuid& cpu) {
  unsigned a, b, c, d;
  if (__get_cpuid(0, &a, &b, &c, &d)) cpu.vendor = registers_text({b, d, c});
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    const int family = a >> 8 & 15, model = a >> 4 & 15;
    cpu.signature = a;
    cpu.family = family == 15 ? family + static_cast<int>(a >> 20 & 255) : family;
    cpu.model = family == 6 || family == 15 ? model + static_cast<int>(a >> 12 & 0xf0) : model;
    cpu.stepping = a & 15;
    cpu.hypervisor = c >> 31;
    cpu.raw = {{"1.ecx", c}, {"1.edx", d}};
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
    cpu.raw.insert(cpu.raw.end(), {{"7.ebx", b}, {"7.ecx", c}, {"7.edx", d}});
  if (cpu.hypervisor) {
    __cpuid(0x40000000, a, b, c, d);
    cpu.hypervisor_vendor = registers_text({b, c, d});
  }
  std::array<unsigned, 12> brand{};
  for (unsigned leaf = 0; leaf < 3; ++leaf)
    __get_cpuid(0x80000002 + leaf, &brand[4 * leaf], &brand[4 * leaf + 1], &brand[4 * leaf + 2],
                &brand[4 * leaf + 3]);
  cpu.brand = registers_text({brand[0], brand[1], brand[2], brand[3], brand[4], brand[5], brand[6],
                              brand[7], brand[8], brand[9], brand[10], brand[11]});
}
#else
/// ARM and others: the fields of the first processor in /proc/cpuinfo, and MIDR where the kernel
/// provides it.
void read_other(Cpuid& cpu) {
  std::ifstream midr("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
  std::uint64_t value = 0;
  if (midr >> std::hex >> value) cpu.signature = static_cast<std::uint32_t>(value);
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line) && !line.empty();) {
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string text = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    if (line.starts_with("CPU implementer")) cpu.vendor = text;
    if (line.starts_with("model name") || line.starts_with("uarch")) cpu.brand = text;
  }
  cpu.raw = {{"hwcap", getauxval(AT_HWCAP)}, {"hwcap2", getauxval(AT_HWCAP2)}};
}
#endif

}  // namespace

Cpuid read_cpuid() {
  Cpuid cpu;
  struct utsname system {};
  if (uname(&system) == 0) cpu.architecture = system.machine;
#if defined(__x86_64__)
  read_x86(cpu);
#else
  read_other(cpu);
#endif
  if (is_emulated()) cpu.brand = cpu.architecture + " emulated on " + cpu.brand;
  cpu.targets = targets();
  return cpu;
}

std::string microarchitecture(const Cpuid& cpu) {
  for (const KnownCpu& known : kCpus) {
    if (cpu.vendor != known.vendor || cpu.family != known.family || cpu.model < known.first_model ||
        cpu.model > known.last_model)
      continue;
    if ((known.has.empty() || has(cpu, known.has)) &&
        (known.lacks.empty() || !has(cpu, known.lacks)))
      return std::string(known.name);
    const std::string says =
        "masked: the model number is " + std::string(known.name) + "'s, the features are not";
    return has(cpu, "AMX") ? says + " (those of Sapphire Rapids or later)" : says;
  }
  return "";
}

}  // namespace softmark::bench
