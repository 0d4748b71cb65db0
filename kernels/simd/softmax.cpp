// SPDX-License-Identifier: Apache-2.0
// Softmax for every instruction set that Highway compiles: y = 2^(boost-K) exp(x) / sum 2^(boost-K)
// exp(x). Rows of up to four vectors are processed in groups (short_groups-inl.h), longer ones by
// an exp pass and a division beside the next row's exp pass (softmax_rows-inl.h): 20 bytes an
// element in f32, 8 of them from memory while a row stays in cache; rows from 2 MiB on are read
// twice and exp is taken twice, 12 bytes.
//
// The shift by the maximum is done on the integer exponent (exp-inl.h), so x - max is never
// rounded. The sum is wider than its terms: they are added in trees of at most eight vectors, whose
// sums are added with compensation.
//
// Promise, in units of 2^-p, each at most one ulp: exp 1.4 with a table (1.6 on AVX2, 1.8 without
// fused multiply-add), once in the term and once in the sum; three levels of additions 3; in f32
// the rounded inverse 1 and the product 1: 7.8. In f64 the quotient, from a compensated sum and an
// inverse in two parts, is 1: 6.8; without fused multiply-add the rounded sum, its inverse and the
// product 3: 9.6. Found by guided search (AVX3): 5.89 ulp in f32 (effort thorough, three seeds), in
// a row of 130, got 0x1.ff9138p-34, want 0x1.ff912cp-34; 5.42 ulp in f64 (100000 rows), in a row of
// 64, got 0x1.fa47031cd0309p-11, want 0x1.fa47031cd030ep-11.
//
// Special values: -inf and everything too small to matter gives +0; a NaN propagates through exp
// into the sum; a row without a finite maximum is filled with NaN.
#include "kernels/builtins.h"
#include "kernels/simd/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/softmax.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/softmax_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softmark::simd::HWY_NAMESPACE {

void softmax_f32(const float* x, std::size_t x_stride, float* y, std::size_t y_stride,
                 std::size_t rows, std::size_t cols) {
  softmax_rows<false>(x, x_stride, y, y_stride, rows, cols);
}
void softmax_f64(const double* x, std::size_t x_stride, double* y, std::size_t y_stride,
                 std::size_t rows, std::size_t cols) {
  softmax_rows<false>(x, x_stride, y, y_stride, rows, cols);
}
float max_f32(const float* x, std::size_t cols) {
  return max_of(hn::ScalableTag<float>(), x, cols);
}
double max_f64(const double* x, std::size_t cols) {
  return max_of(hn::ScalableTag<double>(), x, cols);
}
Total exp_f32(const float* x, std::size_t cols, float max, float* y) {
  return exp_piece(x, cols, max, y);
}
Total exp_f64(const double* x, std::size_t cols, double max, double* y) {
  return exp_piece(x, cols, max, y);
}
void divide_f32(float* y, std::size_t cols, Total sum) { divide_piece<false>(y, cols, sum); }
void divide_f64(double* y, std::size_t cols, Total sum) { divide_piece<false>(y, cols, sum); }
const char* target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace softmark::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {
namespace simd {

HWY_EXPORT(softmax_f32);
HWY_EXPORT(softmax_f64);
HWY_EXPORT(max_f32);
HWY_EXPORT(max_f64);
HWY_EXPORT(exp_f32);
HWY_EXPORT(exp_f64);
HWY_EXPORT(divide_f32);
HWY_EXPORT(divide_f64);
HWY_EXPORT(target);

std::string_view isa() { return HWY_DYNAMIC_DISPATCH(target)(); }

void softmax_rows(const float* x, std::size_t x_stride, float* y, std::size_t y_stride,
                  std::size_t rows, std::size_t cols) {
  HWY_DYNAMIC_DISPATCH(softmax_f32)(x, x_stride, y, y_stride, rows, cols);
}
void softmax_rows(const double* x, std::size_t x_stride, double* y, std::size_t y_stride,
                  std::size_t rows, std::size_t cols) {
  HWY_DYNAMIC_DISPATCH(softmax_f64)(x, x_stride, y, y_stride, rows, cols);
}

float max_of(const float* x, std::size_t cols) { return HWY_DYNAMIC_DISPATCH(max_f32)(x, cols); }
double max_of(const double* x, std::size_t cols) { return HWY_DYNAMIC_DISPATCH(max_f64)(x, cols); }
Total scaled_exp_and_sum(const float* x, std::size_t cols, float row_max, float* y) {
  return HWY_DYNAMIC_DISPATCH(exp_f32)(x, cols, row_max, y);
}
Total scaled_exp_and_sum(const double* x, std::size_t cols, double row_max, double* y) {
  return HWY_DYNAMIC_DISPATCH(exp_f64)(x, cols, row_max, y);
}
void divide(float* y, std::size_t cols, Total sum) {
  HWY_DYNAMIC_DISPATCH(divide_f32)(y, cols, sum);
}
void divide(double* y, std::size_t cols, Total sum) {
  HWY_DYNAMIC_DISPATCH(divide_f64)(y, cols, sum);
}

}  // namespace simd

namespace {

template <class T>
int softmax(const softmark_args* args) {
  simd::softmax_rows(static_cast<const T*>(args->x), args->x_stride, static_cast<T*>(args->y),
                     args->y_stride, args->rows, args->cols);
  return 0;
}

constexpr auto kSummary =
    "three passes, max taken off the integer exponent, sum wider than its terms; Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

}  // namespace

SOFTMARK_BUILTINS(simd, softmax,
                  {"simd", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims, SOFTMARK_MASKED_NAN,
                   8, softmax<float>},
                  {"simd", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F64, kClaims, SOFTMARK_MASKED_NAN,
                   10, softmax<double>})

}  // namespace softmark
#endif  // HWY_ONCE
