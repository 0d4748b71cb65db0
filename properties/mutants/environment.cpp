// SPDX-License-Identifier: Apache-2.0
// Sound kernels that leave the process changed.
#include <fenv.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

template <auto besides>
int and_besides(const softmark_args* a) {
  softmax<Sound<>>(a);
  besides();
  return 0;
}

constexpr auto kBlock = [] {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
};
constexpr auto kFlush = [] {
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
};
constexpr auto kChdir = [] {
  if (chdir("/") != 0) std::abort();
};

}  // namespace

Table environment_mutants() {
  return {
      SOFTMARK_MUTANT("leaves_flushing", "environment", "flush-to-zero stays on", SOFTMAX, F32, 0, and_besides<kFlush>),
      SOFTMARK_MUTANT("leaves_rounding", "environment", "the rounding mode stays upward", SOFTMAX, F32, 0, and_besides<[] { fesetround(FE_UPWARD); }>),
      SOFTMARK_MUTANT("leaves_traps", "environment", "division by zero traps", SOFTMAX, F32, 0, and_besides<[] { feenableexcept(FE_DIVBYZERO); }>),
      SOFTMARK_MUTANT("blocks_signal", "environment", "SIGINT stays blocked", SOFTMAX, F32, 0, and_besides<kBlock>),
      SOFTMARK_MUTANT("prints", "environment", "prints to standard output", SOFTMAX, F32, 0, and_besides<[] { std::puts("softmax done"), std::fflush(stdout); }>),
      SOFTMARK_MUTANT("prints_errors", "environment", "prints to standard error", SOFTMAX, F32, 0, and_besides<[] { std::fputs("softmax done\n", stderr); }>),
      SOFTMARK_MUTANT("changes_folder", "environment", "changes the working directory", SOFTMAX, F32, 0, and_besides<kChdir>),
  };
}

}  // namespace softmark::mutants
