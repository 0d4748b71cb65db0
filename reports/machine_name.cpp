// SPDX-License-Identifier: Apache-2.0
#include "reports/machine_name.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

struct Design {
  long long family, model, last_model, stepping, last_stepping;
  const char* name;
};

// Family and model as CPUID gives them, extended parts added. Sources: Intel's Software Developer's
// Manual, volume 4, table 2-1; AMD's processor programming references.
constexpr Design kIntel[] = {
    {6, 0x3c, 0x3c, 0, 15, "Intel Haswell"},         {6, 0x3f, 0x3f, 0, 15, "Intel Haswell-EP"},
    {6, 0x4f, 0x4f, 0, 15, "Intel Broadwell-EP"},    {6, 0x56, 0x56, 0, 15, "Intel Broadwell-DE"},
    {6, 0x4e, 0x4e, 0, 15, "Intel Skylake"},         {6, 0x5e, 0x5e, 0, 15, "Intel Skylake"},
    {6, 0x55, 0x55, 0, 4, "Intel Skylake-SP"},       {6, 0x55, 0x55, 5, 7, "Intel Cascade Lake"},
    {6, 0x55, 0x55, 10, 11, "Intel Cooper Lake"},    {6, 0x8e, 0x8e, 0, 15, "Intel Kaby Lake"},
    {6, 0x9e, 0x9e, 0, 15, "Intel Coffee Lake"},     {6, 0xa5, 0xa6, 0, 15, "Intel Comet Lake"},
    {6, 0xa7, 0xa7, 0, 15, "Intel Rocket Lake"},     {6, 0x7d, 0x7e, 0, 15, "Intel Ice Lake"},
    {6, 0x6a, 0x6a, 0, 15, "Intel Ice Lake-SP"},     {6, 0x6c, 0x6c, 0, 15, "Intel Ice Lake-D"},
    {6, 0x8c, 0x8d, 0, 15, "Intel Tiger Lake"},      {6, 0x97, 0x97, 0, 15, "Intel Alder Lake"},
    {6, 0x9a, 0x9a, 0, 15, "Intel Alder Lake"},      {6, 0xb7, 0xb7, 0, 15, "Intel Raptor Lake"},
    {6, 0xba, 0xba, 0, 15, "Intel Raptor Lake"},     {6, 0xbf, 0xbf, 0, 15, "Intel Raptor Lake"},
    {6, 0xaa, 0xaa, 0, 15, "Intel Meteor Lake"},     {6, 0xac, 0xac, 0, 15, "Intel Meteor Lake"},
    {6, 0xbd, 0xbd, 0, 15, "Intel Lunar Lake"},      {6, 0xc5, 0xc6, 0, 15, "Intel Arrow Lake"},
    {6, 0x8f, 0x8f, 0, 15, "Intel Sapphire Rapids"}, {6, 0xcf, 0xcf, 0, 15, "Intel Emerald Rapids"},
    {6, 0xad, 0xae, 0, 15, "Intel Granite Rapids"},  {6, 0xaf, 0xaf, 0, 15, "Intel Sierra Forest"},
};
constexpr Design kAmd[] = {
    {0x17, 0x00, 0x0f, 0, 15, "AMD Zen (Naples)"},
    {0x17, 0x10, 0x2f, 0, 15, "AMD Zen"},
    {0x17, 0x30, 0x3f, 0, 15, "AMD Zen 2 (Rome)"},
    {0x17, 0x40, 0xff, 0, 15, "AMD Zen 2"},
    {0x19, 0x00, 0x0f, 0, 15, "AMD Zen 3 (Milan)"},
    {0x19, 0x20, 0x5f, 0, 15, "AMD Zen 3"},
    {0x19, 0x10, 0x1f, 0, 15, "AMD Zen 4 (Genoa)"},
    {0x19, 0x60, 0x7f, 0, 15, "AMD Zen 4"},
    {0x19, 0xa0, 0xaf, 0, 15, "AMD Zen 4c (Bergamo)"},
    {0x1a, 0x00, 0x0f, 0, 15, "AMD Zen 5 (Turin)"},
    {0x1a, 0x10, 0x1f, 0, 15, "AMD Zen 5c (Turin)"},
    {0x1a, 0x20, 0x7f, 0, 15, "AMD Zen 5"},
};
// MIDR_EL1: implementer in bits 31 to 24, part number in bits 15 to 4.
struct Part {
  unsigned long implementer, part;
  const char* name;
};
constexpr Part kArm[] = {
    {0x41, 0xd07, "Arm Cortex-A57"},  {0x41, 0xd08, "Arm Cortex-A72"},
    {0x41, 0xd0b, "Arm Cortex-A76"},  {0x41, 0xd0c, "Arm Neoverse N1"},
    {0x41, 0xd40, "Arm Neoverse V1"}, {0x41, 0xd49, "Arm Neoverse N2"},
    {0x41, 0xd4f, "Arm Neoverse V2"}, {0x41, 0xd83, "Arm Neoverse V3"},
    {0x41, 0xd8e, "Arm Neoverse N3"}, {0xc0, 0xac3, "Ampere AmpereOne"},
    {0x46, 0x001, "Fujitsu A64FX"},
};

