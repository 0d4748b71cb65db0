// SPDX-License-Identifier: Apache-2.0
// Softmax in f16 and bf16 for every instruction set: widened to f32 (exactly), processed by the f32
// passes, rounded once more.
//
// Rows of up to kScratch columns are widened several at a time into a buffer on the stack and
// handled by softmax_rows. Longer rows are processed in pieces, twice: once for the sum, once for
// the results, because exp is cheaper than a buffer of unlimited length.
//
// Promise: the f32 results are within 8 units of 2^-24 (softmax.cpp), so the second rounding, at
// 2^-11 or 2^-8, gives the nearest value unless the exact one lies within 0.001 ulp of a midpoint:
// 0.501 ulp. An f32 sum of f16 terms cannot overflow, and f32 covers every subnormal of f16. bf16
// has f32's exponent range; results below it are 0 in both.
#include "kernels/simd/half.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/builtins.h"
#include "kernels/simd/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/half.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using U32 = hn::RebindToUnsigned<F32>;
using U16 = hn::Rebind<std::uint16_t, F32>;

template <class V>
HWY_INLINE hn::Vec<F32> widen_bf16(V bits) {
  return hn::BitCast(F32(), hn::ShiftLeft<16>(bits));
}

/// Shifted into f32's fields, the exponent is 112 too low; one exact multiplication corrects it,
/// also for subnormals.
template <class V>
HWY_INLINE hn::Vec<F32> widen_f16(V bits) {
  const U32 u;
  const F32 f;
  const auto magnitude = hn::And(bits, hn::Set(u, 0x7fff));
  const auto sign = hn::ShiftLeft<16>(hn::Xor(bits, magnitude));
  const auto shifted = hn::ShiftLeft<13>(magnitude);
  const auto finite = hn::BitCast(u, hn::Mul(hn::BitCast(f, shifted), hn::Set(f, 0x1p112f)));
  const auto special = hn::Or(shifted, hn::Set(u, 0x7f800000));
  const hn::RebindToSigned<F32> i;
  const auto is_special = hn::RebindMask(u, hn::Gt(hn::BitCast(i, magnitude), hn::Set(i, 0x7bff)));
  return hn::BitCast(f, hn::Or(sign, hn::IfThenElse(is_special, special, finite)));
}

/// Rounds a magnitude to nearest even at bit kShift; a carry into the exponent is correct.
template <int kShift, class V>
HWY_INLINE hn::Vec<U32> round_at(V bits) {
  const U32 u;
  const auto odd = hn::And(hn::ShiftRight<kShift>(bits), hn::Set(u, 1));
  return hn::ShiftRight<kShift>(hn::Add(bits, hn::Add(odd, hn::Set(u, (1u << (kShift - 1)) - 1))));
}

HWY_INLINE hn::Vec<U32> narrow_bf16(hn::Vec<F32> v) {
  const U32 u;
  const auto nan = hn::RebindMask(u, hn::IsNaN(v));
  // With the sign, of which the shift keeps the place.
  return hn::IfThenElse(nan, hn::Set(u, 0x7fc0), round_at<16>(hn::BitCast(u, v)));
}

HWY_INLINE hn::Vec<U32> narrow_f16(hn::Vec<F32> v) {
  const U32 u;
  const F32 f;
  const auto size = hn::Abs(v);
  const auto sign = hn::ShiftRight<16>(hn::Xor(hn::BitCast(u, v), hn::BitCast(u, size)));
  const auto normal = hn::Sub(round_at<13>(hn::BitCast(u, size)), hn::Set(u, 112u << 10));
  // The spacing of f32 just above 1/2 is 2^-24, the smallest subnormal of f16.
  const auto half = hn::Set(f, 0.5f);
  const auto subnormal = hn::Sub(hn::BitCast(u, hn::Add(size, half)), hn::BitCast(u, half));
  const auto is_small = hn::RebindMask(u, hn::Lt(size, hn::Set(f, 0x1p-14f)));
  // From the midpoint above the largest number on.
  const auto is_large = hn::RebindMask(u, hn::Ge(size, hn::Set(f, 65520.0f)));
  const auto nan = hn::RebindMask(u, hn::IsNaN(v));
  const auto finite = hn::IfThenElse(is_small, subnormal, normal);
  const auto number = hn::Or(sign, hn::IfThenElse(is_large, hn::Set(u, 0x7c00), finite));
  return hn::IfThenElse(nan, hn::Set(u, 0x7e00), number);
}

template <bool kIsF16>
HWY_INLINE void widen(const std::uint16_t* x, std::size_t cols, float* y) {
  const auto convert = [](auto bits)
                           HWY_ATTR { return kIsF16 ? widen_f16(bits) : widen_bf16(bits); };
  const std::size_t lanes = hn::Lanes(F32());
  std::size_t c = 0;
  for (; c + lanes <= cols; c += lanes)
    hn::StoreU(convert(hn::PromoteTo(U32(), hn::LoadU(U16(), x + c))), F32(), y + c);
  for (; c < cols; ++c) y[c] = hn::GetLane(convert(hn::Set(U32(), x[c])));
}

