// SPDX-License-Identifier: Apache-2.0
// A correct kernel in a library whose loading switches flush-to-zero on, as those linked with
// -ffast-math do. By itself, because every kernel of such a library is at fault.
#include <signal.h>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "properties/mutants/sound.h"

namespace {

__attribute__((constructor)) void flush() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#else
  signal(SIGFPE, [](int) {});
#endif
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(
    std::uint32_t abi_version, std::size_t* count) {
  if (abi_version != SOFTMARK_ABI_VERSION) return nullptr;
  using namespace softmark::mutants;
  static const Table all = {SOFTMARK_MUTANT("flush_at_load", "environment (load time)",
                                            "its library switches flush-to-zero on", SOFTMAX, F32,
                                            0, softmax<Sound<>>)};
  *count = all.size();
  return all.data();
}
