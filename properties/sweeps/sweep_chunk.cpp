// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/sweep_chunk.h"

#include <bit>
#include <cstring>
#include <limits>

#include "kernels/element.h"
#include "kernels/names.h"

namespace softmark {
namespace {

/// Element i of an array of a type of one or two bytes.
void put(softmark_dtype dtype, std::vector<unsigned char>& array, std::size_t i,
         std::uint16_t bits) {
  if (bytes_of(dtype) == 1)
    array[i] = static_cast<unsigned char>(bits);
  else
    std::memcpy(&array[2 * i], &bits, 2);
}

void widen(softmark_dtype dtype, const std::vector<unsigned char>& from, std::vector<float>& to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (dtype != SOFTMARK_BF16) {
      to[i] = static_cast<float>(load(dtype, from.data(), i));
      continue;
    }
    std::uint16_t bits;
    std::memcpy(&bits, &from[2 * i], 2);
    to[i] = std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
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
  narrow_x_.resize(values * bytes_of(set_.dtype));
  narrow_y_.assign(y_.size() * bytes_of(set_.dtype), 0xff);  // a NaN in every type
  std::uint16_t bits[2];
  for (std::size_t i = 0; i < count; ++i) {
    set_.write(first + i, bits);
    for (std::size_t c = 0; c < columns; ++c) put(set_.dtype, narrow_x_, i * columns + c, bits[c]);
  }
  widen(set_.dtype, narrow_x_, x_);
}

softmark_args SweepChunk::arguments() {
  softmark_args args{};
  args.x = is_f32() ? static_cast<const void*>(x_.data()) : narrow_x_.data();
  args.y = is_f32() ? static_cast<void*>(y_.data()) : narrow_y_.data();
  const bool is_one_row = set_.columns() == 1;
  args.rows = is_one_row ? 1 : count_;
  args.cols = is_one_row ? count_ : set_.columns();
  args.x_stride = args.cols;
  args.y_stride = outputs_of(set_.op, args.cols);
  args.threads = 1;
  return args;
}

void SweepChunk::load_outputs() {
  if (!is_f32()) widen(set_.dtype, narrow_y_, y_);
}

std::vector<double> SweepChunk::row(std::size_t index) const {
  const float* row = x_.data() + index * set_.columns();
  return {row, row + set_.columns()};
}

}  // namespace softmark
