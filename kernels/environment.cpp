// SPDX-License-Identifier: Apache-2.0
#include "kernels/environment.h"

#include <fenv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <clocale>
#include <cstring>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "kernels/wire.h"

namespace softmark {

Environment Environment::now() {
  Environment e = {};  // the kernel fills only part of a signal set
  e.rounding = fegetround();
#if defined(__x86_64__) || defined(__i386__)
  e.mxcsr = _mm_getcsr() & ~0x3fu;  // without the exception flags, which may be raised
  struct {
    std::uint32_t words[7];
  } x87;
  __asm__ volatile("fnstenv %0\n\tfldenv %0" : "=m"(x87));  // storing masks all exceptions
  e.x87 = static_cast<unsigned short>(x87.words[0]);
  e.x87_tags = static_cast<unsigned short>(x87.words[2]);
#endif
#if defined(__x86_64__)
  std::uint64_t flags;
  __asm__ volatile("pushfq\n\tpopq %0\n\tcld" : "=r"(flags)::"cc", "memory");
  e.backwards = flags >> 10 & 1;
#endif
  pthread_sigmask(SIG_BLOCK, nullptr, &e.signals);
  char folder[PATH_MAX];
  if (getcwd(folder, sizeof folder)) e.folder = folder;
  if (const char* locale = setlocale(LC_ALL, nullptr)) e.locale = locale;
  struct stat written;
  e.printed = fstat(1, &written) == 0 ? written.st_size : -1;
  return e;
}

std::uint32_t Environment::changes_to(const Environment& after) const {
  std::uint32_t changes = 0;
  if (rounding != after.rounding) changes |= wire::kRoundingMode;
  if ((mxcsr ^ after.mxcsr) & 0x8040) changes |= wire::kFlushMode;
  if ((mxcsr ^ after.mxcsr) & 0x1f80) changes |= wire::kTrapMask;
  if ((x87 ^ after.x87) & ~0x0c00) changes |= wire::kX87Control;
  if (x87_tags != after.x87_tags || backwards != after.backwards) changes |= wire::kRegisters;
  if (std::memcmp(&signals, &after.signals, sizeof signals) != 0) changes |= wire::kSignalMask;
  if (folder != after.folder) changes |= wire::kWorkingDirectory;
  if (locale != after.locale) changes |= wire::kLocale;
  if (printed != after.printed) changes |= wire::kOutput;
  return changes;
}

void Environment::restore(std::uint32_t changes) const {
  fesetround(rounding);
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr(mxcsr);
  __asm__("fninit\n\tfldcw %0" : : "m"(x87));
#endif
  if (changes & wire::kSignalMask) pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  if (changes & wire::kWorkingDirectory && chdir(folder.c_str()) != 0) _exit(70);
  if (changes & wire::kLocale) setlocale(LC_ALL, locale.c_str());
}

void enter(State state) {
  switch (state) {
    case State::plain:
      return;
    case State::flags_raised:
      feraiseexcept(FE_ALL_EXCEPT);
      return;
    case State::upward:
      fesetround(FE_UPWARD);
      return;
    case State::downward:
      fesetround(FE_DOWNWARD);
      return;
    case State::toward_zero:
      fesetround(FE_TOWARDZERO);
      return;
    case State::flushing:
#if defined(__x86_64__) || defined(__i386__)
      _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
      return;
  }
}

}  // namespace softmark
