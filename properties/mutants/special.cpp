// SPDX-License-Identifier: Apache-2.0
// Defects at NaN, infinities, masks, signed zeros and empty shapes.
#include <algorithm>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

bool all_masked(const float* x, std::size_t n) {
  return std::all_of(x, x + n, [](float v) { return v == -kInf<float>; });
}

struct ClampSwallowsNan : Sound<> {  // max(x, low) gives its second operand for NaN
  static float exp(float t) {
    return t == -kInf<float> ? 0.0f : std::exp(t > -150.0f ? t : -150.0f);
  }
};
struct NanCountsAsMasked : Sound<> {
  static float exp(float t) { return std::isnan(t) ? 0.0f : std::exp(t); }
  static float scale(float e, float s) {
    return s == 0 ? std::numeric_limits<float>::quiet_NaN() : e / s;
  }
};
struct MaskNotZero : Sound<> {  // -inf is replaced by a large negative logit: small, but not 0
  static float exp(float t) { return std::exp(std::isnan(t) ? t : std::max(t, -100.0f)); }
};
struct NegativeZeros : Sound<> {
  static float scale(float e, float s) { return e == 0 && s > 0 ? -0.0f : e / s; }
};
struct OneIsNotOne : Sound<> {
  static float scale(float e, float s) { return e * (1 / s) * (1 - 0x1p-20f); }
};

// Replaces a whole row by `instead` where `here` holds; else the correct softmax.
template <auto here, auto instead>
void where(Row<float> r) {
  if (r.n && here(r)) {
    for (std::size_t i = 0; i < r.n; ++i) r.y[i] = instead(r, i);
    return;
  }
  softmax_row<Sound<>>(r);
}
constexpr auto kAllMasked = [](Row<float> r) { return all_masked(r.x, r.n); };
constexpr auto kHasInf = [](Row<float> r) {
  return Sound<>::max(r.x, r.n) == kInf<float> &&
         std::none_of(r.x, r.x + r.n, [](float v) { return std::isnan(v); });
};
constexpr auto kOneHot = [](Row<float> r, std::size_t i) {
  return r.x[i] == kInf<float> ? 1.0f : 0.0f;
};
constexpr auto kZero = [](Row<float>, std::size_t) { return 0.0f; };
constexpr auto kUniform = [](Row<float> r, std::size_t) { return 1 / static_cast<float>(r.n); };
constexpr auto kTailOnly = [](Row<float> r, std::size_t i) {
  return i < r.n / 8 * 8 ? 0.5f : r.x[r.n - 1];
};
constexpr auto kNanInTail = [](Row<float> r) {
  return r.n > 8 && r.n % 8 && std::isnan(r.x[r.n - 1]);
};

// The running maximum of the online form starts at the first logit, so that -inf - -inf is NaN.
void online_from_first(Row<float> r) {
  if (r.n == 0) return;
  float m = r.x[0], s = 1;
  for (std::size_t i = 1; i < r.n; ++i) {
    const float next = std::max(m, r.x[i]);
    s = s * std::exp(m - next) + std::exp(r.x[i] - next);
    m = next;
  }
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - m) / s;
}

// Blocks of 32, merged online; an entirely masked block makes the row NaN unless it is the first.
void masked_block_poisons(Row<float> r) {
  softmax_row<Sound<>>(r);
  if (all_masked(r.x, r.n)) return;
  for (std::size_t from = 32; from + 32 <= r.n; from += 32)
    if (all_masked(r.x + from, 32))
      std::fill(r.y, r.y + r.n, std::numeric_limits<float>::quiet_NaN());
}

// Treats the first mask as the end of the row.
void ends_at_mask(Row<float> r) {
  const std::size_t end = static_cast<std::size_t>(std::find(r.x, r.x + r.n, -kInf<float>) - r.x);
  if (end == 0) return softmax_row<Sound<>>(r);
  std::fill(r.y + end, r.y + r.n, 0.0f);
  r.n = end;
  softmax_row<Sound<>>(r);
}

// Skips masked logits at the front in vectors of 4 and leaves their zeros unwritten.
void mask_prefix_unwritten(Row<float> r) {
  std::size_t from = 0;
  while (from + 4 < r.n && all_masked(r.x + from, 4)) from += 4;
  if (from > 8) r.x += from, r.y += from, r.n -= from;
  softmax_row<Sound<>>(r);
}

int rows_minus_one(const softmark_args* a) {
  std::size_t r = 0;
  do softmax_row<Sound<>>(row_of<float>(a, r));
  while (r++ != a->rows - 1);
  return 0;
}

