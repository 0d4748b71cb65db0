// SPDX-License-Identifier: Apache-2.0
// Defects of the maximum that is subtracted before exp. Most leave small logits right: only large
// logits or certain positions expose them.
#include <algorithm>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

struct NoShift : Sound<> {
  static float max(const float*, std::size_t) { return 0; }
};
struct First : Sound<> {
  static float max(const float* x, std::size_t n) { return n ? x[0] : 0; }
};
struct BodyOnly : Sound<> {
  static float max(const float* x, std::size_t n) {
    return n < 8 ? Sound::max(x, n) : Sound::max(x, n / 8 * 8);
  }
};
struct StartsAtZero : Sound<> {
  static float max(const float* x, std::size_t n) { return std::max(0.0f, Sound::max(x, n)); }
};
struct StartsAtMin : Sound<> {  // numeric_limits<float>::min() is the smallest positive normal
  static float max(const float* x, std::size_t n) {
    return std::max(std::numeric_limits<float>::min(), Sound::max(x, n));
  }
};
struct StartsAtLow : Sound<> {
  static float max(const float* x, std::size_t n) { return std::max(-10000.0f, Sound::max(x, n)); }
};
struct SkipsFirst : Sound<> {
  static float max(const float* x, std::size_t n) {
    return n > 1 ? Sound::max(x + 1, n - 1) : Sound::max(x, n);
  }
};
struct SkipsLast : Sound<> {
  static float max(const float* x, std::size_t n) {
    return n > 1 ? Sound::max(x, n - 1) : Sound::max(x, n);
  }
};
struct OfMagnitudes : Sound<> {
  static float max(const float* x, std::size_t n) {
    float m = 0;
    for (std::size_t i = 0; i < n; ++i) m = std::max(m, std::fabs(x[i]));
    return std::isinf(m) ? Sound::max(x, n) : m;
  }
};
struct OfFirstBlock : Sound<> {
  static float max(const float* x, std::size_t n) {
    return Sound::max(x, std::min<std::size_t>(n, 64));
  }
};
struct OneLaneForgotten : Sound<> {  // the horizontal reduction uses three of four lanes
  static float max(const float* x, std::size_t n) {
    if (n < 8) return Sound::max(x, n);
    float m = -kInf<float>;
    for (std::size_t i = 0; i < n; ++i)
      if (i % 4 != 2 && x[i] > m) m = x[i];
    return m;
  }
};

// Blocks in turn; one that exceeds those before by little leaves the shift as it is.
struct FollowsJumps : Sound<> {
  static float max(const float* x, std::size_t n) {
    float shift = -kInf<float>, largest = shift;
    for (std::size_t i = 0; i < n; i += 64) {
      const float m = Sound::max(x + i, std::min<std::size_t>(64, n - i));
      if (m - largest > 8) shift = m;
      largest = std::max(largest, m);
    }
    return shift;
  }
};

// The maximum of the first block stands for the row's, unless the sum exceeds a limit. Far above
// it, the rounded quotient of the reduction leaves an argument in which the polynomial is negative:
// the sum is -inf, below any limit.
float exp_of_guessed(float x, float guess) {
  const float t = std::max(x - guess, -104.0f), n = std::nearbyint(t * 1.44269504f);
  const float r = std::fma(n, 1.90465421e-9f, std::fma(n, -0.693147182f, t));
  const float tail = r * r * r / 6 * (1 + r / 4 * (1 + r / 5));
  return std::ldexp(1 + (r + (r * r / 2 + tail)), static_cast<int>(std::min(n, 1e4f)));
}
void guessed_row(Row<float> r) {
  const float guess = OfFirstBlock::max(r.x, r.n);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += r.y[i] = exp_of_guessed(r.x[i], guess);
  if (!(std::isfinite(guess) && s <= 1e30)) return softmax_row<Sound<>>(r);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(r.y[i] / s);
}

// A maximum over all rows is a valid shift while the rows have similar magnitudes.
int of_batch(const softmark_args* a) {
  float m = -kInf<float>;
  for (std::size_t r = 0; r < a->rows; ++r)
    m = std::max(m, Sound<>::max(row_of<float>(a, r).x, a->cols));
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] = std::exp(row.x[i] - m);
    const float s = Sound<>::sum(row.y, row.n);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] /= s;
  }
  return 0;
}

int kept_between_rows(const softmark_args* a) {
  float m = -kInf<float>;
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    m = std::max(m, Sound<>::max(row.x, row.n));
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] = std::exp(row.x[i] - m);
    const float s = Sound<>::sum(row.y, row.n);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] /= s;
  }
  return 0;
}

}  // namespace

Table shift_mutants() {
  return {
      SOFTMARK_MUTANT("no_shift", "overflow_safety", "exp(x) without the maximum", SOFTMAX, F32, 0,
                      softmax<NoShift>),
      SOFTMARK_MUTANT("shift_by_first", "overflow_safety", "shifts by the first logit", SOFTMAX,
                      F32, 0, softmax<First>),
      SOFTMARK_MUTANT("max_of_body", "permutation",
                      "the maximum leaves out the tail after whole vectors", SOFTMAX, F32, 0,
                      softmax<BodyOnly>),
      SOFTMARK_MUTANT("max_from_zero", "shift_invariance", "the running maximum starts at 0",
                      SOFTMAX, F32, 0, softmax<StartsAtZero>),
      SOFTMARK_MUTANT("max_from_min", "overflow_safety", "the running maximum starts at FLT_MIN",
                      SOFTMAX, F32, 0, softmax<StartsAtMin>),
      SOFTMARK_MUTANT("max_from_low", "overflow_safety", "the running maximum starts at -10000",
                      SOFTMAX, F32, 0, softmax<StartsAtLow>),
      SOFTMARK_MUTANT("max_skips_first", "permutation", "the maximum leaves out the first logit",
                      SOFTMAX, F32, 0, softmax<SkipsFirst>),
      SOFTMARK_MUTANT("max_skips_last", "permutation", "the maximum leaves out the last logit",
                      SOFTMAX, F32, 0, softmax<SkipsLast>),
      SOFTMARK_MUTANT("max_of_magnitudes", "shift_invariance", "shifts by the largest |x|", SOFTMAX,
                      F32, 0, softmax<OfMagnitudes>),
      SOFTMARK_MUTANT("max_of_block", "permutation", "shifts by the first block's maximum", SOFTMAX,
                      F32, 0, softmax<OfFirstBlock>),
      SOFTMARK_MUTANT("max_drifts", "order",
                      "the shift follows a maximum that jumps, not one that rises slowly", SOFTMAX,
                      F32, 0, softmax<FollowsJumps>),
      SOFTMARK_MUTANT("max_guessed", "overflow_safety",
                      "a sum of -inf passes for one in range, by which a guess of the maximum is "
                      "judged",
                      SOFTMAX, F32, 0, each<float, guessed_row>),
      SOFTMARK_MUTANT("max_lane_lost", "permutation", "one lane of the maximum is forgotten",
                      SOFTMAX, F32, 0, softmax<OneLaneForgotten>),
      SOFTMARK_MUTANT("max_of_batch", "row_independence", "one maximum for all rows", SOFTMAX, F32,
                      0, of_batch),
      SOFTMARK_MUTANT("max_kept", "row_independence", "the maximum is not reset between rows",
                      SOFTMAX, F32, 0, kept_between_rows),
  };
}

}  // namespace softmark::mutants
