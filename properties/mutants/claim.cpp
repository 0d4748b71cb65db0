// SPDX-License-Identifier: Apache-2.0
// Correct kernels that claim more than they fulfil: accuracy, reproducibility, threads.
#include <algorithm>
#include <bit>
#include <thread>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

// Evaluated in double and rounded once: off by little more than half an ulp.
void close_softmax(Row<float> r) {
  const double m = Sound<>::max(r.x, r.n);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}

// One result in 256, chosen by its bits, is the neighbour of the correct one.
void rarely_off(Row<float> r) {
  close_softmax(r);
  for (std::size_t i = 0; i < r.n; ++i)
    if (r.y[i] > 0x1p-100f && r.y[i] < 0.5f &&
        (std::bit_cast<std::uint32_t>(r.y[i]) & 0xff) == 0x5a)
      r.y[i] = std::nextafter(r.y[i], 1.0f);
}

// A correct float32 sum whose order depends on where the row starts.
template <auto first>
void ordered_by(Row<float> r) {
  const float m = Sound<>::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - m);
  const std::size_t from = r.n ? first(r) % r.n : 0;
  float s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += r.y[(from + i) % r.n];
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] /= s;
}
int ordered_by_batch(const softmark_args* a) {
  return a->rows % 2 ? each<float, ordered_by<[](Row<float>) { return 0u; }>>(a)
                     : each<float, ordered_by<[](Row<float> r) { return r.n / 2; }>>(a);
}
int ordered_in_fours(const softmark_args* a) {  // of many rows, four at once
  const std::size_t fours = a->rows < 64 ? 0 : a->rows / 4 * 4;
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    if (r < fours)
      ordered_by<[](Row<float> one) { return one.n / 2; }>(row);
    else
      ordered_by<[](Row<float>) { return 0u; }>(row);
  }
  return 0;
}
int ordered_by_stride(const softmark_args* a) {
  return a->x_stride == a->cols ? each<float, ordered_by<[](Row<float>) { return 0u; }>>(a)
                                : each<float, ordered_by<[](Row<float> r) { return r.n / 2; }>>(a);
}
int ordered_by_threads(const softmark_args* a) {
  return a->threads < 2 ? each<float, ordered_by<[](Row<float>) { return 0u; }>>(a)
                        : each<float, ordered_by<[](Row<float> r) { return r.n / 2; }>>(a);
}

/// `one_row(thread, r)` on threads that take the rows r, r + threads, ...
template <class F>
void on_threads(std::size_t threads, std::size_t rows, F one_row) {
  std::vector<std::thread> team;
  for (std::size_t t = 0; t < threads; ++t)
    team.emplace_back([=] {
      for (std::size_t r = t; r < rows; r += threads) one_row(r);
    });
  for (auto& thread : team) thread.join();
}

// One scratch variable for all threads: a thread may use another row's maximum.
float shared_max;
int shared_scratch(const softmark_args* a) {
  on_threads(static_cast<std::size_t>(a->threads), a->rows, [=](std::size_t r) {
    const auto row = row_of<float>(a, r);
    volatile float* scratch = &shared_max;
    *scratch = Sound<>::max(row.x, row.n);
    if (a->threads > 1) std::this_thread::yield();
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] = std::exp(row.x[i] - *scratch);
    const float s = Sound<>::sum(row.y, row.n);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] /= s;
  });
  return 0;
}

// rows / threads rows each: the remainder is never processed, nor is any row where threads > rows.
int remainder_lost(const softmark_args* a) {
  const std::size_t threads = static_cast<std::size_t>(a->threads), share = a->rows / threads;
  on_threads(threads, share * threads,
             [=](std::size_t r) { softmax_row<Sound<>>(row_of<float>(a, r)); });
  return 0;
}

// Each thread sums a part of the row, shifted by that part's maximum; the parts are added without
// rescaling.
int split_rows(const softmark_args* a) {
  const auto threads = static_cast<std::size_t>(a->threads);
  if (threads == 1 || a->cols < 2 * threads) return softmax<Sound<>>(a);
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    const float m = Sound<>::max(row.x, row.n);
    std::vector<double> part(threads);
    on_threads(threads, threads, [&, share = row.n / threads](std::size_t t) {
      const float* x = row.x + t * share;
      const std::size_t n = t + 1 == threads ? row.n - t * share : share;
      const float own = Sound<>::max(x, n);
      for (std::size_t i = 0; i < n; ++i) part[t] += std::exp(x[i] - own);
    });
    double s = 0;
    for (double p : part) s += p;
    for (std::size_t i = 0; i < row.n; ++i)
      row.y[i] = static_cast<float>(std::exp(row.x[i] - m) / s);
  }
  return 0;
}

