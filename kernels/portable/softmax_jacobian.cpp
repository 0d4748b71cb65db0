// SPDX-License-Identifier: Apache-2.0
// The full softmax Jacobian: y[i,j] = p_i (delta_ij - p_j). cols^2 outputs per row.
//
// Off the diagonal it is one product, with the same bits for (i,j) and (j,i). On the diagonal p_i
// (1 - p_i) would lose everything as p_i approaches 1, where 1 - p_i is little more than p_i's
// rounding error; so 1 - p_i is computed as the sum of the other p. That costs cols additions for
// each of the cols diagonal elements, no more than writing the output. The probabilities are kept
// in the last row of the output, which is filled last, so no scratch memory is needed.
#include "kernels/portable/row.h"

namespace softmark {
namespace {

template <class T>
void softmax_into(const T* x, T* p, std::size_t cols) {
  const T max = portable::max_of(x, cols);
  T sum = 0;
  for (std::size_t c = 0; c < cols; ++c) sum += p[c] = std::exp(x[c] - max);
  for (std::size_t c = 0; c < cols; ++c) p[c] /= sum;
}

/// Row i, computed from the probabilities p; `row` may alias p.
template <class T>
void jacobian_row(const T* p, std::size_t i, T* row, std::size_t cols) {
  const T p_i = p[i];
  T others = 0;
  for (std::size_t j = 0; j < cols; ++j) {
    if (j != i) others += p[j];
    row[j] = 0 - p_i * p[j];  // not -(p_i * p[j]): a masked column must give +0
  }
  row[i] = p_i * others;
}

template <class T>
int softmax_jacobian(const softmark_args* args) {
  const std::size_t cols = args->cols;
  if (cols == 0) return 0;
  return portable::for_each_row<T>(args, [&](const T* x, T* y) {
    T* p = y + (cols - 1) * cols;
    softmax_into(x, p, cols);
    for (std::size_t i = 0; i < cols; ++i) jacobian_row(p, i, y + i * cols, cols);
  });
}

constexpr auto kSummary = "p_i (delta_ij - p_j), with 1 - p_i as the sum of the others";

}  // namespace

SOFTMARK_BUILTINS(portable, softmax_jacobian,
                  {"max_shifted", kSummary, SOFTMARK_SOFTMAX_JACOBIAN, SOFTMARK_F32,
                   SOFTMARK_REPRODUCIBLE, SOFTMARK_MASKED_NAN, INFINITY, softmax_jacobian<float>},
                  {"max_shifted", kSummary, SOFTMARK_SOFTMAX_JACOBIAN, SOFTMARK_F64,
                   SOFTMARK_REPRODUCIBLE, SOFTMARK_MASKED_NAN, INFINITY, softmax_jacobian<double>})

}  // namespace softmark
