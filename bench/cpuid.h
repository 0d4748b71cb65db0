// SPDX-License-Identifier: Apache-2.0
// The processor as it names itself, raw; and the name that people know it by, derived only when
// shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace softmark::bench {

struct Cpuid {
  std::string architecture;  // "x86_64", "aarch64"
  std::string vendor,
      brand;  // as the processor (or its hypervisor) says; empty where it says nothing
  int family = -1, model = -1, stepping = -1;  // -1 where the architecture has none
  std::uint32_t signature = 0;                 // x86: leaf 1 eax; ARM: MIDR_EL1
  bool hypervisor = false;
  std::string hypervisor_vendor;
  std::vector<std::string>
      features;  // instruction sets that processor and system both allow, of a fixed list
};
Cpuid read_cpuid();

/// "Zen 5", "Sapphire Rapids", or words that say what is odd: a hypervisor may pass a model number
/// that its features contradict. Empty where the table knows nothing.
std::string microarchitecture(const Cpuid& cpu);

}  // namespace softmark::bench
