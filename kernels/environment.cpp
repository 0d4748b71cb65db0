// SPDX-License-Identifier: Apache-2.0
#include "kernels/environment.h"

#include <fenv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <clocale>
#include <cstring>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "kernels/wire.h"

namespace softmark {
namespace {

// The word that controls floating-point arithmetic: the bits that flush subnormals (FTZ and DAZ; FZ
// and FZ16) and those that let exceptions trap. Where it is not known here, nothing flushes, and
// the C library says what traps.
#if defined(__x86_64__) || defined(__i386__)
constexpr std::uint64_t kFlushes = 0x8040, kTraps = 0x1f80;
std::uint64_t control_word() { return _mm_getcsr() & ~0x3fu; }  // without the flags raised
void set_control_word(std::uint64_t word) { _mm_setcsr(static_cast<unsigned>(word)); }
#elif defined(__aarch64__)
constexpr std::uint64_t kFlushes = 0x1080000, kTraps = 0x9f00;
std::uint64_t control_word() {
  std::uint64_t fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  return fpcr;
}
void set_control_word(std::uint64_t word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#else
constexpr std::uint64_t kFlushes = 0, kTraps = FE_ALL_EXCEPT;
std::uint64_t control_word() { return static_cast<std::uint64_t>(fegetexcept()); }
void set_control_word(std::uint64_t traps) {
  fedisableexcept(FE_ALL_EXCEPT);
  feenableexcept(static_cast<int>(traps));
}
#endif

}  // namespace

Environment Environment::now(const Environment* last) {
  Environment e = {};  // the kernel fills only part of a signal set
  if (last) e = *last;
  e.rounding = fegetround();
  e.control = control_word();
#if defined(__x86_64__) || defined(__i386__)
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
  if (const char* locale = setlocale(LC_ALL, nullptr)) e.locale = locale;
  e.thread_locale = uselocale(nullptr);
  if (last) return e;
  pthread_sigmask(SIG_BLOCK, nullptr, &e.signals);
  char folder[PATH_MAX];
  if (getcwd(folder, sizeof folder)) e.folder = folder;
  struct stat written;
  e.printed = fstat(1, &written) == 0 ? written.st_size : -1;
  return e;
}

std::uint32_t Environment::changes_to(const Environment& after) const {
  std::uint32_t changes = 0;
  // fegetround may look at one unit alone, on x86 at the x87's.
  if (rounding != after.rounding || ((control ^ after.control) & ~(kFlushes | kTraps)))
    changes |= wire::kRoundingMode;
  if ((control ^ after.control) & kFlushes) changes |= wire::kFlushMode;
  if ((control ^ after.control) & kTraps) changes |= wire::kTrapMask;
  if ((x87 ^ after.x87) & ~0x0c00) changes |= wire::kX87Control;
  if (x87_tags != after.x87_tags || backwards != after.backwards) changes |= wire::kRegisters;
  if (std::memcmp(&signals, &after.signals, sizeof signals) != 0) changes |= wire::kSignalMask;
  if (folder != after.folder) changes |= wire::kWorkingDirectory;
  if (locale != after.locale || thread_locale != after.thread_locale) changes |= wire::kLocale;
  if (printed != after.printed) changes |= wire::kOutput;
  return changes;
}

void Environment::restore(std::uint32_t changes) const {
  fesetround(rounding);
  set_control_word(control);
#if defined(__x86_64__) || defined(__i386__)
  __asm__("fninit\n\tfldcw %0" : : "m"(x87));
#endif
  if (changes & wire::kSignalMask) pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  if (changes & wire::kWorkingDirectory && chdir(folder.c_str()) != 0) _exit(70);
  if (changes & wire::kLocale) {
    uselocale(static_cast<locale_t>(thread_locale));
    setlocale(LC_ALL, locale.c_str());
  }
}

bool can_flush() { return kFlushes != 0; }

void enter(State state) {
  switch (state) {
    case State::plain:
      return;
    case State::flags_raised:
      feraiseexcept(FE_ALL_EXCEPT);
      errno = ERANGE;
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
      set_control_word(control_word() | kFlushes);
      return;
  }
}

}  // namespace softmark
