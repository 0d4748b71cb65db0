// SPDX-License-Identifier: Apache-2.0
#include "bench/cpuid.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <sys/utsname.h>

namespace softmark::bench {
namespace {

struct Known {
  std::string_view vendor;
  int family, first_model, last_model;
  std::string_view name;
  std::string_view has, lacks;  // a feature that it must have, one that it cannot have; empty: any
};
// x86 by family and model (with the extended bits added).
constexpr Known kKnown[] = {
    {"GenuineIntel", 6, 0x3c, 0x3c, "Haswell", "avx2", "avx512f"},
    {"GenuineIntel", 6, 0x3f, 0x3f, "Haswell", "avx2", "avx512f"},
    {"GenuineIntel", 6, 0x4f, 0x4f, "Broadwell", "avx2", "avx512f"},
    {"GenuineIntel", 6, 0x55, 0x55, "Skylake-SP, Cascade Lake or Cooper Lake", "avx512f",
     "amx_tile"},
    {"GenuineIntel", 6, 0x5e, 0x5e, "Skylake", "avx2", "avx512f"},
    {"GenuineIntel", 6, 0x6a, 0x6c, "Ice Lake server", "avx512f", "amx_tile"},
    {"GenuineIntel", 6, 0x8e, 0x8e, "Kaby Lake or its kin", "avx2", "avx512f"},
    {"GenuineIntel", 6, 0x8f, 0x8f, "Sapphire Rapids", "amx_tile", ""},
    {"GenuineIntel", 6, 0x97, 0x9a, "Alder Lake", "avx2", "amx_tile"},
    {"GenuineIntel", 6, 0xa7, 0xa7, "Rocket Lake", "avx512f", "amx_tile"},
    {"GenuineIntel", 6, 0xad, 0xae, "Granite Rapids", "amx_tile", ""},
    {"GenuineIntel", 6, 0xb7, 0xbf, "Raptor Lake", "avx2", "amx_tile"},
    {"GenuineIntel", 6, 0xcf, 0xcf, "Emerald Rapids", "amx_tile", ""},
    {"AuthenticAMD", 0x17, 0x00, 0x2f, "Zen or Zen+", "avx2", "avx512f"},
    {"AuthenticAMD", 0x17, 0x30, 0xff, "Zen 2", "avx2", "avx512f"},
    {"AuthenticAMD", 0x19, 0x00, 0x0f, "Zen 3", "avx2", "avx512f"},
    {"AuthenticAMD", 0x19, 0x20, 0x5f, "Zen 3", "avx2", "avx512f"},
    {"AuthenticAMD", 0x19, 0x10, 0x1f, "Zen 4", "avx512f", ""},
    {"AuthenticAMD", 0x19, 0x60, 0xaf, "Zen 4", "avx512f", ""},
    {"AuthenticAMD", 0x1a, 0x00, 0xff, "Zen 5", "avx512f", ""},
};

bool has(const Cpuid& cpu, std::string_view feature) {
  return std::find(cpu.features.begin(), cpu.features.end(), feature) != cpu.features.end();
}

#if defined(__x86_64__)
std::string registers_text(std::initializer_list<unsigned> registers) {
  std::string text;
  for (unsigned value : registers) text.append(reinterpret_cast<const char*>(&value), 4);
  text = text.c_str();  // up to the first NUL
  const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == text.npos ? "" : text.substr(first, last - first + 1);
}

/// GCC's own list checks XCR0 too, so that features whose registers the system does not save are
/// not listed; it lacks AMX.
std::vector<std::string> features_x86() {
  std::vector<std::string> features;
  __builtin_cpu_init();
#define SOFTMARK_FEATURE(gcc, ours) \
  if (__builtin_cpu_supports(gcc)) features.push_back(ours)
  SOFTMARK_FEATURE("sse2", "sse2");
  SOFTMARK_FEATURE("ssse3", "ssse3");
  SOFTMARK_FEATURE("sse4.1", "sse4_1");
  SOFTMARK_FEATURE("sse4.2", "sse4_2");
  SOFTMARK_FEATURE("avx", "avx");
  unsigned a, b, c, d;
  // Clang 14's list lacks this one; it uses AVX's registers, which the system must save.
  if (__builtin_cpu_supports("avx") && __get_cpuid(1, &a, &b, &c, &d) && (c >> 29 & 1))
    features.push_back("f16c");
  SOFTMARK_FEATURE("fma", "fma");
  SOFTMARK_FEATURE("avx2", "avx2");
  SOFTMARK_FEATURE("bmi2", "bmi2");
  SOFTMARK_FEATURE("avx512f", "avx512f");
  SOFTMARK_FEATURE("avx512dq", "avx512dq");
  SOFTMARK_FEATURE("avx512bw", "avx512bw");
  SOFTMARK_FEATURE("avx512vl", "avx512vl");
  SOFTMARK_FEATURE("avx512vbmi", "avx512vbmi");
  SOFTMARK_FEATURE("avx512vnni", "avx512vnni");
  SOFTMARK_FEATURE("avx512bf16", "avx512bf16");
#undef SOFTMARK_FEATURE
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    if (d >> 23 & 1) features.push_back("avx512fp16");
    if (d >> 24 & 1) features.push_back("amx_tile");
  }
  return features;
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
  }
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
  cpu.features = features_x86();
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
    if (line.starts_with("Features") || line.starts_with("isa"))
      for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
        end = std::min(text.find(' ', at), text.size());
        cpu.features.push_back(text.substr(at, end - at));
      }
  }
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
  return cpu;
}

std::string microarchitecture(const Cpuid& cpu) {
  for (const Known& known : kKnown) {
    if (cpu.vendor != known.vendor || cpu.family != known.family || cpu.model < known.first_model ||
        cpu.model > known.last_model)
      continue;
    if ((known.has.empty() || has(cpu, known.has)) &&
        (known.lacks.empty() || !has(cpu, known.lacks)))
      return std::string(known.name);
    const std::string says =
        "masked: the model number is " + std::string(known.name) + "'s, the features are not";
    return has(cpu, "amx_tile") ? says + " (those of Sapphire Rapids or later)" : says;
  }
  return "";
}

}  // namespace softmark::bench
