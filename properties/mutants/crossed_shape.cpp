// SPDX-License-Identifier: Apache-2.0
// Defects that only show where rows, columns, strides and special values meet.
#include <algorithm>
#include <cstring>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

using R = Row<float>;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

bool has_nan(const float* x, std::size_t n) {
  return std::any_of(x, x + n, [](float v) { return std::isnan(v); });
}
bool all_masked(const float* x, std::size_t n) {
  return n > 0 && std::all_of(x, x + n, [](float v) { return v == -kInf<float>; });
}
void zeros(R r) { std::fill(r.y, r.y + r.n, 0.0f); }
void sound(R r) { softmax_row<Sound<>>(r); }

/// Softmax with what lies beyond this many columns of NaN taken for masked.
template <std::size_t most>
void nan_seen_until(R r) {
  std::vector<float> x(r.x, r.x + r.n);
  for (std::size_t i = most; i < r.n; ++i)
    if (std::isnan(x[i])) x[i] = -kInf<float>;
  r.x = x.data();
  sound(r);
}
void zero_where_long_and_masked(R r) {
  if (r.n > 130 && all_masked(r.x, r.n)) return zeros(r);
  sound(r);
}
void masked_tile_first(R r) {  // a first tile of 256 without any value makes the row NaN
  sound(r);
  if (r.n > 256 && all_masked(r.x, 256) && !all_masked(r.x, r.n)) std::fill(r.y, r.y + r.n, kNan);
}
void infinity_in_later_block(R r) {  // +inf past the first 64 columns wins instead of NaN
  const float* at = std::find(r.x, r.x + r.n, kInf<float>);
  if (at >= r.x + 64 && at < r.x + r.n && !has_nan(r.x, r.n)) {
    zeros(r);
    r.y[at - r.x] = 1;
    return;
  }
  sound(r);
}

/// `one_row(row, args)` for each row.
template <auto one_row>
int with_args(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) one_row(row_of<float>(a, r), *a);
  return 0;
}
// Vectors of the last row tile are loaded whole: padding joins the maximum.
void padding_in_max(R r, const softmark_args& a) {
  if (r.n <= 130 || a.x_stride <= r.n || r.index + 1 == a.rows) return sound(r);
  const float pad = r.x[r.n], m = std::max(Sound<>::max(r.x, r.n), std::isnan(pad) ? -1e30f : pad);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}
