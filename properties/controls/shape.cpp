// SPDX-License-Identifier: Apache-2.0
// Kernels that accept some shapes only, and kernels that really use several threads.
#include <algorithm>
#include <atomic>
#include <thread>

#include "properties/controls/control.h"

namespace softmark::controls {
namespace {

void softmax_row(Row<float> r) {
  const float m = shift_of(r.x, r.n);
  float s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += r.y[i] = std::exp(r.x[i] - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] /= s;
}

/// Declines args that `takes` rejects, after overwriting y, whose contents are unspecified then.
template <auto takes>
int where(const softmark_args* a) {
  if (takes(a)) return each<float, softmax_row>(a);
  if (a->rows && a->cols) static_cast<float*>(a->y)[0] = -1;
  return 1;
}

// A fixed share of rows for each thread.
int threads_by_share(const softmark_args* a) {
  const auto threads = static_cast<std::size_t>(a->threads);
  std::vector<std::thread> team;
  for (std::size_t t = 1; t < std::min(threads, a->rows); ++t)
    team.emplace_back([=] {
      for (std::size_t r = t; r < a->rows; r += threads) softmax_row(row_of<float>(a, r));
    });
  for (std::size_t r = 0; r < a->rows; r += threads) softmax_row(row_of<float>(a, r));
  for (auto& thread : team) thread.join();
  return 0;
}

// A free thread takes the next row.
int threads_by_queue(const softmark_args* a) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t r; (r = next++) < a->rows;) softmax_row(row_of<float>(a, r));
  };
  std::vector<std::thread> team;
  for (int t = 1; t < a->threads; ++t) team.emplace_back(work);
  work();
  for (auto& thread : team) thread.join();
  return 0;
}

// The columns of each row are split: parts shifted by their own maxima, rescaled when merged. The
// bits depend on the split.
int threads_by_columns(const softmark_args* a) {
  const std::size_t parts = std::max<std::size_t>(
      1, std::min<std::size_t>(static_cast<std::size_t>(a->threads), a->cols));
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    const auto from = [&](std::size_t p) { return row.n * p / parts; };
    std::vector<float> max(parts), sum(parts);
    const auto reduce = [&](std::size_t p) {
      max[p] = max_of(row.x + from(p), from(p + 1) - from(p));
      for (std::size_t i = from(p); i < from(p + 1); ++i) sum[p] += std::exp(row.x[i] - max[p]);
    };
    std::vector<std::thread> team;
    for (std::size_t p = 1; p < parts; ++p) team.emplace_back(reduce, p);
    reduce(0);
    for (auto& thread : team) thread.join();
    const float m = shift_of(max.data(), parts);
    float s = 0;
    for (std::size_t p = 0; p < parts; ++p)
      if (max[p] != -kInf<float>) s += sum[p] * std::exp(max[p] - m);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] = std::exp(row.x[i] - m) / s;
  }
  return 0;
}

}  // namespace

Table shape_controls() {
  constexpr std::uint32_t kThreads = SOFTMARK_THREADED | SOFTMARK_REPRODUCIBLE;
  return {
      SOFTMARK_CONTROL("short_rows_only", "declines more than 200 columns", SOFTMAX, F32, 0,
                       where<[](const softmark_args* a) { return a->cols <= 200; }>),
      SOFTMARK_CONTROL("even_rows_only", "declines an odd number of rows", SOFTMAX, F32, 0,
                       where<[](const softmark_args* a) { return a->rows % 2 == 0; }>),
      SOFTMARK_CONTROL("packed_only", "declines padding between rows", SOFTMAX, F32, 0,
                       where<[](const softmark_args* a) {
                         return a->rows < 2 || (a->x_stride == a->cols && a->y_stride == a->cols);
                       }>),
      SOFTMARK_CONTROL("whole_vectors_only",
                       "declines what is no multiple of 8 columns, and nothing at all", SOFTMAX,
                       F32, 0,
                       where<[](const softmark_args* a) { return a->cols && a->cols % 8 == 0; }>),
      SOFTMARK_CONTROL("threads_by_share", "rows dealt out to threads", SOFTMAX, F32, kThreads,
                       threads_by_share),
      SOFTMARK_CONTROL("threads_by_queue", "rows taken by whichever thread is free", SOFTMAX, F32,
                       kThreads, threads_by_queue),
      SOFTMARK_CONTROL("threads_by_columns", "each row split over threads", SOFTMAX, F32,
                       SOFTMARK_THREADED, threads_by_columns),
  };
}

}  // namespace softmark::controls
