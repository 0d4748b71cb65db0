// SPDX-License-Identifier: Apache-2.0
// Compiler flags as kernels: max_shifted_fast_math is portable/max_shifted.cpp compiled with
// -ffast-math.
//
// ftz_daz is the -O2 code with subnormals flushed around each call (x86 only). -march=native is the
// machine that built them: on a CPU without the features that the compiler assumed, those variants
// decline every call.
#include <deque>
#include <string>
#include <vector>
#if defined(__SSE2__)
#include <pmmintrin.h>
#endif

#include "kernels/flags/variant.h"

namespace {

bool runs_here(std::uint32_t needs) {
  std::uint32_t has = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx")) has |= kNeedsAvx;
  if (__builtin_cpu_supports("avx2")) has |= kNeedsAvx2;
  if (__builtin_cpu_supports("fma")) has |= kNeedsFma;
  if (__builtin_cpu_supports("bmi2")) has |= kNeedsBmi2;
  if (__builtin_cpu_supports("avx512f")) has |= kNeedsAvx512f;
  if (__builtin_cpu_supports("avx512vl")) has |= kNeedsAvx512vl;
  if (__builtin_cpu_supports("avx512dq")) has |= kNeedsAvx512dq;
  if (__builtin_cpu_supports("avx512bw")) has |= kNeedsAvx512bw;
  if (__builtin_cpu_supports("avx512vbmi")) has |= kNeedsAvx512vbmi;
  if (__builtin_cpu_supports("fma4")) has |= kNeedsFma4;
#endif
  return (needs & ~has) == 0;
}

/// The widest vectors that the compiler may have used, where the flags ask for those of a CPU; ""
/// for its baseline, whose calls of libm may still use wider ones.
const char* built_for(std::uint32_t needs) {
  if (needs & kNeedsAvx512f) return "built for AVX-512";
  if (needs & (kNeedsAvx2 | kNeedsFma)) return "built for AVX2";
  return needs & kNeedsAvx ? "built for AVX" : "";
}

struct List {
  std::vector<softmark_kernel> kernels;
  std::vector<const char*> isa;   // of each kernel
  std::deque<std::string> texts;  // the names and summaries that the kernels point to

  void add(softmark_kernel kernel, const std::string& variant, const std::string& how,
           std::uint32_t needs) {
    kernel.summary =
        texts.emplace_back("kernels/portable's " + std::string(kernel.name) + ", " + how).c_str();
    kernel.name = texts.emplace_back(std::string(kernel.name) + "_" + variant).c_str();
    kernels.push_back(kernel);
    isa.push_back(built_for(needs));
  }
};

int cannot_run(const softmark_args*) { return 1; }

struct Build {
  const char* name;
  std::string options;
  std::size_t shown;
  VariantKernels (*kernels)();
  std::uint32_t needs;
};

void add_build(List& list, const Build& build) {
  const bool able = runs_here(build.needs);
  std::string how = build.options;
  if (how.find("native") != std::string::npos)
    how += able ? " (built on such a CPU)" : " (of another CPU: cannot run here)";
  // No code of a build that this CPU cannot run is called; the kernels' names are the same in all
  // builds.
  const VariantKernels kernels = able ? build.kernels() : softmark_o2::variant_kernels();
  for (std::size_t i = 0; i < build.shown; ++i) {
    softmark_kernel kernel = *kernels[i];
    if (!able) kernel.run = cannot_run;
    list.add(kernel, build.name, how, build.needs);
  }
}

#if defined(__SSE2__)
int flushed(const softmark_args* args) {
  static const softmark_fn run = softmark_o2::variant_kernels()[0]->run;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
  const int answer = run(args);
  _mm_setcsr(before);
  return answer;
}
#endif

const List& kernels() {
  static const List all = [] {
    List list;
#define SOFTMARK_VARIANT(name, options, shown)                              \
  add_build(list, {#name, options, shown, softmark_##name::variant_kernels, \
                   softmark_##name::variant_needs});
#include "kernels/flags/variants.def"
#undef SOFTMARK_VARIANT
#if defined(__SSE2__)
    softmark_kernel kernel = *softmark_o2::variant_kernels()[0];
    kernel.run = flushed;
    list.add(kernel, "ftz_daz", "-O2, FTZ and DAZ set around each call", 0);
#endif
    return list;
  }();
  return all;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(uint32_t abi_version,
                                                                              size_t* count) {
  if (abi_version != SOFTMARK_ABI_VERSION) return nullptr;
  *count = kernels().kernels.size();
  return kernels().kernels.data();
}

__attribute__((visibility("default"))) const char* softmark_peer_isa_of(size_t index) {
  return kernels().isa.at(index);
}

__attribute__((visibility("default"))) const char* softmark_peer_version(void) {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

}  // extern "C"
