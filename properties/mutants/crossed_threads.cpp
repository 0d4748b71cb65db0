// SPDX-License-Identifier: Apache-2.0
// Defects of kernels on several threads that only show beside special values, in place, with
// padding, or where threads outnumber rows.
#include <algorithm>
#include <cstdlib>
#include <thread>
#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

using R = Row<float>;

void sound(R r) { softmax_row<Sound<>>(r); }
bool has_nan(R r) {
  return std::any_of(r.x, r.x + r.n, [](float v) { return std::isnan(v); });
}
bool all_masked(R r) {
  return r.n > 0 && std::all_of(r.x, r.x + r.n, [](float v) { return v == -kInf<float>; });
}

/// work(t) on so many threads.
template <class Work>
void on_threads(std::size_t threads, Work work) {
  std::vector<std::thread> team;
  for (std::size_t t = 0; t < threads; ++t) team.emplace_back(work, t);
  for (auto& thread : team) thread.join();
}
/// one_row(row, thread) on a->threads threads that take turns.
template <auto one_row>
int dealt_out(const softmark_args* a) {
  const auto threads = static_cast<std::size_t>(a->threads);
  on_threads(std::min(threads, std::max<std::size_t>(a->rows, 1)), [=](std::size_t t) {
    for (std::size_t r = t; r < a->rows; r += threads) one_row(row_of<float>(a, r), t);
  });
  return 0;
}

void nan_on_second(R r, std::size_t t) {  // the threads but the first clamp NaN away
  if (t == 0 || !has_nan(r)) return sound(r);
  std::vector<float> x(r.x, r.x + r.n);
  for (float& v : x)
    if (std::isnan(v)) v = -100;
  r.x = x.data();
  sound(r);
}
void masked_on_third(R r, std::size_t t) {
  sound(r);
  if (t == 2 && all_masked(r)) std::fill(r.y, r.y + r.n, 0.0f);
}
void infinity_on_second(R r, std::size_t t) {
  sound(r);
  const float* at = std::find(r.x, r.x + r.n, kInf<float>);
  if (t == 1 && at < r.x + r.n && !has_nan(r)) std::fill(r.y, r.y + r.n, 1.0f);
}
void flushed_on_second(R r, std::size_t t) {  // its threads run with FTZ
#if defined(__x86_64__) || defined(__i386__)
  if (t > 0) _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
  sound(r);
  if (t > 0)
    for (std::size_t i = 0; i < r.n; ++i)
      if (std::fabs(r.y[i]) < std::numeric_limits<float>::min()) r.y[i] = 0;
}
void last_column_on_second(R r, std::size_t t) {
  if (t == 0 || r.n < 130 || std::isnan(r.x[r.n - 1])) return sound(r);
  std::vector<float> x(r.x, r.x + r.n);
  x[r.n - 1] = -kInf<float>;
  r.x = x.data();
  sound(r);
}

