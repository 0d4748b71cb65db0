// SPDX-License-Identifier: Apache-2.0
// The document's `build`. Flags alone do not determine what the compiler may use (-march=native
// differs between machines), so the macros that the compiler defined for this file are recorded
// too.
#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <hwloc.h>

#include "bench/machine.h"

namespace softmark::bench {
namespace {

std::vector<std::string> isa_macros() {
  std::vector<std::string> macros;
#ifdef __SSE2__
  macros.push_back("__SSE2__");
#endif
#ifdef __SSE4_2__
  macros.push_back("__SSE4_2__");
#endif
#ifdef __AVX__
  macros.push_back("__AVX__");
#endif
#ifdef __F16C__
  macros.push_back("__F16C__");
#endif
#ifdef __FMA__
  macros.push_back("__FMA__");
#endif
#ifdef __AVX2__
  macros.push_back("__AVX2__");
#endif
#ifdef __AVX512F__
  macros.push_back("__AVX512F__");
#endif
#ifdef __ARM_NEON
  macros.push_back("__ARM_NEON");
#endif
#ifdef __ARM_FEATURE_SVE
  macros.push_back("__ARM_FEATURE_SVE");
#endif
#ifdef __riscv_vector
  macros.push_back("__riscv_vector");
#endif
#ifdef __FAST_MATH__
  macros.push_back("__FAST_MATH__");
#endif
  return macros;
}

}  // namespace

Json build_section() {
#if defined(__clang__)
  const std::string compiler = "Clang " __clang_version__;
#else
  const std::string compiler = "GCC " __VERSION__;
#endif
  const unsigned hwloc = hwloc_get_api_version();
  return {{"compiler", compiler},
          {"type", SOFTMARK_BUILD_TYPE},
          {"flags", SOFTMARK_BUILD_FLAGS},
          {"isa_macros", isa_macros()},
          {"libraries",
           {{"glibc", gnu_get_libc_version()},
            {"google_benchmark", SOFTMARK_BENCHMARK_VERSION},
            {"hwloc", fmt::format("{}.{}.{}", hwloc >> 16, hwloc >> 8 & 255, hwloc & 255)}}}};
}

}  // namespace softmark::bench
