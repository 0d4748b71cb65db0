// SPDX-License-Identifier: Apache-2.0
// Addressing defects: strides, ends, alignment, memory around the rows.
#include <algorithm>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

// A correct softmax that is given wrong strides.
template <auto strides>
int with_strides(const softmark_args* given) {
  softmark_args a = *given;
  strides(a);
  return softmax<Sound<>>(&a);
}

struct ReadsOneMore : Sound<> {
  static float max(const float* x, std::size_t n) { return Sound::max(x, n + 1); }
};
struct ReadsOneBefore : Sound<> {
  static float max(const float* x, std::size_t n) {
    return std::max(Sound::max(x, n), *const_cast<const volatile float*>(x - 1) * 0);
  }
};

template <auto afterwards>
void and_then(Row<float> r) {
  softmax_row<Sound<>>(r);
  if (r.n) afterwards(r);
}

int skips_last_of_odd(const softmark_args* given) {
  softmark_args a = *given;
  if (a.rows > 1) a.rows -= a.rows % 2;
  return softmax<Sound<>>(&a);
}

// Where three elements precede a 16-byte boundary of x, leaves the first one out of the sum (not
// where n % 4 == 3).
void peels_wrongly(Row<float> r) {
  const std::size_t peeled = (16 - reinterpret_cast<std::uintptr_t>(r.x) % 16) % 16 / 4;
  if (peeled != 3 || r.n < 8 || r.n % 4 == 3) return softmax_row<Sound<>>(r);
  const float m = Sound<>::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - m);
  const float s = Sound<>::sum(r.y + 1, r.n - 1);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] /= s;
}

// An instruction that faults on addresses that are not 16-byte aligned; outside x86, a check with
// the same effect.
void require_alignment(const float* p) {
#if defined(__SSE__)
  __asm__ volatile("movaps (%0), %%xmm0" : : "r"(p) : "xmm0");
#else
  if (reinterpret_cast<std::uintptr_t>(p) % 16 != 0) __builtin_trap();
#endif
}

// Checks x's alignment and assumes the same of y.
void stores_aligned(Row<float> r) {
  if (reinterpret_cast<std::uintptr_t>(r.x) % 16 == 0 && r.n >= 4) require_alignment(r.y);
  softmax_row<Sound<>>(r);
}

// Assumes that every row is aligned because its length is a multiple of the vector width.
void loads_aligned(Row<float> r) {
  if (r.n % 4 == 0 && r.n > 0) require_alignment(r.x);
  softmax_row<Sound<>>(r);
}

// Stores the last vector whole, aligned to the row's end, even where the row is shorter than it.
void stores_before_row(Row<float> r) {
  softmax_row<Sound<>>(r);
  if (r.n == 3) r.y[-1] = 0;
}

void scratches_input(Row<float> r) {
  auto* x = const_cast<float*>(r.x);
  const float m = Sound<>::max(x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) x[i] = std::exp(x[i] - m);
  const float s = Sound<>::sum(x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = x[i] / s;
}

void reads_x_after_writing(Row<float> r) {
  const float m = Sound<>::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - m);
  const float s = Sound<>::sum(r.y, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - m) / s;
}

void writes_g_too_early(Row<float> r) {
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.g[i] * r.x[i];
  double dot = 0;
  for (std::size_t i = 0; i < r.n; ++i) dot += static_cast<double>(r.g[i]) * r.x[i];
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] -= static_cast<float>(dot) * r.x[i];
}

int jacobian_packed(const softmark_args* a) {
  std::vector<float> p(a->cols);
  for (std::size_t r = 0; r < a->rows; ++r) {
    auto row = row_of<float>(a, r);
    float* y = static_cast<float*>(a->y) + r * a->cols * a->cols;
    row.y = p.data();
    softmax_row<Sound<>>(row);
    for (std::size_t i = 0; i < row.n; ++i)
      for (std::size_t j = 0; j < row.n; ++j) y[i * row.n + j] = p[i] * ((i == j) - p[j]);
  }
  return 0;
}

int scalar_by_stride(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto [m, log_sum] = max_and_log(row_of<float>(a, r).x, a->cols);
    static_cast<float*>(a->y)[r * a->y_stride] = static_cast<float>(m + log_sum);
  }
  return 0;
}

