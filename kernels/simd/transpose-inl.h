// SPDX-License-Identifier: Apache-2.0
// Reductions of many rows at once: from as many vectors as a vector has lanes, one vector whose
// lane i is the reduction of vector i. A transposing tree: each level combines two vectors into
// one, so that 16 rows of 16 lanes take 15 operations and 30 shuffles.
#include <cstddef>

#if defined(SOFTMARK_SIMD_TRANSPOSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTMARK_SIMD_TRANSPOSE_INL_H
#undef SOFTMARK_SIMD_TRANSPOSE_INL_H
#else
#define SOFTMARK_SIMD_TRANSPOSE_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct AddLanes {
  template <int kLevel, class V>
  HWY_INLINE V at(V a, V b) const {
    return hn::Add(a, b);
  }
  template <int kLevel, class V>
  HWY_INLINE Compensated<V> at(Compensated<V> a, Compensated<V> b) const {
    const Compensated<V> both = two_sum(a.sum, b.sum);
    return {both.sum, hn::Add(both.error, hn::Add(a.error, b.error))};
  }
};
/// Compensated after the first kPlain levels.
template <int kPlain>
struct AddLanesAfter : AddLanes {
  using AddLanes::at;
  template <int kLevel, class V>
  requires(kLevel >= kPlain) HWY_INLINE Compensated<V> at(V a, V b)
  const { return two_sum(a, b); }
};
struct MaxLanes {
  template <int kLevel, class V>
  HWY_INLINE V at(V a, V b) const {
    return hn::Max(a, b);
  }
};

#if HWY_TARGET == HWY_SCALAR

template <class Op, class D, class V>
HWY_INLINE V across(D, const V* rows) {
  return rows[0];
}

#else

/// Two vectors, or pairs of them, shuffled in two ways and combined by `op`.
template <int kLevel, class Op, class V, class F, class G>
HWY_INLINE auto combine(Op op, V a, V b, F low, G high) {
  return op.template at<kLevel>(low(a, b), high(a, b));
}
template <int kLevel, class Op, class V, class F, class G>
HWY_INLINE auto combine(Op op, Compensated<V> a, Compensated<V> b, F low, G high) {
  return op.template at<kLevel>(Compensated<V>{low(a.sum, b.sum), low(a.error, b.error)},
                                Compensated<V>{high(a.sum, b.sum), high(a.error, b.error)});
}

/// Lanes [a b ..] of each 128-bit block, each the block's reduction of one of the vectors.
template <class Op, class D, class V>
HWY_INLINE auto fold_blocks(D d, const V* v) {
  const auto low = [d](auto a, auto b) HWY_ATTR { return hn::InterleaveLower(d, a, b); };
  const auto high = [d](auto a, auto b) HWY_ATTR { return hn::InterleaveUpper(d, a, b); };
  const auto ab = combine<0>(Op(), v[0], v[1], low, high);
  if constexpr (sizeof(hn::TFromD<D>) == 8) {
    return ab;
  } else {
    const hn::Repartition<double, D> w;
    const auto low_pairs = [d, w](auto a, auto b) HWY_ATTR {
      return hn::BitCast(d, hn::InterleaveLower(w, hn::BitCast(w, a), hn::BitCast(w, b)));
    };
    const auto high_pairs = [d, w](auto a, auto b) HWY_ATTR {
      return hn::BitCast(d, hn::InterleaveUpper(w, hn::BitCast(w, a), hn::BitCast(w, b)));
    };
    return combine<1>(Op(), ab, combine<0>(Op(), v[2], v[3], low, high), low_pairs, high_pairs);
  }
}

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
/// By 128-bit blocks: two of a, then two of b.
template <int kBlocks>
struct ShuffleBlocks {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    if constexpr (sizeof(hn::TFromV<V>) == 4)
      return V{_mm512_shuffle_f32x4(a.raw, b.raw, kBlocks)};
    else
      return V{_mm512_shuffle_f64x2(a.raw, b.raw, kBlocks)};
  }
};
#endif

template <class Op, class D, class V>
HWY_INLINE auto across(D d, const V* rows) {
  constexpr int kInBlock = 16 / sizeof(hn::TFromD<D>), kLevels = kInBlock / 2;
  constexpr int kBlocks = hn::MaxLanes(D()) / kInBlock;
  const auto w0 = fold_blocks<Op>(d, rows);
  if constexpr (kBlocks == 1) {
    return w0;
  } else {
    const auto w1 = fold_blocks<Op>(d, rows + kInBlock);
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
    const auto w2 = fold_blocks<Op>(d, rows + 2 * kInBlock),
               w3 = fold_blocks<Op>(d, rows + 3 * kInBlock);
    constexpr ShuffleBlocks<0x44> low;
    constexpr ShuffleBlocks<0xee> high;
    return combine<kLevels + 1>(Op(), combine<kLevels>(Op(), w0, w1, low, high),
                                combine<kLevels>(Op(), w2, w3, low, high), ShuffleBlocks<0x88>(),
                                ShuffleBlocks<0xdd>());
#else
    const auto low = [d](auto a, auto b) HWY_ATTR { return hn::ConcatLowerLower(d, b, a); };
    const auto high = [d](auto a, auto b) HWY_ATTR { return hn::ConcatUpperUpper(d, b, a); };
    return combine<kLevels>(Op(), w0, w1, low, high);
#endif
  }
}

#endif

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