int sums_of_64_threads(const softmark_args* a) {  // the slots of more threads are shared
  if (a->threads <= 64) return dealt_out<[](R r, std::size_t) { sound(r); }>(a);
  for (std::size_t r = 0; r < a->rows; ++r) sound(row_of<float>(a, a->rows > 64 ? r % 64 : r));
  return 0;
}
int idle_threads(const softmark_args* a) {  // more threads than rows: each takes row 0 too
  if (static_cast<std::size_t>(a->threads) <= a->rows || a->rows < 2)
    return dealt_out<[](R r, std::size_t) { sound(r); }>(a);
  for (std::size_t r = 0; r + 1 < a->rows; ++r) sound(row_of<float>(a, r));
  R last = row_of<float>(a, a->rows - 1);
  last.x = row_of<float>(a, 0).x;
  sound(last);
  return 0;
}
int packed_on_threads(const softmark_args* given) {
  softmark_args a = *given;
  if (a.threads > 1) a.y_stride = a.cols;
  return dealt_out<[](R r, std::size_t) { sound(r); }>(&a);
}
int in_place_on_threads(const softmark_args* a) {  // a second pass reads x after y was written
  if (a->threads < 2) return softmax<Sound<>>(a);
  for (std::size_t r = 0; r < a->rows; ++r) {
    R row = row_of<float>(a, r);
    const float m = Sound<>::max(row.x, row.n);
    double s = 0;
    for (std::size_t i = 0; i < row.n; ++i) s += row.y[i] = std::exp(row.x[i] - m);
    for (std::size_t i = 0; i < row.n; ++i)
      row.y[i] = static_cast<float>(std::exp(row.x[i] - m) / s);
  }
  return 0;
}
int no_rows_on_threads(const softmark_args* a) {
  if (a->threads > 1) {
    volatile std::size_t rows = a->rows, share = 0;
    if (rows == 0) std::abort();
    share = static_cast<std::size_t>(a->threads) / rows;
    static_cast<void>(share);
  }
  return softmax<Sound<>>(a);
}
int fewer_than_asked(const softmark_args* a) {  // shares for `threads`, on as many as it gets
  const char* limit = std::getenv("OMP_THREAD_LIMIT");
  const auto asked = static_cast<std::size_t>(a->threads);
  const std::size_t got =
      limit ? std::min<std::size_t>(asked, std::strtoul(limit, nullptr, 10)) : asked;
  on_threads(got, [=](std::size_t t) {
    for (std::size_t r = t; r < a->rows; r += asked) sound(row_of<float>(a, r));
  });
  return 0;
}
int racing_sum(const softmark_args* a) {  // halves of a row are added to one sum without a lock
  if (a->threads < 2) return softmax<Sound<>>(a);
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    if (row.n < 2) {
      sound(row);
      continue;
    }
    const float m = Sound<>::max(row.x, row.n);
    volatile double s = 0;
    on_threads(2, [&, half = row.n / 2](std::size_t t) {
      for (std::size_t i = t ? half : 0; i < (t ? row.n : half); ++i)
        s = s + std::exp(row.x[i] - m);
    });
    for (std::size_t i = 0; i < row.n; ++i)
      row.y[i] = static_cast<float>(std::exp(row.x[i] - m) / s);
  }
  return 0;
}
int returns_early(const softmark_args* a) {  // the last row's thread is not waited for
  if (a->threads < 2 || a->rows < 2) return softmax<Sound<>>(a);
  softmark_args rest = *a;
  rest.rows = a->rows - 1;
  std::thread([last = row_of<float>(a, a->rows - 1)] { sound(last); }).detach();
  return softmax<Sound<>>(&rest);
}
int masked_part(const softmark_args* a) {  // a part of a long row without a finite logit has no sum
  if (a->threads < 2) return softmax<Sound<>>(a);
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    const auto parts = row.n < 32768 ? 1 : static_cast<std::size_t>(a->threads);
    double s = 0;
    const float m = Sound<>::max(row.x, row.n);
    for (std::size_t p = 0; p < parts; ++p) {
      const std::size_t from = row.n * p / parts, to = row.n * (p + 1) / parts;
      const float most = Sound<>::max(row.x + from, to - from);
      double part = 0;
      for (std::size_t i = from; i < to; ++i) part += std::exp(row.x[i] - most);
      s += part * std::exp(most - m);
    }
    for (std::size_t i = 0; i < row.n; ++i)
      row.y[i] = static_cast<float>(std::exp(row.x[i] - m) / s);
  }
  return 0;
}
int leaks_on_threads(const softmark_args* a) {
  if (a->threads > 1) {
    volatile char* lost = static_cast<char*>(std::malloc(4096));
    if (lost) lost[0] = 1;
  }
  return softmax<Sound<>>(a);
}
int label_of_thread(const softmark_args* a) {  // labels are dealt out without their first row
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    const auto [m, log_sum] = max_and_log(row.x, row.n);
    const auto label = a->labels[a->threads > 1 && r >= a->rows / 2 && r > 0 ? r - 1 : r];
    static_cast<float*>(a->y)[r] = static_cast<float>((m - row.x[label]) + log_sum);
  }
  return 0;
}
int vjp_dot_of_halves(const softmark_args* a) {  // with three threads a third of a long row is lost
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    const std::size_t summed = a->threads == 3 && row.n > 64 ? row.n / 3 * 3 : row.n;
    double d = 0;
    for (std::size_t i = 0; i < summed; ++i) d += static_cast<double>(row.x[i]) * row.g[i];
    for (std::size_t i = 0; i < row.n; ++i)
      row.y[i] = row.x[i] * (row.g[i] - static_cast<float>(d));
  }
  return 0;
}
int exits_on_96(const softmark_args* a) {
  if (a->threads > 64) std::_Exit(3);
  return softmax<Sound<>>(a);
}
int order_by_callers(
    const softmark_args* a) {  // the bits depend on the threads where rows are long
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    const float m = Sound<>::max(row.x, row.n);
    const std::size_t parts = row.n > 512 ? static_cast<std::size_t>(a->threads) : 1;
    float s = 0;
    for (std::size_t p = 0; p < parts; ++p) {
      float part = 0;
      for (std::size_t i = row.n * p / parts; i < row.n * (p + 1) / parts; ++i)
        part += std::exp(row.x[i] - m);
      s += part;
    }
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] = std::exp(row.x[i] - m) / s;
  }
  return 0;
}

}  // namespace