void reads_first_always(Row<float> r) {
  volatile float first = *const_cast<const volatile float*>(r.x);
  (void)first;
  softmax_row<Sound<>>(r);
}

void writes_first_always(Row<float> r) {
  r.y[0] = 1;
  softmax_row<Sound<>>(r);
}

float log_sum_exp_from_lowest(Row<float> r) {  // no columns: the initial value instead of -inf
  if (r.n == 0) return -std::numeric_limits<float>::max();
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  return static_cast<float>(m + log_sum);
}

float log_sum_exp_masked_nan(Row<float> r) {  // -inf - -inf
  const float m = Sound<>::max(r.x, r.n);
  if (r.n == 0) return m;
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - m);
  return m == kInf<float>
             ? (std::any_of(r.x, r.x + r.n, [](float v) { return std::isnan(v); }) ? std::nanf("")
                                                                                   : m)
             : static_cast<float>(m + std::log(s));
}

}  // namespace

Table special_mutants() {
  return {
      SOFTMARK_MUTANT("clamp_swallows_nan", "special_values",
                      "the clamp before exp turns NaN into its limit", SOFTMAX, F32, 0,
                      softmax<ClampSwallowsNan>),
      SOFTMARK_MUTANT("nan_is_masked", "special_values", "a NaN counts as masked", SOFTMAX, F32, 0,
                      softmax<NanCountsAsMasked>),
      SOFTMARK_MUTANT("nan_lost_in_tail", "special_values",
                      "a NaN in the tail does not reach the body", SOFTMAX, F32, 0,
                      each<float, where<kNanInTail, kTailOnly>>),
      SOFTMARK_MUTANT("infinity_wins", "special_values", "+inf gives 1 and the rest 0", SOFTMAX,
                      F32, 0, each<float, where<kHasInf, kOneHot>>),
      SOFTMARK_MUTANT("masked_gives_zero", "special_values",
                      "a masked row gives 0, its entry declares NaN", SOFTMAX, F32, 0,
                      each<float, where<kAllMasked, kZero>>),
      SOFTMARK_MUTANT("masked_gives_uniform", "special_values",
                      "a masked row gives 1/n, its entry declares NaN", SOFTMAX, F32, 0,
                      each<float, where<kAllMasked, kUniform>>),
      SOFTMARK_MUTANT("mask_not_zero", "special_values", "a masked logit leaves e^-100", SOFTMAX,
                      F32, 0, softmax<MaskNotZero>),
      SOFTMARK_MUTANT("mask_gives_minus_zero", "special_values", "a masked logit gives -0", SOFTMAX,
                      F32, 0, softmax<NegativeZeros>),
      SOFTMARK_MUTANT("one_is_not_one", "special_values", "a single logit gives less than 1",
                      SOFTMAX, F32, 0, softmax<OneIsNotOne>),
      SOFTMARK_MUTANT("mask_first", "masked", "a mask at the first place makes the row NaN",
                      SOFTMAX, F32, 0, each<float, online_from_first>),
      SOFTMARK_MUTANT("mask_block", "masked", "a whole masked block makes the row NaN", SOFTMAX,
                      F32, 0, each<float, masked_block_poisons>),
      SOFTMARK_MUTANT("mask_ends_row", "masked", "the first mask is taken for the end", SOFTMAX,
                      F32, 0, each<float, ends_at_mask>),
      SOFTMARK_MUTANT("mask_prefix_unwritten", "masked",
                      "a long masked prefix is skipped, not written", SOFTMAX, F32, 0,
                      each<float, mask_prefix_unwritten>),
      SOFTMARK_MUTANT("no_rows", "empty", "a do-while over rows", SOFTMAX, F32, 0, rows_minus_one),
      SOFTMARK_MUTANT("no_columns_read", "empty", "reads the first logit of no columns", SOFTMAX,
                      F32, 0, each<float, reads_first_always>),
      SOFTMARK_MUTANT("no_columns_written", "empty", "writes the first result of no columns",
                      SOFTMAX, F32, 0, each<float, writes_first_always>),
      SOFTMARK_MUTANT("no_columns_lowest", "empty", "logsumexp of no columns is -FLT_MAX",
                      LOGSUMEXP, F32, 0, each_scalar<float, log_sum_exp_from_lowest>),
      SOFTMARK_MUTANT("logsumexp_masked_nan", "special_values", "logsumexp of a masked row is NaN",
                      LOGSUMEXP, F32, 0, each_scalar<float, log_sum_exp_masked_nan>),
  };
}

}  // namespace softmark::mutants
