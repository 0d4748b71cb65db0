// SPDX-License-Identifier: Apache-2.0
// Kernels that end or hang the process on some rows.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

/// Calls `dies` where `here` holds for the row.
template <auto here, auto dies>
void unless(Row<float> r) {
  if (here(r)) dies();
  softmax_row<Sound<>>(r);
}
constexpr auto kHasNan = [](Row<float> r) {
  return std::any_of(r.x, r.x + r.n, [](float v) { return std::isnan(v); });
};
constexpr auto kAllMasked = [](Row<float> r) {
  return r.n && std::all_of(r.x, r.x + r.n, [](float v) { return v == -kInf<float>; });
};
template <std::size_t most>
constexpr auto kLonger = [](Row<float> r) { return r.n > most; };

constexpr auto kHang = [] {
  for (volatile bool forever = true; forever;) pause();
};
constexpr auto kSpin = [] {
  for (volatile bool forever = true; forever;) {
  }
};
volatile std::uintptr_t nowhere = 64;  // volatile, or the compiler would remove the invalid write
constexpr auto kWildWrite = [] { *reinterpret_cast<volatile int*>(nowhere) = 0; };

// A stack buffer for at most 256 columns.
__attribute__((noinline)) void small_stack(Row<float> r) {
  float e[256];
  volatile float* p = e;
  const float m = Sound<>::max(r.x, r.n);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i)
    p[r.n > 256 ? i * 4 : i] = std::exp(r.x[i] - m), s += p[r.n > 256 ? i * 4 : i];
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}

int exits_on_three_rows(const softmark_args* a) {
  if (a->rows == 3) std::exit(0);
  return softmax<Sound<>>(a);
}

}  // namespace

Table fatal_mutants() {
  return {
      SOFTMARK_MUTANT("segfault_past_512", "lengths", "writes to nowhere where cols > 512", SOFTMAX,
                      F32, 0, each<float, unless<kLonger<512>, kWildWrite>>),
      SOFTMARK_MUTANT("abort_on_nan", "special_values", "asserts that no logit is NaN", SOFTMAX,
                      F32, 0, each<float, unless<kHasNan, [] { std::abort(); }>>),
      SOFTMARK_MUTANT("exit_on_three_rows", "row_independence", "ends the program with exit(0)",
                      SOFTMAX, F32, 0, exits_on_three_rows),
      SOFTMARK_MUTANT("hang_on_masked", "special_values", "never returns from a masked row",
                      SOFTMAX, F32, 0, each<float, unless<kAllMasked, kHang>>),
      SOFTMARK_MUTANT("spin_on_nan", "special_values", "loops for ever on a NaN", SOFTMAX, F32, 0,
                      each<float, unless<kHasNan, kSpin>>),
      SOFTMARK_MUTANT("stack_smash", "lengths", "a stack buffer of 256", SOFTMAX, F32, 0,
                      each<float, small_stack>),
      SOFTMARK_MUTANT(
          "throws_past_1000", "lengths", "a C++ exception leaves the call", SOFTMAX, F32, 0,
          each<float, unless<kLonger<1000>, [] { throw std::length_error("too long"); }>>),
      SOFTMARK_MUTANT("kills_itself", "special_values", "raises SIGKILL on a masked row", SOFTMAX,
                      F32, 0, each<float, unless<kAllMasked, [] { std::raise(SIGKILL); }>>),
      SOFTMARK_MUTANT("refuses_nothing_but_lies", "lengths",
                      "returns 0 without writing where cols > 100 and even", SOFTMAX, F32, 0,
                      each<float,
                           [](Row<float> r) {
                             if (r.n <= 100 || r.n % 2) softmax_row<Sound<>>(r);
                           }>),
  };
}

}  // namespace softmark::mutants
