// SPDX-License-Identifier: Apache-2.0
// Defects of the sum: tails, lanes, blocks, merges.
#include <algorithm>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

struct TailOfSeven : Sound<> {
  static float sum(const float* e, std::size_t n) {
    return Sound::sum(e, n % 8 == 7 ? n - 7 : n) + (n == 7 ? Sound::sum(e, 7) : 0);
  }
};
struct LaneLost : Sound<> {
  static float sum(const float* e, std::size_t n) {
    if (n < 16) return Sound::sum(e, n);
    double s = 0;
    for (std::size_t i = 0; i < n; ++i)
      if (i >= n / 8 * 8 || i % 8 != 5) s += e[i];
    return static_cast<float>(s);
  }
};
// The last vector overlaps the one before, and the overlap is summed twice.
struct OverlappingTail : Sound<> {
  static float sum(const float* e, std::size_t n) {
    if (n < 8 || n % 8 == 0) return Sound::sum(e, n);
    return Sound::sum(e, n / 8 * 8) + Sound::sum(e + n - 8, 8);
  }
};
struct PastBlock : Sound<> {
  static float sum(const float* e, std::size_t n) {
    return Sound::sum(e, n > 1024 && ((n - 1) & (n - 2)) == 0 ? n - 1 : n);
  }
};
// The number of blocks is one short where the length is a multiple of the block.
struct WholeBlocks : Sound<> {
  static float sum(const float* e, std::size_t n) {
    return n < 512 || n % 256 ? Sound::sum(e, n) : Sound::sum(e, n - 256);
  }
};
struct HalfBlock : Sound<> {  // blocks of 512 in two halves, the last of which is cut short
  static float sum(const float* e, std::size_t n) {
    return Sound::sum(e, n > 1024 && n % 512 == 256 ? n - 16 : n);
  }
};
struct IndexWraps : Sound<> {  // an index of twelve bits
  static float sum(const float* e, std::size_t n) {
    double s = 0;
    for (std::size_t i = 0; i < n; ++i) s += e[i & 4095];
    return static_cast<float>(s);
  }
};
struct ShortOfBits : Sound<> {  // accumulates in 11 bits
  static float sum(const float* e, std::size_t n) {
    float s = 0;
    for (std::size_t i = 0; i < n; ++i) {
      s += e[i];
      if (!std::isfinite(s) || s == 0) continue;
      int k;
      const float f = std::frexp(s, &k);
      s = std::ldexp(std::nearbyint(f * 2048) / 2048, k);
    }
    return s;
  }
};
struct DropsSmall : Sound<> {  // terms that are "too small to matter"
  static float sum(const float* e, std::size_t n) {
    double s = 0;
    for (std::size_t i = 0; i < n; ++i)
      if (!(e[i] < 1e-5f)) s += e[i];
    return static_cast<float>(s);
  }
};

template <bool rescales_old, std::size_t block>
void online(Row<float> r) {
  float m = -kInf<float>;
  double s = 0;
  for (std::size_t from = 0; from < r.n; from += block) {
    const std::size_t count = std::min(block, r.n - from);
    const float bm = Sound<>::max(r.x + from, count), next = std::max(m, bm);
    double bs = 0;
    for (std::size_t i = from; i < from + count; ++i)
      bs += r.x[i] == -kInf<float> && next == -kInf<float> ? 0 : std::exp(r.x[i] - next);
    if (rescales_old && s != 0) s *= std::exp(static_cast<double>(m) - static_cast<double>(next));
    s += bs;
    m = next;
  }
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}

// Right to the last bit but one: only equal logits in the body and in the tail differ.
void tail_rounds_otherwise(Row<float> r) {
  softmax_row<Sound<>>(r);
  const float m = Sound<>::max(r.x, r.n);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - m);
  for (std::size_t i = r.n / 8 * 8; i < r.n; ++i)
    r.y[i] = std::exp(r.x[i] - m) * (1 / static_cast<float>(s));
}
// Two halves, each with a maximum of its own, whose sums are merged as if it were the same.
void halves_merged_unscaled(Row<float> r) {
  if (r.n < 64) return softmax_row<Sound<>>(r);
  const std::size_t half = r.n / 2;
  const float a = Sound<>::max(r.x, half), b = Sound<>::max(r.x + half, r.n - half),
              m = std::max(a, b);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - (i < half ? a : b));
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}

}  // namespace

Table sum_mutants() {
  return {
      SOFTMARK_MUTANT("sum_without_tail_of_7", "lengths",
                      "the tail is left out where cols % 8 == 7", SOFTMAX, F32, 0,
                      softmax<TailOfSeven>),
      SOFTMARK_MUTANT("sum_lane_lost", "sum_to_one", "one of eight partial sums is lost", SOFTMAX,
                      F32, 0, softmax<LaneLost>),
      SOFTMARK_MUTANT("sum_tail_twice", "lengths", "the overlap of the last vector is summed twice",
                      SOFTMAX, F32, 0, softmax<OverlappingTail>),
      SOFTMARK_MUTANT("sum_past_block", "lengths",
                      "the last element is lost where cols == 2^k + 1 > 1024", SOFTMAX, F32, 0,
                      softmax<PastBlock>),
      SOFTMARK_MUTANT("sum_whole_blocks", "lengths",
                      "the last block is lost where blocks come out even", SOFTMAX, F32, 0,
                      softmax<WholeBlocks>),
      SOFTMARK_MUTANT("sum_half_block", "lengths",
                      "16 elements are lost where cols % 512 == 256 beyond 1024", SOFTMAX, F32, 0,
                      softmax<HalfBlock>),
      SOFTMARK_MUTANT("sum_index_wraps", "lengths", "the index wraps at 4096", SOFTMAX, F32, 0,
                      softmax<IndexWraps>),
      SOFTMARK_MUTANT("sum_in_half", "sum_to_one", "accumulates in 11 bits", SOFTMAX, F32, 0,
                      softmax<ShortOfBits>),
      SOFTMARK_MUTANT("sum_drops_small", "sum_to_one", "terms below 1e-5 are not summed", SOFTMAX,
                      F32, 0, softmax<DropsSmall>),
      SOFTMARK_MUTANT("online_forgets_rescale", "permutation",
                      "the running sum is not rescaled when the maximum grows", SOFTMAX, F32, 0,
                      each<float, online<false, 1>>),
      SOFTMARK_MUTANT("blocks_forget_rescale", "lengths",
                      "blocks of 256 are added without rescaling", SOFTMAX, F32, 0,
                      each<float, online<false, 256>>),
      SOFTMARK_MUTANT("tail_rounds_otherwise", "ties",
                      "the tail multiplies by the inverse, the body divides", SOFTMAX, F32, 0,
                      each<float, tail_rounds_otherwise>),
      SOFTMARK_MUTANT("halves_merged_unscaled", "permutation",
                      "two halves are merged as if they had one maximum", SOFTMAX, F32, 0,
                      each<float, halves_merged_unscaled>),
  };
}

}  // namespace softmark::mutants