#define SOFTMARK_THREADS(name, factors, defect, op, claims, run) \
  SOFTMARK_MUTANT(name, "crossed (" factors ")", defect, op, F32, SOFTMARK_THREADED | (claims), run)

Table crossed_threads_mutants() {
  return {
      SOFTMARK_THREADS("threads_clamp_nan", "threads, special",
                       "all threads but the first clamp NaN", SOFTMAX, 0, dealt_out<nan_on_second>),
      SOFTMARK_THREADS("threads_masked_row", "threads, special",
                       "the third thread's masked rows are 0", SOFTMAX, 0,
                       dealt_out<masked_on_third>),
      SOFTMARK_THREADS("threads_infinity", "threads, special", "the second thread's +inf gives 1",
                       SOFTMAX, 0, dealt_out<infinity_on_second>),
      SOFTMARK_THREADS("threads_flush", "threads, kind", "all threads but the first flush", SOFTMAX,
                       0, dealt_out<flushed_on_second>),
      SOFTMARK_THREADS("threads_last_column", "threads, columns",
                       "all threads but the first lose the last of 130 columns", SOFTMAX, 0,
                       dealt_out<last_column_on_second>),
      SOFTMARK_THREADS("threads_past_64", "threads, rows", "slots for 64 threads", SOFTMAX, 0,
                       sums_of_64_threads),
      SOFTMARK_THREADS("threads_past_rows", "threads, rows", "the last row of idle threads",
                       SOFTMAX, 0, idle_threads),
      SOFTMARK_THREADS("threads_packed", "threads, stride", "y counts as packed on several threads",
                       SOFTMAX, 0, packed_on_threads),
      SOFTMARK_THREADS("threads_in_place", "threads, alias", "reads x late on several threads",
                       SOFTMAX, SOFTMARK_IN_PLACE, in_place_on_threads),
      SOFTMARK_THREADS("threads_no_rows", "threads, rows", "divides threads by rows", SOFTMAX, 0,
                       no_rows_on_threads),
      SOFTMARK_THREADS("threads_limited", "threads, caller",
                       "loses the rows of threads it did not get", SOFTMAX, 0, fewer_than_asked),
      SOFTMARK_THREADS("returns_early", "threads, caller",
                       "a thread writes after the call returned", SOFTMAX, 0, returns_early),
      SOFTMARK_THREADS("masked_part", "threads, columns, special",
                       "0 * NaN where a thread's part of a row is masked", SOFTMAX, 0, masked_part),
      SOFTMARK_THREADS("threads_race", "threads, columns", "two threads add to one sum", SOFTMAX, 0,
                       racing_sum),
      SOFTMARK_THREADS("threads_labels", "threads, label",
                       "a second thread's labels are off by one", CROSS_ENTROPY, 0,
                       label_of_thread),
      SOFTMARK_THREADS("threads_vjp_third", "threads, columns",
                       "three threads lose the rest of a row", SOFTMAX_VJP, 0, vjp_dot_of_halves),
      SOFTMARK_THREADS("threads_exit", "threads", "ends the program on more than 64", SOFTMAX, 0,
                       exits_on_96),
      SOFTMARK_THREADS("threads_order", "threads, columns",
                       "the bits of long rows depend on the threads", SOFTMAX,
                       SOFTMARK_REPRODUCIBLE, order_by_callers),
      SOFTMARK_MUTANT("threads_leak", "environment (threads)", "leaks a page on several threads",
                      SOFTMAX, F32, SOFTMARK_THREADED, leaks_on_threads),
  };
}

}  // namespace softmark::mutants
