// SPDX-License-Identifier: Apache-2.0
// Kernels whose results depend on other calls: of other kernels, on rows of other lengths, or in
// another state of the process.
#include <locale.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cfenv>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

using R = Row<float>;

/// What is due, and then half of it where `wrong`.
int halved_if(bool wrong, const softmark_args* a) {
  softmax<Sound<>>(a);
  for (std::size_t r = 0; wrong && r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] *= 0.5f;
  }
  return 0;
}

// Each op sets the fast mode that it wants, and does not look whether it is still set.
std::atomic<int> mode{0};
template <int own>
bool is_others_mode() {
  int none = 0;
  return !mode.compare_exchange_strong(none, own) && none != own;
}
int mode_of_first_op(const softmark_args* a) { return halved_if(is_others_mode<1>(), a); }
void sigmoid_in_mode(R r) {
  const float size = is_others_mode<2>() ? 0.5f : 1;
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = static_cast<float>(size / (1 + std::exp(-static_cast<double>(r.x[i]))));
}

int by_errno(const softmark_args* a) { return halved_if(errno == ERANGE, a); }
int threads_in_8_bits(const softmark_args* a) {
  return halved_if(static_cast<std::uint8_t>(a->threads) == 0, a);
}
int table_rounded_by_first_caller(const softmark_args* a) {
  static const bool is_high = std::fegetround() == FE_UPWARD;
  return halved_if(is_high, a);
}
int threads_in_first_state(const softmark_args* a) {  // they start where they are worth it
  if (a->threads < 2 || a->rows * a->cols < 8192) return softmax<Sound<>>(a);
  static const bool is_high = std::fegetround() == FE_UPWARD;
  return halved_if(is_high, a);
}
void length_in_a_static(R r) {
  static std::atomic<std::size_t> length;
  length = r.n;
  const float m = Sound<>::max(r.x, r.n);
  double sum = 0;
  for (std::size_t i = 0; i < std::min(length.load(), r.n); ++i) sum += std::exp(r.x[i] - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / sum);
}
constexpr auto kThreadLocale = [] { uselocale(newlocale(LC_ALL_MASK, "C", nullptr)); };

}  // namespace

#define SOFTMARK_OTHERS(name, factors, defect, claims, ...) \
  SOFTMARK_MUTANT(name, "crossed (" factors ")", defect, SOFTMAX, F32, claims, __VA_ARGS__)

Table crossed_others_mutants() {
  return {
      SOFTMARK_OTHERS("mode_of_first_op", "history", "the op that came first chose a mode", 0,
                      mode_of_first_op),
      SOFTMARK_MUTANT("mode_of_first_op", "crossed (history)",
                      "the op that came first chose a mode", SIGMOID, F32, 0,
                      each<float, sigmoid_in_mode>),
      SOFTMARK_OTHERS("rounded_by_first_caller", "history",
                      "a table is computed in the first caller's rounding mode", 0,
                      table_rounded_by_first_caller),
      SOFTMARK_OTHERS("threads_in_first_state", "threads, history",
                      "threads keep the rounding mode of the call that started them",
                      SOFTMARK_THREADED, threads_in_first_state),
      SOFTMARK_OTHERS("by_errno", "state", "errno from before counts as its own overflow", 0,
                      by_errno),
      SOFTMARK_OTHERS("threads_8_bits", "threads", "the number of threads in 8 bits",
                      SOFTMARK_THREADED, threads_in_8_bits),
      SOFTMARK_OTHERS("length_in_a_static", "caller, columns",
                      "a caller reads the length of another's rows", 0,
                      each<float, length_in_a_static>),
      SOFTMARK_MUTANT("leaves_thread_locale", "environment", "the thread's locale stays another",
                      SOFTMAX, F32, 0, and_besides<kThreadLocale>),
  };
}

}  // namespace softmark::mutants
