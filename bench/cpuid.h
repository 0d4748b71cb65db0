// SPDX-License-Identifier: Apache-2.0
// The processor as CPUID and /proc identify it; its common name is derived only when shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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
  /// Highway's targets that processor and system both allow, from the least: "SSSE3" ... "AVX3".
  std::vector<std::string> targets;
  /// The feature registers as they are, to identify the machine: CPUID's "1.ecx" ... "7.edx"; on
  /// other architectures Linux's "hwcap" and "hwcap2".
  std::vector<std::pair<std::string, std::uint64_t>> raw;
};
Cpuid read_cpuid();

/// "Zen 5", "Sapphire Rapids", or a description of a contradiction: a hypervisor may pass a model
/// number that does not match the features. Empty for processors missing in the table.
std::string microarchitecture(const Cpuid& cpu);

}  // namespace softmark::bench
