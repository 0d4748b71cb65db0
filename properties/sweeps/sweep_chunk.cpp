// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/sweep_chunk.h"

#include <bit>
#include <limits>

#include "kernels/element.h"
#include "kernels/names.h"

namespace softmark {
namespace {

void widen(softmark_dtype dtype, const std::vector<std::uint16_t>& bits, std::vector<float>& to) {
  to.resize(bits.size());
  for (std::size_t i = 0; i < bits.size(); ++i)
    to[i] = dtype == SOFTMARK_BF16 ? std::bit_cast<float>(static_cast<std::uint32_t>(bits[i]) << 16)
                                   : static_cast<float>(load(dtype, bits.data(), i));
}

}  // namespace

std::size_t SweepChunk::outputs_each() const { return outputs_of(set_.op, set_.columns()); }

void SweepChunk::fill(std::uint64_t first, std::size_t count) {
  first_ = first;
  count_ = count;
  const std::size_t columns = set_.columns(), values = count * columns;
  x_.resize(values);
  y_.assign(count * outputs_each(), std::numeric_limits<float>::quiet_NaN());
  if (is_f32()) {
    for (std::size_t i = 0; i < count; ++i) set_.write(first + i, &x_[i * columns]);
    return;
  }
  bits_x_.resize(values);
  for (std::size_t i = 0; i < count; ++i) set_.write(first + i, &bits_x_[i * columns]);
  widen(set_.dtype, bits_x_, x_);
  std::uint16_t nan;
  store(set_.dtype, &nan, 0, std::numeric_limits<double>::quiet_NaN());
  bits_y_.assign(y_.size(), nan);
}

softmark_args SweepChunk::arguments() {
  softmark_args args{};
  args.x = is_f32() ? static_cast<const void*>(x_.data()) : bits_x_.data();
  args.y = is_f32() ? static_cast<void*>(y_.data()) : bits_y_.data();
  const bool is_one_row = set_.columns() == 1;
  args.rows = is_one_row ? 1 : count_;
  args.cols = is_one_row ? count_ : set_.columns();
  args.x_stride = args.cols;
  args.y_stride = outputs_of(set_.op, args.cols);
  args.threads = 1;
  return args;
}

void SweepChunk::load_outputs() {
  if (!is_f32()) widen(set_.dtype, bits_y_, y_);
}

std::vector<double> SweepChunk::row(std::size_t index) const {
  const float* row = x_.data() + index * set_.columns();
  return {row, row + set_.columns()};
}

}  // namespace softmark
