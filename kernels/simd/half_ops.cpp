// SPDX-License-Identifier: Apache-2.0
// Log-softmax and the VJPs in f16 and bf16: rows widened to f32 (exactly), the f32 kernels of this
// folder, rounded once more. As many rows at a time as fit a buffer on the stack; a longer row
// takes one that is allocated once a call.
//
// Log-softmax promises 0.501 ulp: its f32 results err by a few units of 2^-24, so the second
// rounding gives the nearest value unless the exact one lies within 0.001 ulp of a midpoint. At the
// last one, half an ulp beyond the largest value, that would be an infinity for a finite result:
// float64 decides there. Where results cancel (VJPs) nothing is promised beyond the bound for
// arithmetic in f32.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>

#include "kernels/builtins.h"
#include "kernels/simd/half.h"

namespace softmark {

std::span<const softmark_kernel> simd_log_softmax_kernels();
std::span<const softmark_kernel> simd_softmax_vjp_kernels();
std::span<const softmark_kernel> simd_log_softmax_vjp_kernels();
std::span<const softmark_kernel> simd_sigmoid_kernels();
std::span<const softmark_kernel> simd_sigmoid_vjp_kernels();

namespace {

/// Elements of the buffers for x, g and y together.
constexpr std::size_t kScratch = 3 * 4096;

/// What a format's finite values end with.
struct End {
  float largest, midpoint;  // to the next value, were there one: from there on, infinity
};
constexpr End kF16End = {65504, 65520}, kBf16End = {0x1.fep+127f, 0x1.ffp+127f};

/// Log-softmax results next to -midpoint: whether they are beyond. max - x in two parts, of which
/// the larger one minus the midpoint is exact.
void settle_at_end(const float* x, std::size_t cols, End end, float* y) {
  bool near = false;
  const float width = end.midpoint * 0x1p-20f;
  for (std::size_t j = 0; j < cols; ++j) near |= std::fabs(y[j] + end.midpoint) <= width;
  if (!near) return;
  const double max = *std::max_element(x, x + cols);
  double sum = 0;
  for (std::size_t j = 0; j < cols; ++j) sum += std::exp(x[j] - max);
  for (std::size_t j = 0; j < cols; ++j) {
    if (!(std::fabs(y[j] + end.midpoint) <= width)) continue;
    const double gap = max - x[j], back = gap - max;
    const double rest = (max - (gap - back)) + (-x[j] - back);
    const bool beyond = (gap - end.midpoint) + (rest + std::log(sum)) >= 0;
    y[j] = beyond ? -std::numeric_limits<float>::infinity() : -end.largest;
  }
}

/// One row or more, of which each array fits `elements`.
void some_rows(const simd::HalfFormat& format, End end, const softmark_kernel& f32,
               const softmark_args* args, std::size_t first, std::size_t rows, float* scratch,
               std::size_t elements) {
  const std::size_t cols = args->cols;
  float *x = scratch, *g = scratch + elements, *y = scratch + 2 * elements;
  for (std::size_t r = 0; r < rows; ++r) {
    format.widen(static_cast<const std::uint16_t*>(args->x) + (first + r) * args->x_stride, cols,
                 x + r * cols);
    if (args->g)
      format.widen(static_cast<const std::uint16_t*>(args->g) + (first + r) * args->g_stride, cols,
                   g + r * cols);
  }
  softmark_args wide = *args;
  wide.rows = rows;
  wide.x = x;
  wide.g = args->g ? g : nullptr;
  wide.y = y;
  wide.x_stride = wide.g_stride = wide.y_stride = cols;
  f32.run(&wide);
  for (std::size_t r = 0; f32.op == SOFTMARK_LOG_SOFTMAX && r < rows; ++r)
    settle_at_end(x + r * cols, cols, end, y + r * cols);
  for (std::size_t r = 0; r < rows; ++r)
    format.narrow(y + r * cols, cols,
                  static_cast<std::uint16_t*>(args->y) + (first + r) * args->y_stride);
}

int through_f32(const simd::HalfFormat& format, End end, const softmark_kernel& f32,
                const softmark_args* args) {
  if (args->cols == 0) return 0;
  alignas(64) float stack[kScratch];
  std::unique_ptr<float[]> heap;
  std::size_t elements = kScratch / 3;
  if (args->cols > elements) {
    elements = args->cols;
    heap.reset(new (std::nothrow) float[3 * elements]);
    if (!heap) return 1;
  }
  const std::size_t batch = elements / args->cols;
  for (std::size_t r = 0; r < args->rows; r += batch)
    some_rows(format, end, f32, args, r, std::min(batch, args->rows - r), heap ? heap.get() : stack,
              elements);
  return 0;
}

template <auto kKernels, bool kIsF16>
int half(const softmark_args* args) {
  return through_f32(kIsF16 ? simd::f16_format() : simd::bf16_format(), kIsF16 ? kF16End : kBf16End,
                     kKernels()[0], args);
}

constexpr auto kSummary = "widened to f32, the f32 kernel, rounded once more; Highway";
constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;

template <auto kKernels, bool kIsF16>
constexpr softmark_kernel entry(softmark_op op, double max_ulp) {
  return {"simd",  kSummary,
          op,      kIsF16 ? SOFTMARK_F16 : SOFTMARK_BF16,
          kClaims, SOFTMARK_MASKED_NAN,
          max_ulp, half<kKernels, kIsF16>};
}

}  // namespace

SOFTMARK_BUILTINS(simd, half_ops,
                  entry<simd_log_softmax_kernels, true>(SOFTMARK_LOG_SOFTMAX, 0.501),
                  entry<simd_log_softmax_kernels, false>(SOFTMARK_LOG_SOFTMAX, 0.501),
                  entry<simd_softmax_vjp_kernels, true>(SOFTMARK_SOFTMAX_VJP, INFINITY),
                  entry<simd_softmax_vjp_kernels, false>(SOFTMARK_SOFTMAX_VJP, INFINITY),
                  entry<simd_log_softmax_vjp_kernels, true>(SOFTMARK_LOG_SOFTMAX_VJP, INFINITY),
                  entry<simd_log_softmax_vjp_kernels, false>(SOFTMARK_LOG_SOFTMAX_VJP, INFINITY),
                  entry<simd_sigmoid_kernels, true>(SOFTMARK_SIGMOID, 0.501),
                  entry<simd_sigmoid_kernels, false>(SOFTMARK_SIGMOID, 0.501),
                  entry<simd_sigmoid_vjp_kernels, true>(SOFTMARK_SIGMOID_VJP, INFINITY),
                  entry<simd_sigmoid_vjp_kernels, false>(SOFTMARK_SIGMOID_VJP, INFINITY))

}  // namespace softmark