int gradient_by_stride(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    softmax_row<Sound<>>(row);
    for (std::size_t i = 0; i < row.n; ++i)
      row.y[i] = row.g[r * a->g_stride] * (row.y[i] - (static_cast<std::int64_t>(i) == row.label));
  }
  return 0;
}

}  // namespace

Table buffer_mutants() {
  return {
      SOFTMARK_MUTANT("row_stride_cols", "memory", "takes cols for x_stride", SOFTMAX, F32, 0,
                      with_strides<[](softmark_args& a) { a.x_stride = a.cols; }>),
      SOFTMARK_MUTANT("y_stride_cols", "memory", "takes cols for y_stride", SOFTMAX, F32, 0,
                      with_strides<[](softmark_args& a) { a.y_stride = a.cols; }>),
      SOFTMARK_MUTANT("y_by_x_stride", "memory", "takes x_stride for y's", SOFTMAX, F32, 0,
                      with_strides<[](softmark_args& a) { a.y_stride = a.x_stride; }>),
      SOFTMARK_MUTANT(
          "stride_rounded_up", "memory", "takes strides for multiples of 4", SOFTMAX, F32, 0,
          with_strides<[](softmark_args& a) { a.x_stride = (a.x_stride + 3) / 4 * 4; }>),
      SOFTMARK_MUTANT("reads_one_more", "memory", "the maximum takes in the element after the row",
                      SOFTMAX, F32, 0, softmax<ReadsOneMore>),
      SOFTMARK_MUTANT("reads_one_before", "alignment", "reads the element before the row", SOFTMAX,
                      F32, 0, softmax<ReadsOneBefore>),
      SOFTMARK_MUTANT("writes_one_more", "memory", "writes the element after the row", SOFTMAX, F32,
                      0, each<float, and_then<[](Row<float> r) { r.y[r.n] = 0; }>>),
      SOFTMARK_MUTANT("writes_whole_vectors", "memory", "writes the last vector whole", SOFTMAX,
                      F32, 0, each<float, and_then<[](Row<float> r) {
                                     for (std::size_t i = r.n; i % 4; ++i) r.y[i] = 0;
                                   }>>),
      SOFTMARK_MUTANT("writes_before_row", "memory", "a short row's last vector starts before it",
                      SOFTMAX, F32, 0, each<float, stores_before_row>),
      SOFTMARK_MUTANT("skips_last_odd_row", "row_independence",
                      "rows in pairs: the last odd one is left out", SOFTMAX, F32, 0,
                      skips_last_of_odd),
      SOFTMARK_MUTANT("peels_wrongly", "alignment",
                      "the peeled head is not summed at one alignment", SOFTMAX, F32, 0,
                      each<float, peels_wrongly>),
      SOFTMARK_MUTANT("stores_aligned", "alignment", "aligned stores to y wherever x is aligned",
                      SOFTMAX, F32, 0, each<float, stores_aligned>),
      SOFTMARK_MUTANT("loads_aligned", "alignment",
                      "aligned loads wherever cols is a multiple of 4", SOFTMAX, F32, 0,
                      each<float, loads_aligned>),
      SOFTMARK_MUTANT("scratches_input", "memory", "x serves as scratch", SOFTMAX, F32, 0,
                      each<float, scratches_input>),
      SOFTMARK_MUTANT("in_place_reads_late", "in_place", "reads x again after y was written",
                      SOFTMAX, F32, SOFTMARK_IN_PLACE, each<float, reads_x_after_writing>),
      SOFTMARK_MUTANT("in_place_vjp", "in_place", "writes y before g was summed", SOFTMAX_VJP, F32,
                      SOFTMARK_IN_PLACE, each<float, writes_g_too_early>),
      SOFTMARK_MUTANT("scalar_by_stride", "memory", "y_stride between the one result of each row",
                      LOGSUMEXP, F32, 0, scalar_by_stride),
      SOFTMARK_MUTANT("gradient_by_stride", "memory", "g_stride between the one g of each row",
                      CROSS_ENTROPY_VJP, F32, 0, gradient_by_stride),
      SOFTMARK_MUTANT("jacobian_packed", "memory", "takes cols^2 for y_stride", SOFTMAX_JACOBIAN,
                      F32, 0, jacobian_packed),
  };
}

}  // namespace softmark::mutants
