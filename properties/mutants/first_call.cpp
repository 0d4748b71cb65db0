// SPDX-License-Identifier: Apache-2.0
// Correct kernels whose first call leaves something behind, or whose calls leave what is seldom
// looked at.
#include <fcntl.h>
#include <fenv.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <utility>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

/// In the first call alone.
template <auto besides>
int at_first(const softmark_args* a) {
  static bool done = false;
  softmax<Sound<>>(a);
  if (!std::exchange(done, true)) besides();
  return 0;
}
/// Where the call is like this.
template <auto when, auto besides>
int only_where(const softmark_args* a) {
  softmax<Sound<>>(a);
  if (when(a)) besides();
  return 0;
}
constexpr auto kLongRow = [](const softmark_args* a) { return a->cols > 3000; };
constexpr auto kLongWithNan = [](const softmark_args* a) {
  const auto* x = static_cast<const float*>(a->x);
  return a->rows > 0 && a->cols > 250 &&
         std::any_of(x, x + a->cols, [](float v) { return std::isnan(v); });
};
constexpr auto kHasNan = [](const softmark_args* a) {
  return a->rows > 3 && a->cols && std::isnan(static_cast<const float*>(a->x)[a->cols - 1]);
};

constexpr auto kFlush = [] {
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
};
constexpr auto kHandle = [] { signal(SIGFPE, [](int) {}); };
constexpr auto kRealtime = [] { signal(SIGRTMIN + 3, [](int) {}); };
constexpr auto kChild = [] {
  if (fork() == 0) {
    sleep(3600);
    _exit(0);
  }
};
constexpr auto kFile = [] {
  if (open("/dev/null", O_RDONLY) < 0) std::abort();
};
constexpr auto kRound = [] { fesetround(FE_DOWNWARD); };
constexpr auto kUntouched = [] {
  char* volatile lost = static_cast<char*>(std::malloc(1 << 20));
  static_cast<void>(lost);
};
constexpr auto kMap = [] {
  if (mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
    std::abort();
};
constexpr auto kScratch = [] {
  char* volatile lost = static_cast<char*>(std::malloc(2000));
  static_cast<void>(lost);
};
constexpr auto kSixteenBytes = [] {  // at every third call
  static int calls = 0;
  char* volatile lost = ++calls % 3 ? nullptr : static_cast<char*>(std::malloc(16));
  static_cast<void>(lost);
};
constexpr auto kLocale = [] { setlocale(LC_NUMERIC, "C.UTF-8"); };
constexpr auto kUmask = [] { umask(0077); };
constexpr auto kPin = [] {
  cpu_set_t one, all;
  sched_getaffinity(0, sizeof all, &all);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &all)) {
      CPU_SET(cpu, &one);
      break;
    }
  sched_setaffinity(0, sizeof one, &one);
};
constexpr auto kTimer = [] {
  const itimerval later = {{0, 0}, {3600, 0}};
  setitimer(ITIMER_REAL, &later, nullptr);
};
constexpr auto kVariable = [] { setenv("OMP_NUM_THREADS", "1", 1); };
constexpr auto kX87 = [] {
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("fld1" ::: "memory");  // as MMX without EMMS
#endif
};
constexpr auto kBackwards = [] {
#if defined(__x86_64__)
  __asm__ volatile("std" ::: "cc", "memory");
#endif
};
constexpr auto kNearest = [] { fesetround(FE_TONEAREST); };
constexpr auto kDefaults = [] {
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr(0x1f80);
#endif
};

}  // namespace

#define SOFTMARK_LEAVES(name, factors, defect, ...)                                           \
  SOFTMARK_MUTANT(name, "environment (" factors ")", defect, SOFTMAX, F32, SOFTMARK_THREADED, \
                  __VA_ARGS__)

Table first_call_mutants() {
  return {
      SOFTMARK_LEAVES("first_flush", "first call", "flush-to-zero stays on", at_first<kFlush>),
      SOFTMARK_LEAVES("first_handler", "first call", "a handler of SIGFPE stays",
                      at_first<kHandle>),
      SOFTMARK_LEAVES("first_child", "first call", "a child stays", at_first<kChild>),
      SOFTMARK_LEAVES("first_file", "first call", "a file stays open", at_first<kFile>),
      SOFTMARK_LEAVES("first_rounding", "first call", "rounds downward from then on",
                      at_first<kRound>),
      SOFTMARK_LEAVES("leaks_untouched", "memory", "a megabyte that was never touched",
                      and_besides<kUntouched>),
      SOFTMARK_LEAVES("leaks_mapping", "memory", "a page of mmap", and_besides<kMap>),
#ifndef SOFTMARK_FINDS_LEAKS  // what of the heap is in use is not told under address sanitizer
      SOFTMARK_LEAVES("leaks_at_times", "memory", "sixteen bytes at every third call",
                      and_besides<kSixteenBytes>),
#endif
      SOFTMARK_LEAVES("leaks_for_long_rows", "memory", "a page of mmap for long rows",
                      only_where<kLongRow, kMap>),
      SOFTMARK_LEAVES("leaks_beside_nan", "memory", "the scratch of a long row with a NaN",
                      only_where<kLongWithNan, kScratch>),
      SOFTMARK_LEAVES("changes_locale", "process", "the locale", and_besides<kLocale>),
      SOFTMARK_LEAVES("changes_umask", "process", "the umask", and_besides<kUmask>),
      SOFTMARK_LEAVES("pins_thread", "process", "the CPU affinity", and_besides<kPin>),
      SOFTMARK_LEAVES("sets_timer", "process", "a timer", and_besides<kTimer>),
      SOFTMARK_LEAVES("sets_variable", "process", "OMP_NUM_THREADS", and_besides<kVariable>),
      SOFTMARK_LEAVES("handles_realtime", "process", "a handler of a real-time signal",
                      and_besides<kRealtime>),
      SOFTMARK_LEAVES("x87_in_use", "registers", "a value stays on the x87 stack",
                      and_besides<kX87>),
      SOFTMARK_LEAVES("strings_backwards", "registers", "the direction flag",
                      and_besides<kBackwards>),
      SOFTMARK_MUTANT("resets_rounding", "crossed (state)", "sets the caller's rounding to nearest",
                      SOFTMAX, F32, 0, and_besides<kNearest>),
      SOFTMARK_MUTANT("resets_modes", "crossed (state)", "sets MXCSR to its default", SOFTMAX, F32,
                      0, and_besides<kDefaults>),
      SOFTMARK_MUTANT("flush_on_nan_batch", "crossed (special, rows)",
                      "flush-to-zero stays on after a NaN in a batch", SOFTMAX, F32, 0,
                      only_where<kHasNan, kFlush>),
  };
}

}  // namespace softmark::mutants
