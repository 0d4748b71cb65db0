// SPDX-License-Identifier: Apache-2.0
// Softmax on args->threads threads: the simd passes, distributed by rows and by pieces of rows.
//
// Rows of up to kPiece columns are handled by one thread each. Longer ones are cut into at most
// kMostPieces pieces by their length alone, and the pieces' maxima and sums are combined in the
// order of the pieces. The result therefore does not depend on the number of threads or on the
// batch, and one huge row keeps every thread busy.
//
// In a batch of many long rows each thread handles whole rows, which stay in its cache from pass to
// pass; threads share a row only where there are fewer rows than threads.
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/builtins.h"
#include "kernels/simd/rows.h"

namespace softmark {
namespace {

constexpr std::size_t kPiece = 16384, kMostPieces = 512;
// Elements: for less, waking a thread costs more than it gains.
constexpr std::size_t kWorthAThread = 8192;

/// How a row is cut into equal pieces (the last one may be shorter); depends on its length alone.
struct Cut {
  std::size_t piece, count;

  explicit Cut(std::size_t cols) {
    piece = std::max(kPiece, (cols + kMostPieces - 1) / kMostPieces);
    count = (cols + piece - 1) / piece;
  }
  std::size_t start(std::size_t i) const { return i * piece; }
  std::size_t length(std::size_t i, std::size_t cols) const {
    return std::min(piece, cols - i * piece);
  }
};

/// A partly processed row. Each step must be complete for every piece before the next one starts.
template <class T>
struct SplitRow {
  const T* x;
  T* y;
  std::size_t cols;
  const Cut& cut;
  T* maxima;     // [cut.count]
  double* sums;  // [cut.count]

  void find_max(std::size_t i) const {
    maxima[i] = simd::max_of(x + cut.start(i), cut.length(i, cols));
  }
  T max() const { return *std::max_element(maxima, maxima + cut.count); }
  void exponentiate(std::size_t i, T row_max) const {
    // Without a finite maximum the row is NaN by the contract; a NaN sum produces that.
    sums[i] = std::isfinite(row_max)
                  ? simd::scaled_exp_and_sum(x + cut.start(i), cut.length(i, cols), row_max,
                                             y + cut.start(i))
                  : std::numeric_limits<double>::quiet_NaN();
  }
  double sum() const {  // compensated (TwoSum)
    double total = 0, error = 0;
    for (std::size_t i = 0; i < cut.count; ++i) {
      const double next = total + sums[i], added = next - total;
      error += (total - (next - added)) + (sums[i] - added);
      total = next;
    }
    return total + error;
  }
  void divide(std::size_t i, double row_sum) const {
    if (std::isnan(row_sum))
      std::fill_n(y + cut.start(i), cut.length(i, cols), std::numeric_limits<T>::quiet_NaN());
    else
      simd::divide(y + cut.start(i), cut.length(i, cols), row_sum);
  }
};

/// One row, on this thread alone.
template <class T>
void whole(const SplitRow<T>& row) {
  for (std::size_t i = 0; i < row.cut.count; ++i) row.find_max(i);
  const T max = row.max();
  for (std::size_t i = 0; i < row.cut.count; ++i) row.exponentiate(i, max);
  const double sum = row.sum();
  for (std::size_t i = 0; i < row.cut.count; ++i) row.divide(i, sum);
}

/// One row, on all threads of the enclosing parallel region; each loop ends in a barrier.
template <class T>
void shared(const SplitRow<T>& row) {
#pragma omp for schedule(static)
  for (std::size_t i = 0; i < row.cut.count; ++i) row.find_max(i);
  const T max = row.max();
#pragma omp for schedule(static)
  for (std::size_t i = 0; i < row.cut.count; ++i) row.exponentiate(i, max);
  const double sum = row.sum();
#pragma omp for schedule(static)
  for (std::size_t i = 0; i < row.cut.count; ++i) row.divide(i, sum);
}

template <class T>
void short_rows(const softmark_args* args, int threads) {
  const T* x = static_cast<const T*>(args->x);
  T* y = static_cast<T*>(args->y);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    const std::size_t team = static_cast<std::size_t>(omp_get_num_threads());
    const std::size_t me = static_cast<std::size_t>(omp_get_thread_num());
    const std::size_t begin = args->rows * me / team, end = args->rows * (me + 1) / team;
    simd::softmax_rows(x + begin * args->x_stride, args->x_stride, y + begin * args->y_stride,
                       args->y_stride, end - begin, args->cols);
  }
}

template <class T>
void long_rows(const softmark_args* args, int threads) {
  const Cut cut(args->cols);
  const std::size_t team = static_cast<std::size_t>(threads), whole_rows = args->rows / team * team;
  T shared_maxima[kMostPieces];
  double shared_sums[kMostPieces];
  const auto row = [&](std::size_t r, T* maxima, double* sums) {
    return SplitRow<T>{static_cast<const T*>(args->x) + r * args->x_stride,
                       static_cast<T*>(args->y) + r * args->y_stride,
                       args->cols,
                       cut,
                       maxima,
                       sums};
  };
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    T maxima[kMostPieces];
    double sums[kMostPieces];
#pragma omp for schedule(static)
    for (std::size_t r = 0; r < whole_rows; ++r) whole(row(r, maxima, sums));
    for (std::size_t r = whole_rows; r < args->rows; ++r)
      shared(row(r, shared_maxima, shared_sums));
  }
}

template <class T>
int batched(const softmark_args* args) {
  const std::size_t worthwhile = args->rows * args->cols / kWorthAThread + 1;
  const std::size_t asked = static_cast<std::size_t>(std::max(args->threads, 1));
  const int threads = static_cast<int>(std::min(asked, worthwhile));
  args->cols <= kPiece ? short_rows<T>(args, threads) : long_rows<T>(args, threads);
  return 0;
}

// The promise is simd's (simd/softmax.cpp); in f64 2 units more, for the sum over pieces.
constexpr auto kSummary =
    "the simd passes over rows, and over pieces of long rows; same bits for any number of threads";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_THREADED | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(openmp, batched,
                  {"openmp", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   8, batched<float>},
                  {"openmp", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   12, batched<double>})

}  // namespace softmark
