// SPDX-License-Identifier: Apache-2.0
// The processor as CPUID and /proc identify it; its common name is derived only when shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace softmark::bench {

struct Cpuid {
  std::string architecture;  // "x86_64", "aarch64"
  // As the processor (or its hypervisor) reports them; empty where it reports nothing.
  std::string vendor, brand;
  int family = -1, model = -1, stepping = -1;  // -1 where the architecture has none
  std::uint32_t signature = 0;                 // x86: leaf 1 eax; ARM: MIDR_EL1
  bool hypervisor = false;
  std::string hypervisor_vendor;
  // Instruction sets of a fixed list that both the processor and the system support.
  std::vector<std::string> features;
};
Cpuid read_cpuid();

/// "Zen 5", "Sapphire Rapids", or a description of a contradiction: a hypervisor may pass a model
/// number that does not match the features. Empty for processors missing in the table.
std::string microarchitecture(const Cpuid& cpu);

}  // namespace softmark::bench
