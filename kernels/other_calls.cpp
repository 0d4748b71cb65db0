// SPDX-License-Identifier: Apache-2.0
#include "kernels/other_calls.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/names.h"
#include "kernels/registry.h"

namespace softmark {
namespace {

constexpr std::size_t kOtherRows = 2, kMostOtherCols = 4096, kMostMatrixCols = 64;
// A finite value in every type, alone and repeated: 1.5 in E4M3, 0.0115 in float32.
constexpr auto kAnyValue = std::byte{0x3c};

}  // namespace

OtherCalls::OtherCalls(std::string library, std::size_t index, const softmark_kernel& kernel)
    : library_(std::move(library)), index_(index), kernel_(kernel) {}

void OtherCalls::load() {
  if (std::exchange(is_loaded_, true)) return;
  others_ = namesakes(library_, index_);
  const std::size_t most = kOtherRows * kMostOtherCols * sizeof(double);
  inputs_.assign(most, kAnyValue);
  y_.resize(most);
}

void OtherCalls::call(const softmark_kernel& kernel, std::size_t cols) {
  cols =
      std::clamp<std::size_t>(cols, 1, gives_matrix(kernel.op) ? kMostMatrixCols : kMostOtherCols);
  const OpShape shape = shape_of(kernel.op);
  static const std::int64_t kLabels[kOtherRows] = {};
  softmark_args args = {};
  args.rows = gives_matrix(kernel.op) ? 1 : kOtherRows;
  args.cols = cols;
  args.x = inputs_.data();
  args.x_stride = cols;
  args.y = y_.data();
  args.y_stride = outputs_of(kernel.op, cols);
  if (shape.takes_g || shape.takes_g_row) {
    args.g = inputs_.data();
    args.g_stride = shape.takes_g ? cols : 1;
  }
  if (shape.takes_labels) args.labels = kLabels;
  args.threads = 1;
  kernel.run(&args);
}

void OtherCalls::call_others(std::size_t cols) {
  load();
  for (const softmark_kernel* other : others_) call(*other, cols);
}

void OtherCalls::call_next(std::size_t cols) {
  load();
  const std::size_t lengths[] = {cols / 4 + 1, 2 * cols + 1};
  const std::size_t turn = turn_++ % (others_.size() + 2);
  if (turn < 2) return call(kernel_, lengths[turn]);
  call(*others_[turn - 2], cols);
}

}  // namespace softmark
