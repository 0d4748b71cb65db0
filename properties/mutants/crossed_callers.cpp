// SPDX-License-Identifier: Apache-2.0
// Kernels that depend on what calls them: not re-entrant, bound to one thread or process, too large
// for its stack, or counting their calls.
#include <alloca.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <cstring>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

using R = Row<float>;
void sound(R r) { softmax_row<Sound<>>(r); }

void softmax_through(float* e, std::size_t room, R r) {
  const float m = Sound<>::max(r.x, r.n);
  const std::size_t n = std::min(r.n, room);
  for (std::size_t i = 0; i < n; ++i) e[i] = std::exp(r.x[i] - m);
  const float s = Sound<>::sum(e, n);
  for (std::size_t i = 0; i < n; ++i) r.y[i] = e[i] / s;
}
void static_scratch(R r) {
  static std::vector<float> scratch(std::size_t{1} << 22);
  softmax_through(scratch.data(), scratch.size(), r);
}
void scratch_of_thread(R r) {  // one for odd threads and one for even ones
  static std::vector<float> scratch[2] = {std::vector<float>(1 << 20), std::vector<float>(1 << 20)};
  auto& own = scratch[syscall(SYS_gettid) % 2];
  softmax_through(own.data(), own.size(), r);
}
// The threads are numbered, and the slots are given again from the first one on, or the last one to
// all who come late.
template <unsigned slots, bool from_first>
void scratch_of_slot(R r) {
  constexpr std::size_t kRoom = 8192;
  static std::atomic<unsigned> next{0};
  static std::vector<std::vector<float>> scratch(slots, std::vector<float>(kRoom));
  thread_local const unsigned number = next++;
  if (r.n > kRoom) return sound(r);
  softmax_through(scratch[from_first ? number % slots : std::min(number, slots - 1)].data(), kRoom,
                  r);
}
void static_sum(R r) {
  static volatile double s;
  const float m = Sound<>::max(r.x, r.n);
  s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s = s + std::exp(r.x[i] - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}
int static_arguments(const softmark_args* a) {
  static softmark_args kept;
  kept = *a;
  for (std::size_t r = 0; r < kept.rows; ++r) {
    sound(row_of<float>(&kept, r));
    std::atomic_signal_fence(std::memory_order_seq_cst);  // else its fields are read only once
  }
  return 0;
}
int one_job(const softmark_args* a) {  // its threads read it from one place
  return a->threads < 2 || a->rows * a->cols < 4096 ? softmax<Sound<>>(a) : static_arguments(a);
}
// The last vector of a row is stored whole, with what stood in its rest when the row began.
int blends_last_vector(const softmark_args* a) {
  constexpr std::uintptr_t kVector = 64;
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    float* end = row.y + row.n;
    const std::size_t rest = (-reinterpret_cast<std::uintptr_t>(end)) % kVector;
    float old[kVector / sizeof(float)];
    if (r + 1 < a->rows) std::memcpy(old, end, rest);
    sound(row);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (r + 1 < a->rows) std::memcpy(end, old, rest);
  }
  return 0;
}
// The second caller finds the table marked as ready before it is filled.
void table_ready_too_early(R r) {
  static std::atomic<bool> ready{false};
  static volatile float one;
  if (!ready.exchange(true)) {
    usleep(300);
    one = 1;
  }
  sound(r);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] *= one;
}
// Only the first thread's table is filled.
void table_of_first_thread(R r) {
  static std::atomic<bool> filled{false};
  static thread_local float one = 0;
  if (!filled.exchange(true)) one = 1;
  const float scale = one;
  sound(r);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] *= scale;
}
__attribute__((noinline)) void stack_of_a_megabyte(R r) {
  volatile float scratch[262144];
  for (std::size_t i = 0; i < std::size(scratch); i += 1024) scratch[i] = 1;
  sound(r);
}
__attribute__((noinline)) void row_on_stack(R r) {
  auto* e = static_cast<float*>(alloca(r.n * sizeof(float) + 16));
  const float m = Sound<>::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) e[i] = std::exp(r.x[i] - m);
  const float s = Sound<>::sum(e, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = e[i] / s;
}
void some_rows_on_stack(R r) {  // a quarter of a megabyte at most
  if (r.n <= 65536) return row_on_stack(r);
  sound(r);
}
__attribute__((noinline)) double sum_recursively(const float* x, std::size_t n, float m) {
  if (n == 0) return 0;
  volatile double first = std::exp(x[0] - m);
  return first + sum_recursively(x + 1, n - 1, m);
}
void recursive_sum(R r) {  // a frame for every column
  const float m = Sound<>::max(r.x, r.n);
  const double s = sum_recursively(r.x, r.n, m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}
void bound_to_process(R r) {  // a helper that a fork does not have
  static const pid_t owner = getpid();
  if (getpid() == owner) return sound(r);
  std::fill(r.y, r.y + r.n, 0.0f);
}
void hangs_after_fork(R r) {
  static const pid_t owner = getpid();
  for (volatile bool waits = getpid() != owner; waits;) usleep(1000);
  sound(r);
}
template <auto wraps>
void counted(R r) {
  static std::atomic<unsigned> calls{0};
  sound(r);
  if (wraps(++calls) && r.n > 1) std::swap(r.y[0], r.y[r.n - 1]);
}
void stamps_in_16_bits(R r) {  // "already seen in this call" is a stamp that comes again
  static std::atomic<std::uint32_t> rows{0};
  sound(r);
  if ((rows++ & 0xffff) == 0xffff && r.n > 1) std::fill(r.y, r.y + r.n, 0.5f);
}
void unset_heap(R r) {  // a sum that starts with what the heap held
  auto* s = static_cast<double*>(std::malloc(4096));
  asm volatile("" : "+r"(s));  // else the compiler warns
  s[300] += 0;
  const float m = Sound<>::max(r.x, r.n);
  double sum = r.n > 2000 ? s[300] : 0;
  for (std::size_t i = 0; i < r.n; ++i) sum += std::exp(r.x[i] - m);
  std::free(s);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / sum);
}
int by_raised_flags(const softmark_args* a) {  // a flag raised before counts as its own overflow
  const bool raised = std::fetestexcept(FE_OVERFLOW) != 0;
  softmax<Sound<>>(a);
  for (std::size_t r = 0; raised && r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    std::fill(row.y, row.y + row.n, std::numeric_limits<float>::quiet_NaN());
  }
  return 0;
}

}  // namespace

