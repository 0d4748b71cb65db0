// SPDX-License-Identifier: Apache-2.0
#include "bench/isa.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#if defined(__x86_64__) && defined(__linux__)
#define SOFTMARK_SAMPLES_ISA
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstring>
#endif

namespace softmark::bench {
namespace {

using Code = std::array<std::uint8_t, 16>;

constexpr const char* kNames[] = {"",        "scalar", "SSE",       "AVX scalar",
                                  "AVX 128", "AVX2",   "AVX-512VL", "AVX-512"};
constexpr std::uint8_t kEvex = 0x62, kVex3 = 0xc4, kVex2 = 0xc5, kTwoBytes = 0x0f;

bool is_legacy_prefix(std::uint8_t byte) {
  constexpr std::uint8_t kPrefixes[] = {0x66, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0xf0};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), byte) != std::end(kPrefixes);
}

/// `map` 1 is 0F, 2 is 0F38; `pp` is the implied prefix: 2 (F3) and 3 (F2) mark scalars.
Vectors of_vex(unsigned map, std::uint8_t opcode, bool wide, unsigned pp) {
  const auto within = [&](int low, int high) { return opcode >= low && opcode <= high; };
  if (map == 1 && (within(0x41, 0x4b) || within(0x90, 0x93) || within(0x98, 0x99)))
    return Vectors::kNone;                                    // on AVX-512's masks
  if (map == 2 && within(0xf2, 0xf7)) return Vectors::kNone;  // on general registers
  if (map == 1 && opcode == 0x77) return Vectors::kNone;      // vzeroupper
  if (wide) return Vectors::kAvx2;
  const bool scalar =
      map == 1 && pp >= 2 && (within(0x10, 0x11) || within(0x2a, 0x2d) || within(0x51, 0x5f));
  return scalar ? Vectors::kAvxScalar : Vectors::kAvx128;
}

Vectors of_two_bytes(std::uint8_t opcode, bool scalar_prefix) {
  const auto within = [&](int low, int high) { return opcode >= low && opcode <= high; };
  const bool vector = within(0x10, 0x17) || within(0x28, 0x2f) || within(0x50, 0x76) ||
                      within(0x7c, 0x7f) || within(0xc2, 0xc2) || within(0xc4, 0xc6) ||
                      within(0xd0, 0xfe) || within(0x38, 0x38) || within(0x3a, 0x3a);
  if (!vector) return Vectors::kNone;
  const bool scalar =
      scalar_prefix && (within(0x10, 0x11) || within(0x2a, 0x2d) || within(0x51, 0x5f));
  return scalar ? Vectors::kScalar : Vectors::kSse;
}

}  // namespace

Vectors vectors_of(const Code& code) {
  std::size_t at = 0;
  bool scalar_prefix = false;
  while (at < 8 && (is_legacy_prefix(code[at]) || (code[at] & 0xf0) == 0x40)) {
    scalar_prefix = scalar_prefix || code[at] == 0xf2 || code[at] == 0xf3;
    ++at;
  }
  switch (code[at]) {
    case kEvex: {
      const unsigned length = code[at + 3] >> 5 & 3;
      return length == 2 ? Vectors::kAvx512 : Vectors::kAvx512Short;
    }
    case kVex2:
      return of_vex(1, code[at + 2], code[at + 1] >> 2 & 1, code[at + 1] & 3);
    case kVex3:
      return of_vex(code[at + 1] & 31, code[at + 3], code[at + 2] >> 2 & 1, code[at + 2] & 3);
    case kTwoBytes:
      return of_two_bytes(code[at + 1], scalar_prefix);
    default:
      return Vectors::kNone;
  }
}

std::string isa_text(const std::vector<Vectors>& seen) {
  constexpr std::size_t kFewest = 20;
  std::array<std::size_t, std::size(kNames)> counts{}, percent{};
  std::size_t all = 0;
  for (Vectors kind : seen)
    if (kind != Vectors::kNone) ++counts[static_cast<std::size_t>(kind)], ++all;
  if (all < kFewest) return "";
  std::size_t named = 0;
  for (std::size_t kind = 1; kind < counts.size(); ++kind)
    if (counts[kind])
      named += percent[kind] = std::max<std::size_t>((100 * counts[kind] + all / 2) / all, 1);
  const auto most = std::max_element(counts.begin(), counts.end()) - counts.begin();
  percent[static_cast<std::size_t>(most)] += 100 - named;  // what rounding lost or added
  std::string text;
  for (std::size_t kind = counts.size(); --kind > 0;)
    if (counts[kind])
      text += fmt::format("{}{} {} %", text.empty() ? "" : " + ", kNames[kind], percent[kind]);
  return text;
}

Vectors widest_in(const std::string& isa_text) {
  const auto starts = [&](const char* name) {
    return isa_text.starts_with(name + std::string(" "));
  };
  for (std::size_t kind = std::size(kNames); --kind > 0;)
    if (starts(kNames[kind])) return static_cast<Vectors>(kind);
  return Vectors::kNone;
}

#ifdef SOFTMARK_SAMPLES_ISA

namespace {

constexpr std::size_t kMost = 1000;
constexpr long kIntervalNanoseconds = 50'000;

// Written by the signal handler.
Code found[kMost];
volatile std::size_t found_count = 0;

void look(int, siginfo_t*, void* context) {
  const std::size_t count = found_count;
  if (count >= kMost) return;
  const auto at =
      static_cast<std::uintptr_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  constexpr std::uintptr_t kPage = 4096;  // what lies behind this page may not be readable
  Code code{};
  std::memcpy(code.data(), reinterpret_cast<const void*>(at),
              std::min<std::uintptr_t>(code.size(), kPage - at % kPage));
  found[count] = code;
  found_count = count + 1;
}

/// A timer that interrupts the calling thread; removed at the end of its life.
class Interrupter {
 public:
  Interrupter() {
    struct sigaction action {};
    action.sa_sigaction = look;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGPROF, &action, &before_);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGPROF;
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    made_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    const itimerspec every{{0, kIntervalNanoseconds}, {0, kIntervalNanoseconds}};
    if (made_) timer_settime(timer_, 0, &every, nullptr);
  }
  ~Interrupter() {
    if (made_) timer_delete(timer_);
    sigaction(SIGPROF, &before_, nullptr);
  }
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

 private:
  struct sigaction before_ {};
  timer_t timer_{};
  bool made_ = false;
};

}  // namespace

std::string sampled_isa(const std::function<void()>& call, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  found_count = 0;
  {
    const Interrupter interrupter;
    do call();
    while (Clock::now() < end);
  }
  std::vector<Vectors> seen;
  for (std::size_t i = 0; i < found_count; ++i) seen.push_back(vectors_of(found[i]));
  return isa_text(seen);
}

#else

std::string sampled_isa(const std::function<void()>&, double) { return ""; }

#endif

}  // namespace softmark::bench
