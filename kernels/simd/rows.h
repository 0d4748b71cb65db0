// SPDX-License-Identifier: Apache-2.0
// The row kernels behind their run-time dispatch, for kernels that divide the work differently.
#pragma once

#include <cstddef>
#include <string_view>

namespace softmark::simd {

/// How a long row is cut into equal pieces (the last one may be shorter); depends on its length
/// alone. The pieces' sums are added in order: the result is the same however many threads share
/// the pieces.
struct Cut {
  static constexpr std::size_t kPiece = 16384, kMostPieces = 512;
  std::size_t piece, count;

  explicit Cut(std::size_t cols) : piece(kPiece) {
    if (cols > kPiece * kMostPieces)  // whole vectors of any instruction set
      piece = ((cols + kMostPieces - 1) / kMostPieces + 63) / 64 * 64;
    count = (cols + piece - 1) / piece;
  }
  std::size_t start(std::size_t i) const { return i * piece; }
  std::size_t length(std::size_t i, std::size_t cols) const {
    return cols - start(i) < piece ? cols - start(i) : piece;
  }
};

/// A sum and what its roundings lost; 0 beside infinities and NaN.
struct Total {
  double sum, error;
};

inline double rounded(Total total) { return total.sum + total.error; }

/// The pieces' sum, compensated (TwoSum); NaN and infinities come out as from plain addition.
struct PieceSums {
  double sum = 0, error = 0;

  void add(Total piece) {
    const double next = sum + piece.sum, added = next - sum;
    error += (sum - (next - added)) + (piece.sum - added) + piece.error;
    sum = next;
  }
  Total total() const {
    if (!(sum - sum == 0)) return {sum, 0};
    const double next = sum + error;
    return {next, error - (next - sum)};
  }
};

/// The instruction set in use, by Highway's name.
std::string_view isa();

/// Softmax of `rows` rows, strides in elements. y may be x where the strides agree.
void softmax_rows(const float* x, std::size_t x_stride, float* y, std::size_t y_stride,
                  std::size_t rows, std::size_t cols);
void softmax_rows(const double* x, std::size_t x_stride, double* y, std::size_t y_stride,
                  std::size_t rows, std::size_t cols);

// The three passes over a piece of a row.

/// The largest element; -inf for none. A NaN may be skipped: it reappears in the sum.
float max_of(const float* x, std::size_t cols);
double max_of(const double* x, std::size_t cols);

/// y = exp(x) scaled by a power of two that depends only on the row's maximum (finite); returns the
/// sum of y.
Total scaled_exp_and_sum(const float* x, std::size_t cols, float row_max, float* y);
Total scaled_exp_and_sum(const double* x, std::size_t cols, double row_max, double* y);

/// y = y / sum.
void divide(float* y, std::size_t cols, Total sum);
void divide(double* y, std::size_t cols, Total sum);

}  // namespace softmark::simd
