// SPDX-License-Identifier: Apache-2.0
// Clock rates, counters and the instructions that are executed.
#include "bench/counters.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "bench/cycles.h"
#include "bench/isa.h"
#include "bench/tiny_for_test.h"

namespace softmark::bench {
namespace {

#if defined(__x86_64__)
TEST(Cycles, TheClockRateIsThatOfAChain) {
  const double rate = core_rate();
  EXPECT_GT(rate, 0.4);  // GHz
  EXPECT_LT(rate, 8);
  // A chain of additions takes one cycle each: the rate must agree with another instruction's. The
  // rate may change between the two, and does beside other work; a latency that is taken wrongly is
  // off by a third each time.
  double off = 1;
  for (int tries = 0; tries < 20; ++tries) {
    constexpr int kSteps = 20000;
    std::uint64_t value = 1, other = 3;
    const Ticks ticks;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kSteps; ++i)
      asm volatile("add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0"
                   : "+r"(value)
                   : "r"(other));
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    off = std::min(off, std::fabs(4 * kSteps / time.count() / core_rate() - 1));
  }
  EXPECT_LT(off, 0.2);
}
#endif

TEST(Cycles, SayHowTheyAreCounted) {
  Cycles cycles;
  cycles.stop();
  EXPECT_EQ(cycles.kind(), cycle_clock().kind);
  EXPECT_EQ(cycles.per_nanosecond() > 0, !cycle_clock().kind.empty());
  EXPECT_GE(cycles.drift(), 0);
}

/// The kernel's own events need no hardware: the same path as for the CPU's.
TEST(Counters, ReadWhatPerfEventCounts) {
  const int counter = open_counter(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK);
  if (counter < 0) GTEST_SKIP() << "perf_event is not allowed here";
  const Count before = read_counter(counter);
  volatile double sum = 0;
  for (int i = 0; i < 1000000; ++i) sum = sum + std::sqrt(i);
  const Count after = read_counter(counter);
  EXPECT_GT(after.running, before.running);
  EXPECT_GT(after.value, before.value);
  close(counter);
}

TEST(Counters, LeaveOutWhatCannotBeCounted) {
  Counters counters;
  counters.start();
  counters.stop(1);
  const int instructions = open_counter(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);
  EXPECT_EQ(counters.per_call().contains("instructions"), instructions >= 0);
  if (instructions >= 0) close(instructions);
}

using Code = std::array<std::uint8_t, 16>;

TEST(Isa, IsThatOfTheEncoding) {
  EXPECT_EQ(vectors_of(Code{0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc1}), Vectors::kAvx512);  // vaddps zmm
  EXPECT_EQ(vectors_of(Code{0x62, 0xf1, 0x7c, 0x28, 0x58, 0xc1}), Vectors::kAvx512Short);  // ymm
  EXPECT_EQ(vectors_of(Code{0xc5, 0xfc, 0x58, 0xc1}), Vectors::kAvx2);        // vaddps ymm
  EXPECT_EQ(vectors_of(Code{0xc4, 0xe2, 0x7d, 0xb8, 0xc1}), Vectors::kAvx2);  // vfmadd231ps
  EXPECT_EQ(vectors_of(Code{0xc5, 0xf8, 0x58, 0xc1}), Vectors::kAvx128);      // vaddps xmm
  EXPECT_EQ(vectors_of(Code{0xc5, 0xfa, 0x58, 0xc1}), Vectors::kAvxScalar);   // vaddss
  EXPECT_EQ(vectors_of(Code{0x0f, 0x58, 0xc1}), Vectors::kSse);               // addps
  EXPECT_EQ(vectors_of(Code{0x66, 0x44, 0x0f, 0xfe, 0xc1}), Vectors::kSse);   // paddd, REX
  EXPECT_EQ(vectors_of(Code{0xf3, 0x0f, 0x58, 0xc1}), Vectors::kScalar);      // addss
  EXPECT_EQ(vectors_of(Code{0x48, 0x01, 0xd8}), Vectors::kNone);              // add rax, rbx
  EXPECT_EQ(vectors_of(Code{0xc5, 0xf8, 0x77}), Vectors::kNone);              // vzeroupper
  EXPECT_EQ(vectors_of(Code{0xc5, 0xfb, 0x93, 0xc1}), Vectors::kNone);        // kmovd
  EXPECT_EQ(vectors_of(Code{0xc4, 0xe2, 0xe9, 0xf7, 0xc1}), Vectors::kNone);  // shlx
  EXPECT_EQ(vectors_of(Code{0x0f, 0x84}), Vectors::kNone);                    // je
}

TEST(Isa, NamesTheKindsWithTheirShares) {
  std::vector<Vectors> seen(100, Vectors::kAvx512);
  EXPECT_EQ(isa_text(seen), "AVX-512 100 %");
  seen.resize(140, Vectors::kSse);
  EXPECT_EQ(isa_text(seen), "AVX-512 71 % + SSE 29 %");
  seen.resize(400, Vectors::kNone);  // what is no vector instruction counts for nothing
  EXPECT_EQ(isa_text(seen), "AVX-512 71 % + SSE 29 %");
  EXPECT_EQ(isa_text({Vectors::kSse, Vectors::kSse}), "");
}

TEST(Isa, NamesTheRarestKindToo) {
  std::vector<Vectors> seen(480, Vectors::kAvx128);
  seen.resize(930, Vectors::kScalar);
  seen.resize(1000, Vectors::kAvx512Short);
  EXPECT_EQ(isa_text(seen), "AVX-512VL 7 % + AVX 128 48 % + scalar 45 %");
  seen.assign(999, Vectors::kSse);
  seen.push_back(Vectors::kAvx512);
  EXPECT_EQ(isa_text(seen), "AVX-512 1 % + SSE 99 %");
  EXPECT_EQ(widest_in(isa_text(seen)), Vectors::kAvx512);
  EXPECT_EQ(widest_in("AVX 128 9 % + SSE 91 %"), Vectors::kAvx128);
  EXPECT_EQ(widest_in(""), Vectors::kNone);
  seen.assign(100, Vectors::kSse);  // a third each
  seen.resize(200, Vectors::kAvx128);
  seen.resize(300, Vectors::kAvx2);
  EXPECT_EQ(isa_text(seen), "AVX2 33 % + AVX 128 33 % + SSE 34 %");
}

#if defined(__x86_64__)
TEST(Isa, IsSampledWhereTheCodeIs) {
  const auto adds = [] {
    for (int i = 0; i < 1000; ++i)
      asm volatile("addps %%xmm0, %%xmm0\n\taddps %%xmm1, %%xmm1\n\taddps %%xmm2, %%xmm2" ::
                       : "xmm0", "xmm1", "xmm2");
  };
  const std::string seen = sampled_isa(adds, 0.1);
  if (seen.empty()) GTEST_SKIP() << "no timer interrupts this thread often enough";
  EXPECT_EQ(seen.find("SSE "), 0u) << seen;  // and a few scalars of the clock
}
#endif

}  // namespace
}  // namespace softmark::bench
