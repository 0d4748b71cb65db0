// SPDX-License-Identifier: Apache-2.0
// libtorch (pytorch/pytorch): the light half, which can be listed without loading the library.
// libtorch_ops.cpp, linked to the library, is loaded when a kernel is about to run, after the
// widest instruction set has been requested: by default 1.13 stays at AVX2.
#include <dlfcn.h>
#include <torch/version.h>  // only its package knows which patch Debian's is

#include <cmath>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "kernels/softmark.h"

namespace {

constexpr softmark_kernel entry(softmark_op op, softmark_dtype dtype, const char* summary,
                                std::uint32_t claims) {
  return {"libtorch",          summary,  op,     dtype, SOFTMARK_THREADED | claims,
          SOFTMARK_MASKED_NAN, INFINITY, nullptr};
}

softmark_kernel kernels[] = {
#define SOFTMARK_TORCH(op, summary, claims)                                           \
  entry(op, SOFTMARK_F32, summary, claims), entry(op, SOFTMARK_F64, summary, claims), \
      entry(op, SOFTMARK_BF16, summary, claims),
#include "kernels/peers/libtorch.def"
};
constexpr std::size_t kCount = std::size(kernels);

softmark_fn loaded[kCount];

template <std::size_t I>
int run(const softmark_args* args) {
  return loaded[I] ? loaded[I](args) : 1;
}

template <std::size_t... I>
void set_runs(std::index_sequence<I...>) {
  ((kernels[I].run = run<I>), ...);
}

const char* widest() {
  if (const char* chosen = std::getenv("ATEN_CPU_CAPABILITY")) return chosen;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    return "avx512";
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "avx2" : "default";
#else
  return "default";
#endif
}

}  // namespace

#define SOFTMARK_EXPORT extern "C" __attribute__((visibility("default")))

SOFTMARK_EXPORT const softmark_kernel* softmark_plugin(uint32_t abi_version, size_t* count) {
  *count = kCount;
  set_runs(std::make_index_sequence<kCount>());
  return abi_version == SOFTMARK_ABI_VERSION ? kernels : nullptr;
}

SOFTMARK_EXPORT const char* softmark_peer_version() { return SOFTMARK_TORCH_VERSION; }
SOFTMARK_EXPORT const char* softmark_peer_isa() { return widest(); }

SOFTMARK_EXPORT const char* softmark_peer_prepare(size_t index) {
  static std::string why;
  setenv("ATEN_CPU_CAPABILITY", widest(), 0);
  Dl_info here;
  dladdr(reinterpret_cast<const void*>(&softmark_peer_prepare), &here);
  const std::string path = here.dli_fname;
  void* library = dlopen((path.substr(0, path.rfind('/')) + "/softmark_libtorch_ops.so").c_str(),
                         RTLD_NOW | RTLD_LOCAL);
  if (!library) return (why = "libtorch cannot be loaded: " + std::string(dlerror())).c_str();
  const auto find = reinterpret_cast<softmark_fn (*)(softmark_op, softmark_dtype)>(
      dlsym(library, "softmark_libtorch_op"));
  loaded[index] = find(kernels[index].op, kernels[index].dtype);
  return nullptr;
}