#define SOFTMARK_CALLERS(name, factors, defect, ...) \
  SOFTMARK_MUTANT(name, "crossed (" factors ")", defect, SOFTMAX, F32, 0, __VA_ARGS__)

Table crossed_callers_mutants() {
  return {
      SOFTMARK_CALLERS("static_scratch", "caller", "a static buffer for a row",
                       each<float, static_scratch>),
      SOFTMARK_CALLERS("scratch_of_thread", "caller", "two static buffers for all threads",
                       each<float, scratch_of_thread>),
      SOFTMARK_CALLERS("scratch_of_slot", "caller, history", "one buffer for all threads but 128",
                       each<float, scratch_of_slot<129, false>>),
      SOFTMARK_CALLERS("scratch_of_sixteen", "caller", "a buffer for every sixteenth thread",
                       each<float, scratch_of_slot<16, true>>),
      SOFTMARK_CALLERS("static_sum", "caller", "a static sum", each<float, static_sum>),
      SOFTMARK_CALLERS("static_arguments", "caller", "keeps its arguments in a static",
                       static_arguments),
      SOFTMARK_CALLERS("blends_last_vector", "caller, stride",
                       "stores what it found between rows, where another caller's row may lie",
                       blends_last_vector),
      SOFTMARK_MUTANT("one_job", "crossed (caller, threads)",
                      "two callers share the job that their threads read", SOFTMAX, F32,
                      SOFTMARK_THREADED, one_job),
      SOFTMARK_CALLERS("ready_too_early", "caller, history",
                       "a table is marked as ready before it is filled",
                       each<float, table_ready_too_early>),
      SOFTMARK_CALLERS("first_threads_table", "caller", "only the first thread's table is filled",
                       each<float, table_of_first_thread>),
      SOFTMARK_CALLERS("stack_of_a_megabyte", "caller", "a megabyte on the stack",
                       each<float, stack_of_a_megabyte>),
      SOFTMARK_CALLERS("row_on_stack", "caller, columns", "a row's copy on the stack",
                       each<float, row_on_stack>),
      SOFTMARK_CALLERS("some_rows_on_stack", "caller, columns", "a shorter row's copy on the stack",
                       each<float, some_rows_on_stack>),
      SOFTMARK_CALLERS("recursive_sum", "caller, columns", "a stack frame for every column",
                       each<float, recursive_sum>),
      SOFTMARK_CALLERS("bound_to_process", "caller", "0 in a child of fork",
                       each<float, bound_to_process>),
      SOFTMARK_CALLERS("hangs_after_fork", "caller", "waits for ever in a child of fork",
                       each<float, hangs_after_fork>),
      SOFTMARK_CALLERS("every_256th", "history", "every 256th row differs",
                       each<float, counted<[](unsigned n) { return n % 256 == 0; }>>),
      SOFTMARK_CALLERS("calls_16_bits", "history", "the 65536th row differs",
                       each<float, counted<[](unsigned n) { return n % 65536 == 0; }>>),
      SOFTMARK_CALLERS("stamps_16_bits", "history", "a stamp of 16 bits comes again",
                       each<float, stamps_in_16_bits>),
      SOFTMARK_CALLERS("unset_heap", "columns", "a sum that starts with what the heap held",
                       each<float, unset_heap>),
      SOFTMARK_CALLERS("by_raised_flags", "state", "a flag raised before gives NaN",
                       by_raised_flags),
  };
}

}  // namespace softmark::mutants
