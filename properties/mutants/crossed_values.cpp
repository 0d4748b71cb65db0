// SPDX-License-Identifier: Apache-2.0
// Defects at bits that equal values may have, at cotangents that are not finite, in sums beyond a
// narrow type, and in memory that must not be written.
#include <algorithm>
#include <bit>

#include "properties/mutants/narrow.h"
#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

using R = Row<float>;
void sound(R r) { softmax_row<Sound<>>(r); }

/// Softmax of a copy of the row, changed by `change(value)`.
template <auto change>
void with_values(R r) {
  std::vector<float> x(r.x, r.x + r.n);
  for (float& v : x) v = change(v);
  r.x = x.data();
  sound(r);
}
std::uint32_t bits_of(float v) { return std::bit_cast<std::uint32_t>(v); }
constexpr auto kNegativeNan = [](float v) {  // by its bits, a NaN with its sign set is below all
  return std::isnan(v) && std::signbit(v) ? -kInf<float> : v;
};
constexpr auto kOneNanPattern = [](float v) {
  return std::isnan(v) && (bits_of(v) & 0x7fffffff) != 0x7fc00000 ? 100.0f : v;
};
constexpr auto kSignallingNan = [](float v) {
  return std::isnan(v) && !(bits_of(v) & 0x00400000) ? -kInf<float> : v;
};

template <auto dot_of>
void vjp(R r) {
  float d = 0;
  for (std::size_t i = 0; i < r.n; ++i) d += dot_of(r.x[i], r.g[i]);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.x[i] * (r.g[i] - d);
}
constexpr auto kSkipsZero = [](float p, float g) { return p == 0 ? 0 : p * g; };
void vjp_nan_p_is_zero(R r) {
  std::vector<float> p(r.x, r.x + r.n);
  for (float& v : p)
    if (std::isnan(v)) v = 0;
  r.x = p.data();
  vjp<kSkipsZero>(r);
}
void vjp_clamps_g(R r) {  // an infinite cotangent counts as the largest
  std::vector<float> g(r.g, r.g + r.n);
  constexpr float kTop = std::numeric_limits<float>::max() / 4096;
  for (float& v : g)
    if (std::isinf(v)) v = std::copysign(kTop, v);
  r.g = g.data();
  vjp<kSkipsZero>(r);
}
void vjp_drops_nan_g(R r) {
  std::vector<float> g(r.g, r.g + r.n);
  for (float& v : g)
    if (std::isnan(v)) v = 0;
  r.g = g.data();
  vjp<kSkipsZero>(r);
}
void loss_vjp_of_nan(R r) {  // a NaN gradient of the batch counts as 0
  sound(r);
  const float g = r.g[r.index];
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = (std::isnan(g) ? 0 : g) * (r.y[i] - (static_cast<std::int64_t>(i) == r.label));
}

// Sums of equal terms past the end of float16, and past bfloat16's bits.
template <auto from, auto to>
void narrow_sum(Row<std::uint16_t> r) {
  float m = -kInf<float>, s = 0;
  for (std::size_t i = 0; i < r.n; ++i) m = std::max(m, from(r.x[i]));
  double exact = 0;
  for (std::size_t i = 0; i < r.n; ++i) exact += std::exp(static_cast<double>(from(r.x[i]) - m));
  if (exact < 60000) {
    for (std::size_t i = 0; i < r.n; ++i)
      r.y[i] = to(std::exp(static_cast<double>(from(r.x[i]) - m)) / exact);
    return;
  }
  s = from(to(exact));
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = to(std::exp(from(r.x[i]) - m) / s);
}
constexpr auto kToF16 = [](double v) { return to_f16(v); };

// The row is scratch for its own exponentials, and set back.
void scratch_in_input(R r) {
  const std::vector<float> kept(r.x, r.x + r.n);
  auto* x = const_cast<float*>(r.x);
  sound(r);
  if (r.n < 32 || r.x == r.y) return;
  volatile float* first = x;
  *first = 0;
  *first = kept[0];
}
// Whole vectors are stored, and what was behind the row is set back.
int padding_set_back(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r) {
    const R row = row_of<float>(a, r);
    sound(row);
    if (r + 1 == a->rows || a->y_stride < a->cols + 8 || row.n < 5) continue;
    volatile float* behind = row.y + row.n;
    const float kept = *behind;
    *behind = 0;
    *behind = kept;
  }
  return 0;
}
int stale_arguments(const softmark_args* a) {  // leaves its own stride in the caller's structure
  softmax<Sound<>>(a);
  auto* mine = const_cast<softmark_args*>(a);
  if (a->rows > 4) mine->threads = 0;
  return 0;
}

}  // namespace

#define SOFTMARK_VALUES(name, factors, defect, op, dtype, ...) \
  SOFTMARK_MUTANT(name, "crossed (" factors ")", defect, op, dtype, 0, __VA_ARGS__)

Table crossed_values_mutants() {
  return {
      SOFTMARK_VALUES("negative_nan", "special", "a NaN with its sign set counts as masked",
                      SOFTMAX, F32, each<float, with_values<kNegativeNan>>),
      SOFTMARK_VALUES("one_nan_pattern", "special", "a NaN with a payload counts as a number",
                      SOFTMAX, F32, each<float, with_values<kOneNanPattern>>),
      SOFTMARK_VALUES("signalling_nan", "special", "a signalling NaN counts as masked", SOFTMAX,
                      F32, each<float, with_values<kSignallingNan>>),
      SOFTMARK_VALUES("vjp_nan_p", "special", "p of a masked row counts as 0", SOFTMAX_VJP, F32,
                      each<float, vjp_nan_p_is_zero>),
      SOFTMARK_VALUES("vjp_infinite_g", "cotangent", "an infinite cotangent is clamped",
                      SOFTMAX_VJP, F32, each<float, vjp_clamps_g>),
      SOFTMARK_VALUES("vjp_nan_g", "cotangent", "a NaN cotangent counts as 0", SOFTMAX_VJP, F32,
                      each<float, vjp_drops_nan_g>),
      SOFTMARK_VALUES("loss_vjp_nan_g", "cotangent", "a NaN gradient counts as 0",
                      CROSS_ENTROPY_VJP, F32, each<float, loss_vjp_of_nan>),
      SOFTMARK_VALUES("f16_sum_overflows", "columns, kind", "sums beyond 65504 are infinite",
                      SOFTMAX, F16, each<std::uint16_t, narrow_sum<from_f16, kToF16>>),
      SOFTMARK_VALUES("scratch_in_input", "protection", "writes to x, and sets it back", SOFTMAX,
                      F32, each<float, scratch_in_input>),
      SOFTMARK_VALUES("padding_set_back", "protection, stride",
                      "writes behind a row, and sets it back", SOFTMAX, F32, padding_set_back),
      SOFTMARK_VALUES("stale_arguments", "rows", "writes to the structure of its arguments",
                      SOFTMAX, F32, stale_arguments),
  };
}

}  // namespace softmark::mutants