void packed_past_eight_rows(R r, const softmark_args& a) {  // y of a long batch counts as packed
  if (a.rows > 8 && a.cols > 16) r.y = static_cast<float*>(a.y) + r.index * a.cols;
  sound(r);
}
void ninth_row(R r,
               const softmark_args& a) {  // past a block of eight rows, the last column is lost
  if (r.index < 8 || r.n < 10) return sound(r);
  const float last = r.x[r.n - 1];
  if (std::isnan(last) || last == kInf<float>) {
    --r.n;
    sound(r);
    r.y[r.n] = 0;
    return;
  }
  sound(r);
  static_cast<void>(a);
}
void remainder_rows(R r, const softmark_args& a) {  // the rows after whole groups of four, if long
  if (r.index < a.rows / 4 * 4 || a.rows < 4 || r.n < 256 || !all_masked(r.x + r.n - 16, 16))
    return sound(r);
  sound(r);
  r.y[r.n - 1] = r.y[0];
}
void odd_stride(R r, const softmark_args& a) {  // where rows are not aligned the tail is masked
  if (a.x_stride % 16 == 0 || a.x_stride == a.cols || r.n < 100) return sound(r);
  std::vector<float> x(r.x, r.x + r.n);
  x[r.n - 1] = -kInf<float>;
  r.x = x.data();
  sound(r);
}
// The offset of a row in a type that wraps.
template <class Index>
int offsets_in(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) {
    R row = row_of<float>(a, r);
    row.x = static_cast<const float*>(a->x) + static_cast<Index>(r * a->x_stride);
    sound(row);
  }
  return 0;
}
int bytes_of_y_in_32_bits(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) {
    R row = row_of<float>(a, r);
    row.y = reinterpret_cast<float*>(static_cast<char*>(a->y) +
                                     static_cast<std::uint32_t>(r * a->y_stride * 4));
    sound(row);
  }
  return 0;
}
int stride_in_16_bits(const softmark_args* given) {
  softmark_args a = *given;
  if (a.x_stride > a.cols) a.x_stride = static_cast<std::uint16_t>(a.x_stride);
  return softmax<Sound<>>(&a);
}
// A flat loop over all elements with a counter of 16 bits finds each element's row.
int flat_index(const softmark_args* a) {
  if (a->cols < 2 || a->rows < 2) return softmax<Sound<>>(a);
  for (std::size_t r = 0; r < a->rows; ++r) {
    R row = row_of<float>(a, r);
    const std::size_t at = r * a->cols;
    row.x = row_of<float>(a, (at & 0xffff) / a->cols).x;
    sound(at > 0xffff ? row : row_of<float>(a, r));
  }
  return 0;
}
struct ColumnsIn16Bits : Sound<> {
  static float sum(const float* e, std::size_t n) {
    return Sound::sum(e, n > 65536 ? n - 65536 : n);
  }
};
struct VocabularyTail : Sound<> {  // blocks of 128 Ki columns, the last one lost
  static float sum(const float* e, std::size_t n) {
    return Sound::sum(e, n > 131072 ? n / 131072 * 131072 : n);
  }
};
struct FloatSumOfLong : Sound<> {  // a sum in eleven bits, where rows are long
  static float sum(const float* e, std::size_t n) {
    if (n < 4096) return Sound::sum(e, n);
    float s = 0;
    for (std::size_t i = 0; i < n; ++i) {
      s += e[i];
      int k;
      const float f = std::frexp(s, &k);
      if (std::isfinite(s)) s = std::ldexp(std::nearbyint(f * 2048) / 2048, k);
    }
    return s;
  }
};
int single_column_past_4096_rows(const softmark_args* a) {
  softmax<Sound<>>(a);
  for (std::size_t r = 4096; a->cols == 2 && r < a->rows; ++r)
    std::swap(row_of<float>(a, r).y[0], row_of<float>(a, r).y[1]);
  return 0;
}
// Scratch for 128 by 128 of a Jacobian.
void jacobian_in_tile(R r) {
  std::vector<float> p(r.n);
  R s = r;
  s.y = p.data();
  sound(s);
  for (std::size_t i = 0; i < r.n; ++i)
    for (std::size_t j = 0; j < r.n; ++j)
      r.y[i * r.n + j] = i == j ? p[i] * (1 - p[i]) : -p[i] * p[j < 128 ? j : j - 128];
}
float loss_of_long_masked(R r) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  if (r.n > 100 && r.x[r.label] == -kInf<float> && std::isfinite(m)) return 1e4f;
  return static_cast<float>((m - r.x[r.label]) + log_sum);
}
float logsumexp_of_block(R r) {  // a masked last block of 32 gives NaN
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  if (r.n >= 64 && r.index > 0 && all_masked(r.x + r.n - 32, 32) && !all_masked(r.x, r.n))
    return kNan;
  return static_cast<float>(m + log_sum);
}
int reads_after_padding(const softmark_args* a) {  // a prefetch past the last row's end
  softmax<Sound<>>(a);
  if (a->rows > 1 && a->cols > 300) {
    volatile float next = row_of<float>(a, a->rows - 1).x[a->cols];
    static_cast<void>(next);
  }
  return 0;
}

}  // namespace

#define SOFTMARK_CROSSED(name, factors, defect, op, run) \
  SOFTMARK_MUTANT(name, "crossed (" factors ")", defect, op, F32, 0, run)