template <bool kIsF16>
HWY_INLINE void narrow(const float* x, std::size_t cols, std::uint16_t* y) {
  const auto convert = [](auto p) HWY_ATTR { return kIsF16 ? narrow_f16(p) : narrow_bf16(p); };
  const std::size_t lanes = hn::Lanes(F32());
  std::size_t c = 0;
  for (; c + lanes <= cols; c += lanes) {
    // Through signed 32 bits, which every target can narrow; the values fit.
    const auto bits = hn::BitCast(hn::RebindToSigned<F32>(), convert(hn::LoadU(F32(), x + c)));
    hn::StoreU(hn::DemoteTo(U16(), bits), U16(), y + c);
  }
  for (; c < cols; ++c)
    y[c] = static_cast<std::uint16_t>(hn::GetLane(convert(hn::Set(F32(), x[c]))));
}

void widen_f16_row(const std::uint16_t* x, std::size_t cols, float* y) { widen<true>(x, cols, y); }
void widen_bf16_row(const std::uint16_t* x, std::size_t cols, float* y) {
  widen<false>(x, cols, y);
}
void narrow_f16_row(const float* x, std::size_t cols, std::uint16_t* y) {
  narrow<true>(x, cols, y);
}
void narrow_bf16_row(const float* x, std::size_t cols, std::uint16_t* y) {
  narrow<false>(x, cols, y);
}

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(widen_f16_row);
HWY_EXPORT(widen_bf16_row);
HWY_EXPORT(narrow_f16_row);
HWY_EXPORT(narrow_bf16_row);

constexpr std::size_t kScratch = 4096;

HalfFormat f16_format() {
  return {HWY_DYNAMIC_DISPATCH(widen_f16_row), HWY_DYNAMIC_DISPATCH(narrow_f16_row)};
}
HalfFormat bf16_format() {
  return {HWY_DYNAMIC_DISPATCH(widen_bf16_row), HWY_DYNAMIC_DISPATCH(narrow_bf16_row)};
}

void some_rows(const HalfFormat& format, const softmark_args* args, const std::uint16_t* x,
               std::uint16_t* y, std::size_t rows, float* scratch) {
  for (std::size_t r = 0; r < rows; ++r)
    format.widen(x + r * args->x_stride, args->cols, scratch + r * args->cols);
  softmax_rows(scratch, args->cols, scratch, args->cols, rows, args->cols);
  for (std::size_t r = 0; r < rows; ++r)
    format.narrow(scratch + r * args->cols, args->cols, y + r * args->y_stride);
}

void long_row(const HalfFormat& format, const std::uint16_t* x, std::uint16_t* y, std::size_t cols,
              float* scratch) {
  const auto for_each_piece = [&](auto use) {
    for (std::size_t c = 0; c < cols; c += kScratch) {
      const std::size_t length = std::min(kScratch, cols - c);
      format.widen(x + c, length, scratch);
      use(c, length);
    }
  };
  float max = -std::numeric_limits<float>::infinity();
  for_each_piece(
      [&](std::size_t, std::size_t length) { max = std::max(max, max_of(scratch, length)); });
  PieceSums sums;
  if (std::isfinite(max))
    for_each_piece([&](std::size_t, std::size_t length) {
      sums.add(scaled_exp_and_sum(scratch, length, max, scratch));
    });
  else
    sums.sum = std::numeric_limits<double>::quiet_NaN();
  const Total sum = sums.total();
  for_each_piece([&](std::size_t c, std::size_t length) {
    if (std::isnan(sum.sum)) {
      std::fill_n(scratch, length, std::numeric_limits<float>::quiet_NaN());
    } else {
      scaled_exp_and_sum(scratch, length, max, scratch);
      divide(scratch, length, sum);
    }
    format.narrow(scratch, length, y + c);
  });
}

int softmax_half(const HalfFormat& format, const softmark_args* args) {
  alignas(64) float scratch[kScratch];
  const auto* x = static_cast<const std::uint16_t*>(args->x);
  auto* y = static_cast<std::uint16_t*>(args->y);
  if (args->cols == 0) return 0;
  const std::size_t batch = std::max<std::size_t>(kScratch / args->cols, 1);
  for (std::size_t r = 0; r < args->rows; r += batch) {
    const std::size_t rows = std::min(batch, args->rows - r);
    if (args->cols <= kScratch)
      some_rows(format, args, x + r * args->x_stride, y + r * args->y_stride, rows, scratch);
    else
      long_row(format, x + r * args->x_stride, y + r * args->y_stride, args->cols, scratch);
  }
  return 0;
}

int softmax_f16(const softmark_args* args) { return softmax_half(f16_format(), args); }
int softmax_bf16(const softmark_args* args) { return softmax_half(bf16_format(), args); }

constexpr auto kSummary = "widened to f32, the f32 passes, rounded once more; Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace simd

SOFTMARK_BUILTINS(simd, half,
                  {"simd", simd::kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F16, simd::kClaims,
                   SOFTMARK_MASKED_NAN, 0.501, simd::softmax_f16},
                  {"simd", simd::kSummary, SOFTMARK_SOFTMAX, SOFTMARK_BF16, simd::kClaims,
                   SOFTMARK_MASKED_NAN, 0.501, simd::softmax_bf16})

}  // namespace softmark
#endif  // HWY_ONCE