// Every thread processes the rounded-up share, so that the last one writes past the last row.
int past_last_row(const softmark_args* a) {
  const auto threads = static_cast<std::size_t>(a->threads);
  const std::size_t share = (a->rows + threads - 1) / threads;
  on_threads(threads, threads, [=](std::size_t t) {
    for (std::size_t r = t * share; r < (t + 1) * share; ++r)
      softmax_row<Sound<>>(row_of<float>(a, r));
  });
  return 0;
}

// With five threads the fifth one's rows are not processed.
int four_shares(const softmark_args* a) {
  const auto threads = static_cast<std::size_t>(a->threads);
  on_threads(threads, a->rows, [=](std::size_t r) {
    if (threads != 5 || r % threads != 4) softmax_row<Sound<>>(row_of<float>(a, r));
  });
  return 0;
}

softmark_kernel promising(softmark_kernel kernel, double max_ulp) {
  kernel.max_ulp = max_ulp;
  return kernel;
}

}  // namespace

Table claim_mutants() {
  return {
      promising(SOFTMARK_MUTANT("promises_one_ulp", "max_ulp",
                                "x - max rounds: 64 ulps at large gaps, promises 4", SOFTMAX, F32,
                                0, softmax<Sound<>>),
                4),
      promising(SOFTMARK_MUTANT("promises_half_ulp", "max_ulp",
                                "sound in double, promises half an ulp exactly", SOFTMAX, F64, 0,
                                softmax<Sound<double>>),
                0.5),
      SOFTMARK_MUTANT("rounds_wrong_rarely", "correctly_rounded",
                      "one result in 256 is the neighbour", SOFTMAX, F32,
                      SOFTMARK_CORRECTLY_ROUNDED, each<float, rarely_off>),
      SOFTMARK_MUTANT("order_by_alignment", "reproducible", "the sum's order follows the address",
                      SOFTMAX, F32, SOFTMARK_REPRODUCIBLE,
                      each<float, ordered_by<[](Row<float> r) {
                             return reinterpret_cast<std::uintptr_t>(r.x) / 4 % 16;
                           }>>),
      SOFTMARK_MUTANT("order_by_batch", "reproducible",
                      "the sum's order follows the number of rows", SOFTMAX, F32,
                      SOFTMARK_REPRODUCIBLE, ordered_by_batch),
      SOFTMARK_MUTANT("order_in_fours", "reproducible",
                      "the sum's order is another for four rows at once", SOFTMAX, F32,
                      SOFTMARK_REPRODUCIBLE, ordered_in_fours),
      SOFTMARK_MUTANT("order_by_position", "reproducible",
                      "the sum's order follows the row's place in the batch", SOFTMAX, F32,
                      SOFTMARK_REPRODUCIBLE,
                      each<float, ordered_by<[](Row<float> r) { return r.index; }>>),
      SOFTMARK_MUTANT("order_by_stride", "reproducible", "the sum's order follows the stride",
                      SOFTMAX, F32, SOFTMARK_REPRODUCIBLE, ordered_by_stride),
      SOFTMARK_MUTANT("order_by_threads", "reproducible",
                      "the sum's order follows the number of threads", SOFTMAX, F32,
                      SOFTMARK_REPRODUCIBLE | SOFTMARK_THREADED, ordered_by_threads),
      SOFTMARK_MUTANT("threads_share_scratch", "threaded",
                      "all threads keep their maximum in one place", SOFTMAX, F32,
                      SOFTMARK_THREADED, shared_scratch),
      SOFTMARK_MUTANT("threads_lose_remainder", "threaded",
                      "rows / threads rows each, the rest is left out", SOFTMAX, F32,
                      SOFTMARK_THREADED, remainder_lost),
      SOFTMARK_MUTANT("threads_split_unscaled", "threaded",
                      "parts of a row are added without rescaling", SOFTMAX, F32, SOFTMARK_THREADED,
                      split_rows),
      SOFTMARK_MUTANT("threads_but_five", "threaded", "the fifth of five threads has no share",
                      SOFTMAX, F32, SOFTMARK_THREADED, four_shares),
      SOFTMARK_MUTANT("threads_past_end", "threaded", "the last threads go past the last row",
                      SOFTMAX, F32, SOFTMARK_THREADED, past_last_row),
  };
}

}  // namespace softmark::mutants