template <std::size_t kCount>
std::string design_of(const Design (&designs)[kCount], const Json& identity) {
  const long long family = count_of(identity, "family"), model = count_of(identity, "model"),
                  stepping = count_of(identity, "stepping");
  for (const Design& d : designs)
    if (d.family == family && d.model <= model && model <= d.last_model && d.stepping <= stepping &&
        stepping <= d.last_stepping)
      return d.name;
  return "";
}

std::string arm_name(const Json& identity) {
  const unsigned long midr = std::strtoul(text_of(identity, "signature").c_str(), nullptr, 16);
  for (const Part& part : kArm)
    if (part.implementer == midr >> 24 && part.part == ((midr >> 4) & 0xfff)) return part.name;
  return "";
}

/// The widest of the instruction sets, which have Highway's names, in the words of their makers.
std::string isa_name(const Json& identity) {
  constexpr const char* kWidest[][2] = {{"AVX10", "AVX-512"}, {"AVX3", "AVX-512"}, {"AVX2", "AVX2"},
                                        {"SVE2", "SVE2"},     {"SVE", "SVE"},      {"NEON", "NEON"},
                                        {"RVV", "RVV"},       {"SSE4", "SSE4"}};
  const Json& isa = field(identity, "isa");
  for (const auto& [prefix, words] : kWidest)
    for (const Json& name : isa)
      if (name.is_string() && name.get_ref<const std::string&>().starts_with(prefix)) return words;
  return "";
}

}  // namespace

std::string cpu_name(const Json& identity) {
  const std::string vendor = text_of(identity, "vendor");
  std::string name = vendor == "GenuineIntel"                         ? design_of(kIntel, identity)
                     : vendor == "AuthenticAMD"                       ? design_of(kAmd, identity)
                     : text_of(identity, "architecture") == "aarch64" ? arm_name(identity)
                                                                      : "";
  if (name.empty()) name = text_of(identity, "brand");
  if (name.empty()) name = text_of(identity, "cpu");
  return one_line(name);
}

std::string machine_name(const Json& document) {
  const Json& machine = field(document, "machine");
  const Json& identity = field(machine, "identity");
  std::string name = cpu_name(identity);
  if (name.empty()) {
    const std::string key = one_line(text_of(machine, "key"));
    return key.empty() ? "unknown machine" : key;
  }
  if (const std::string isa = isa_name(identity); !isa.empty()) name += ", " + isa;
  if (const long long cores = count_of(identity, "cores"); cores > 0)
    name += fmt::format(", {} core{}", cores, cores == 1 ? "" : "s");
  if (truth_of(field(machine, "environment"), "virtualised")) name += ", virtual";
  return name;
}

}  // namespace softmark
