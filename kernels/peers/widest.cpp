// SPDX-License-Identifier: Apache-2.0
// The front end of a peer that is compiled once for each instruction set: exports the kernels of
// the widest build that this CPU supports, softmark_peer_NAME.AVX512.so beside
// softmark_peer_NAME.so. The builds are separate libraries, because linking them together would let
// inline functions of one replace another's. Calls have no overhead.
#include <dlfcn.h>

#include <string>

#include "kernels/softmark.h"

namespace {

using PluginFn = const softmark_kernel* (*)(uint32_t, size_t*);
using VersionFn = const char* (*)();

const char* widest() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("aes") &&
                    __builtin_cpu_supports("pclmul");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return "AVX512";
  return avx2 ? "AVX2" : "SSE4";
#else
  return "BASELINE";
#endif
}

/// The build's library; nullptr where it is missing or cannot be loaded.
void* build() {
  static void* handle = [] {
    Dl_info self;
    if (!dladdr(reinterpret_cast<const void*>(&widest), &self)) return static_cast<void*>(nullptr);
    const std::string path = self.dli_fname;
    return dlopen((path.substr(0, path.rfind('.') + 1) + widest() + ".so").c_str(),
                  RTLD_NOW | RTLD_LOCAL);
  }();
  return handle;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(uint32_t abi_version,
                                                                              size_t* count) {
  if (!build()) return nullptr;
  return reinterpret_cast<PluginFn>(dlsym(build(), "softmark_plugin"))(abi_version, count);
}

__attribute__((visibility("default"))) const char* softmark_peer_isa(void) { return widest(); }

__attribute__((visibility("default"))) const char* softmark_peer_version(void) {
  if (!build()) return "";
  return reinterpret_cast<VersionFn>(dlsym(build(), "softmark_peer_version"))();
}

}  // extern "C"
