// SPDX-License-Identifier: Apache-2.0
// Softmax on args->threads threads: the simd passes, distributed by rows and by pieces of rows.
//
// Rows of up to simd::Cut::kPiece columns are handled by one thread each. Longer ones are cut into
// at most kMostPieces pieces by their length alone, and the pieces' maxima and sums are combined in
// the order of the pieces. The result therefore does not depend on the number of threads or on the
// batch, and one huge row keeps every thread busy.
//
// In a batch of many long rows each thread handles whole rows, which stay in its cache from pass to
// pass; threads share a row only where there are fewer rows than threads.
#include <omp.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>

#include "kernels/builtins.h"
#include "kernels/simd/rows.h"

namespace softmark {
namespace {

constexpr std::size_t kMostPieces = simd::Cut::kMostPieces;
// Elements: for less, waking a thread costs more than it gains.
constexpr std::size_t kWorthAThread = 8192;

/// A partly processed row. Each step must be complete for every piece before the next one starts.
template <class T>
struct SplitRow {
  const T* x;
  T* y;
  std::size_t cols;
  const simd::Cut& cut;
  T* maxima;          // [cut.count]
  simd::Total* sums;  // [cut.count]

  void find_max(std::size_t i) const {
    maxima[i] = simd::max_of(x + cut.start(i), cut.length(i, cols));
  }
  T max() const { return *std::max_element(maxima, maxima + cut.count); }
  void exponentiate(std::size_t i, T row_max) const {
    // Without a finite maximum the row is NaN by the contract; a NaN sum produces that.
    sums[i] = std::isfinite(row_max)
                  ? simd::scaled_exp_and_sum(x + cut.start(i), cut.length(i, cols), row_max,
                                             y + cut.start(i))
                  : simd::Total{std::numeric_limits<double>::quiet_NaN(), 0};
  }
  simd::Total sum() const {
    simd::PieceSums total;
    for (std::size_t i = 0; i < cut.count; ++i) total.add(sums[i]);
    return total.total();
  }
  void divide(std::size_t i, simd::Total row_sum) const {
    if (std::isnan(row_sum.sum))
      std::fill_n(y + cut.start(i), cut.length(i, cols), std::numeric_limits<T>::quiet_NaN());
    else
      simd::divide(y + cut.start(i), cut.length(i, cols), row_sum);
  }
};

/// One row, on all threads of the enclosing parallel region; each loop ends in a barrier.
template <class T>
void shared(const SplitRow<T>& row) {
#pragma omp for schedule(static)
  for (std::size_t i = 0; i < row.cut.count; ++i) row.find_max(i);
  const T max = row.max();
#pragma omp for schedule(static)
  for (std::size_t i = 0; i < row.cut.count; ++i) row.exponentiate(i, max);
  const simd::Total sum = row.sum();
#pragma omp for schedule(static)
  for (std::size_t i = 0; i < row.cut.count; ++i) row.divide(i, sum);
}

/// Whole rows, [begin, end).
template <class T>
void whole_rows(const softmark_args* args, std::size_t begin, std::size_t end) {
  simd::softmax_rows(static_cast<const T*>(args->x) + begin * args->x_stride, args->x_stride,
                     static_cast<T*>(args->y) + begin * args->y_stride, args->y_stride, end - begin,
                     args->cols);
}

/// As many rows to each thread; what is left, if rows are long, is shared.
template <class T>
void on_threads(const softmark_args* args, int threads) {
  const simd::Cut cut(args->cols);
  const std::size_t team = static_cast<std::size_t>(threads);
  const std::size_t whole = cut.count > 1 ? args->rows / team * team : args->rows;
  T maxima[kMostPieces];
  simd::Total sums[kMostPieces];
  // The other threads outlive the call that started them, and keep its rounding mode, FTZ and DAZ.
  std::fenv_t callers;
  std::fegetenv(&callers);
#pragma omp parallel num_threads(threads)
  {
    const std::size_t running = static_cast<std::size_t>(omp_get_num_threads());
    const std::size_t me = static_cast<std::size_t>(omp_get_thread_num());
    std::fenv_t own;
    if (me > 0) std::fegetenv(&own), std::fesetenv(&callers);
    whole_rows<T>(args, whole * me / running, whole * (me + 1) / running);
    for (std::size_t r = whole; r < args->rows; ++r)
      shared(SplitRow<T>{static_cast<const T*>(args->x) + r * args->x_stride,
                         static_cast<T*>(args->y) + r * args->y_stride, args->cols, cut, maxima,
                         sums});
    if (me > 0) std::fesetenv(&own);
  }
}

/// One thread does not enter the OpenMP library.
template <class T>
int batched(const softmark_args* args) {
  const std::size_t worthwhile = args->rows * args->cols / kWorthAThread + 1;
  const std::size_t asked = static_cast<std::size_t>(std::max(args->threads, 1));
  const int threads = static_cast<int>(std::min(asked, worthwhile));
  if (threads == 1)
    whole_rows<T>(args, 0, args->rows);
  else
    on_threads<T>(args, threads);
  return 0;
}

// The promise is simd's (simd/softmax.cpp).
constexpr auto kSummary =
    "the simd passes over rows, and over pieces of long rows; same bits for any number of threads";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_THREADED | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(openmp, batched,
                  {"openmp", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   8, batched<float>},
                  {"openmp", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   10, batched<double>})

}  // namespace softmark