Table crossed_shape_mutants() {
  return {
      SOFTMARK_CROSSED("nan_past_1000", "special, columns", "a NaN past column 1000 is not seen",
                       SOFTMAX, (each<float, nan_seen_until<1000>>)),
      SOFTMARK_CROSSED("nan_past_4096", "special, columns", "a NaN past column 4096 is not seen",
                       SOFTMAX, (each<float, nan_seen_until<4096>>)),
      SOFTMARK_CROSSED("masked_past_130", "special, columns",
                       "a masked row of more than 130 columns gives 0", SOFTMAX,
                       (each<float, zero_where_long_and_masked>)),
      SOFTMARK_CROSSED("masked_first_tile", "special, columns",
                       "a masked first tile makes the row NaN", SOFTMAX,
                       (each<float, masked_tile_first>)),
      SOFTMARK_CROSSED("infinity_past_64", "special, columns", "+inf past column 64 gives 1",
                       SOFTMAX, (each<float, infinity_in_later_block>)),
      SOFTMARK_CROSSED("padding_past_130", "stride, columns",
                       "padding joins the maximum of long rows", SOFTMAX,
                       with_args<padding_in_max>),
      SOFTMARK_CROSSED("packed_past_8_rows", "stride, rows",
                       "y of more than 8 rows counts as packed", SOFTMAX,
                       with_args<packed_past_eight_rows>),
      SOFTMARK_CROSSED("ninth_row_nan", "special, rows",
                       "a NaN in the last column is lost from the ninth row on", SOFTMAX,
                       with_args<ninth_row>),
      SOFTMARK_CROSSED("remainder_rows_masked", "special, rows, columns",
                       "masked tails of the rows after whole groups", SOFTMAX,
                       with_args<remainder_rows>),
      SOFTMARK_CROSSED("odd_stride_tail", "stride, columns",
                       "the last of 100 columns is lost where rows are not aligned", SOFTMAX,
                       with_args<odd_stride>),
      SOFTMARK_CROSSED("offset_32_bits", "span", "a row's offset in a signed 32-bit integer",
                       SOFTMAX, offsets_in<std::int32_t>),
      SOFTMARK_CROSSED("y_bytes_32_bits", "span", "y's offset in bytes, in 32 bits", SOFTMAX,
                       bytes_of_y_in_32_bits),
      SOFTMARK_CROSSED("stride_16_bits", "stride", "a stride is kept in 16 bits", SOFTMAX,
                       stride_in_16_bits),
      SOFTMARK_CROSSED("offset_16_bits", "rows, columns", "a row's offset in 16 bits", SOFTMAX,
                       flat_index),
      SOFTMARK_CROSSED("columns_16_bits", "columns", "columns past 65536 are counted again",
                       SOFTMAX, softmax<ColumnsIn16Bits>),
      SOFTMARK_CROSSED("vocabulary_tail", "columns", "the last block of 128 Ki columns is lost",
                       SOFTMAX, softmax<VocabularyTail>),
      SOFTMARK_CROSSED("long_sum_in_half", "columns", "sums of 4096 and more in eleven bits",
                       SOFTMAX, softmax<FloatSumOfLong>),
      SOFTMARK_CROSSED("two_columns_past_4096", "rows, columns",
                       "two columns are swapped past row 4096", SOFTMAX,
                       single_column_past_4096_rows),
      SOFTMARK_CROSSED("jacobian_past_128", "columns", "columns past 128 take those before",
                       SOFTMAX_JACOBIAN, (each<float, jacobian_in_tile>)),
      SOFTMARK_CROSSED("loss_of_masked_label", "special, label",
                       "1e4 for a masked label of a long row", CROSS_ENTROPY,
                       (each_scalar<float, loss_of_long_masked>)),
      SOFTMARK_CROSSED("logsumexp_masked_block", "special, rows",
                       "a masked last block makes all rows but the first NaN", LOGSUMEXP,
                       (each_scalar<float, logsumexp_of_block>)),
      SOFTMARK_CROSSED("reads_past_end", "rows, columns",
                       "reads past the last of several long rows", SOFTMAX, reads_after_padding),
  };
}

}  // namespace softmark::mutants
