// SPDX-License-Identifier: Apache-2.0
// Correct kernels that change the state of the process.
#include <fcntl.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

constexpr auto kBlock = [] {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
};
constexpr auto kHandle = [] { signal(SIGSEGV, [](int) { _exit(1); }); };
constexpr auto kIgnore = [] { signal(SIGPIPE, SIG_IGN); };
constexpr auto kFlush = [] {
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
  std::uint64_t fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | 1 << 24));
#endif
};
constexpr auto kRound = [] {  // of the vector unit alone
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr((_mm_getcsr() & ~0x6000u) | 0x2000);
#elif defined(__aarch64__)
  std::uint64_t fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | 1 << 23));
#endif
};
constexpr auto kThread = [] { std::thread([] { sleep(3600); }).detach(); };
constexpr auto kChild = [] {
  if (fork() == 0) {
    sleep(3600);
    _exit(0);
  }
};
constexpr auto kChdir = [] {
  if (chdir("/") != 0) std::abort();
};
constexpr auto kOpen = [] {
  if (open("/dev/null", O_RDONLY) < 0) std::abort();
};
constexpr auto kInvalid = [] {
  volatile float start = -kInf<float>, difference = start - start;
  static_cast<void>(difference);
};
constexpr auto kLeak = [] {
  volatile char* lost = static_cast<char*>(std::malloc(1 << 20));
  for (int i = 0; lost && i < 1 << 20; i += 4096) lost[i] = 1;
};

}  // namespace

Table environment_mutants() {
  return {
      SOFTMARK_MUTANT("leaves_flushing", "environment", "flush-to-zero stays on", SOFTMAX, F32, 0,
                      and_besides<kFlush>),
      SOFTMARK_MUTANT("leaves_rounding", "environment", "the rounding mode stays upward", SOFTMAX,
                      F32, 0, and_besides<[] { fesetround(FE_UPWARD); }>),
      SOFTMARK_MUTANT("leaves_rounding_of_vectors", "environment",
                      "the rounding mode of the vector unit alone stays downward", SOFTMAX, F32, 0,
                      and_besides<kRound>),
      SOFTMARK_MUTANT("leaves_traps", "environment", "division by zero traps", SOFTMAX, F32, 0,
                      and_besides<[] { feenableexcept(FE_DIVBYZERO); }>),
      SOFTMARK_MUTANT("blocks_signal", "environment", "SIGINT stays blocked", SOFTMAX, F32, 0,
                      and_besides<kBlock>),
      SOFTMARK_MUTANT("handles_segv", "environment", "installs a handler of SIGSEGV", SOFTMAX, F32,
                      0, and_besides<kHandle>),
      SOFTMARK_MUTANT("ignores_pipe", "environment", "ignores SIGPIPE from now on", SOFTMAX, F32, 0,
                      and_besides<kIgnore>),
      SOFTMARK_MUTANT("prints", "environment", "prints to standard output", SOFTMAX, F32, 0,
                      and_besides<[] { std::puts("softmax done"), std::fflush(stdout); }>),
      SOFTMARK_MUTANT("prints_errors", "environment", "prints to standard error", SOFTMAX, F32, 0,
                      and_besides<[] { std::fputs("softmax done\n", stderr); }>),
      SOFTMARK_MUTANT("changes_folder", "environment", "changes the working directory", SOFTMAX,
                      F32, 0, and_besides<kChdir>),
      SOFTMARK_MUTANT("closes_input", "environment", "closes standard input", SOFTMAX, F32, 0,
                      and_besides<[] { close(0); }>),
      SOFTMARK_MUTANT("leaks_descriptor", "environment", "opens a file and never closes it",
                      SOFTMAX, F32, 0, and_besides<kOpen>),
      SOFTMARK_MUTANT("leaves_thread", "environment", "leaves a thread behind", SOFTMAX, F32, 0,
                      and_besides<kThread>),
      SOFTMARK_MUTANT("leaves_child", "environment", "leaves a child behind", SOFTMAX, F32, 0,
                      and_besides<kChild>),
      SOFTMARK_MUTANT("raises_invalid", "exception_flags",
                      "the running maximum starts with -inf minus -inf", SOFTMAX, F32, 0,
                      and_besides<kInvalid>),
      SOFTMARK_MUTANT("leaks_memory", "environment", "loses a megabyte a call", SOFTMAX, F32, 0,
                      and_besides<kLeak>),
  };
}

}  // namespace softmark::mutants
