// SPDX-License-Identifier: Apache-2.0
#include "kernels/placement.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/element.h"

namespace softmark {
namespace {

constexpr std::size_t kCanary = 512;  // bytes before and after each buffer that are compared
constexpr std::size_t kUnusedStride =
    98765;  // where an op has no stride: a kernel that uses it runs into the unmapped pages
constexpr unsigned char kFill =
    0xff;  // a NaN in every type, so that an element never written is seen

/// Calls visit(offset, bytes) for everything near a buffer that is not one of its rows.
template <class Visit>
void visit_outside(const Buffer& b, std::size_t segment, Visit visit) {
  const std::size_t begin = b.at - std::min(b.at, kCanary);
  std::size_t from = begin;
  for (std::size_t r = 0; r < b.rows; ++r) {
    const std::size_t gap = b.row_at(r) - from;
    if (gap > kWideGap) visit(from, kCanary), from = b.row_at(r) - kCanary;
    if (gap > 0) visit(from, b.row_at(r) - from);
    from = b.row_at(r) + b.width * b.element;
  }
  const std::size_t end = std::min(segment, std::max(from, b.at) + kCanary);
  if (end > from) visit(from, end - from);
}

/// The bits of a NaN of this kind.
std::uint64_t nan_bits(const TypeInfo& type, NanKind kind) {
  const int fraction_bits = type.precision - 1, bits = 8 * static_cast<int>(type.bytes);
  const std::uint64_t sign = std::uint64_t{1} << (bits - 1),
                      fraction = (std::uint64_t{1} << fraction_bits) - 1,
                      exponent = (sign - 1) & ~fraction,
                      quiet = std::uint64_t{1} << (fraction_bits - 1);
  if (!type.has_infinities) return sign - 1 + (kind == NanKind::negative ? sign : 0);
  if (kind == NanKind::signalling) return exponent | 1;
  if (kind == NanKind::negative) return sign | exponent | quiet;
  return exponent | quiet | quiet >> 1 | 1;
}

}  // namespace

std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t Buffer::bytes() const {
  return rows == 0 || (width == 0 && stride == 0) ? 0 : ((rows - 1) * stride + width) * element;
}

Placement::Placement(const Case& c, const Kernel& kernel)
    : case_(c), dtype_(kernel.dtype), shape_(shape_of(kernel.op)) {
  const std::size_t element = bytes_of(dtype_), outputs = outputs_of(kernel.op, c.cols);
  buffer_[wire::kX] = {element, c.rows, c.cols, c.cols + c.layout.x_padding, 0};
  used_[wire::kX] = true;
  if (shape_.takes_g) buffer_[wire::kG] = {element, c.rows, c.cols, c.cols + c.layout.g_padding, 0};
  if (shape_.takes_g_row) buffer_[wire::kG] = {element, c.rows, 1, 1, 0};
  used_[wire::kG] = shape_.takes_g || shape_.takes_g_row;
  if (shape_.takes_labels) buffer_[wire::kLabels] = {8, c.rows, 1, 1, 0};
  used_[wire::kLabels] = shape_.takes_labels;
  const bool scalar = shape_.output == OpShape::kScalar;
  buffer_[wire::kY] = {element, c.rows, outputs, scalar ? 1 : outputs + c.layout.y_padding, 0};
  used_[wire::kY] = true;
  if (c.layout.alias != Alias::none) {
    y_segment_ = c.layout.alias == Alias::y_is_x ? wire::kX : wire::kG;
    buffer_[wire::kY] = buffer_[y_segment_];
  }
  if (c.layout.page_rows) end_rows_at_pages();
}

/// A row, the rest of its last page, and one more page.
void Placement::end_rows_at_pages() {
  for (int s = 0; s < wire::kSegments; ++s)
    if (has_stride(s) && s != wire::kLabels && buffer_[s].element > 0) {
      Buffer& b = buffer_[s];
      b.stride = (round_up(b.width * b.element, page_bytes()) + page_bytes()) / b.element;
    }
}

std::size_t Placement::segment_bytes() const {
  std::size_t most = 0;
  for (const Buffer& b : buffer_) most = std::max(most, b.bytes());
  return round_up(most + 2 * kCanary, page_bytes());
}

void Placement::place(std::byte* base, std::size_t segment_bytes) {
  base_ = base;
  segment_bytes_ = segment_bytes;
  const Layout& layout = case_.layout;
  for (int s = 0; s < wire::kSegments; ++s) {
    Buffer& b = buffer_[s];
    const std::size_t offset = s == wire::kY ? layout.y_offset : layout.offset;
    b.at = layout.at_start && !layout.page_rows
               ? round_up(offset, std::max<std::size_t>(b.element, 1))
               : segment_bytes - b.bytes();
  }
  if (layout.alias != Alias::none) buffer_[wire::kY].at = buffer_[y_segment_].at;
}

bool Placement::is_written(int s) const {
  return used_[s] && (s != wire::kY || y_segment_ == wire::kY);
}

bool Placement::has_stride(int s) const {
  if (s == wire::kY) return shape_.output != OpShape::kScalar;
  return s != wire::kG || shape_.takes_g;
}

void Placement::fill() const {
  for (int s = 0; s < wire::kSegments; ++s) {
    if (!is_written(s)) continue;
    visit_outside(buffer_[s], segment_bytes_, [&](std::size_t at, std::size_t bytes) {
      std::memset(segment(s) + at, kFill, bytes);
    });
    for (std::size_t r = 0; r < buffer_[s].rows; ++r) fill_row(s, r);
  }
}

void Placement::fill_row(int s, std::size_t r) const {
  const Buffer& b = buffer_[s];
  std::byte* row = segment(s) + b.row_at(r);
  if (s == wire::kY) std::memset(row, kFill, b.width * b.element);
  if (s == wire::kLabels) std::memcpy(row, &case_.labels[r], 8);
  if (s != wire::kX && s != wire::kG) return;
  store_values(row, {(s == wire::kX ? case_.x : case_.g).data() + r * b.width, b.width});
  const std::size_t padding = r + 1 < b.rows ? b.stride - b.width : 0,
                    near = b.gap() > kWideGap ? kCanary / b.element : padding;
  const std::vector<double> poison(std::min(padding, near), case_.layout.poison);
  store_values(row + b.width * b.element, poison);
  if (padding > near) {
    const std::size_t far = std::max(padding - near, near);
    store_values(row + (b.width + far) * b.element, {poison.data(), padding - far});
  }
}

void Placement::store_values(std::byte* to, std::span<const double> values) const {
  store_all(dtype_, to, values);
  if (case_.layout.nan == NanKind::plain) return;
  const TypeInfo& type = type_info(dtype_);
  const std::uint64_t bits = nan_bits(type, case_.layout.nan);
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t k = 0; std::isnan(values[i]) && k < type.bytes; ++k) {
      const std::size_t place = std::endian::native == std::endian::little ? k : type.bytes - 1 - k;
      to[i * type.bytes + place] = static_cast<std::byte>(bits >> 8 * k & 0xff);
    }
}

wire::Call Placement::call(int closely, std::size_t slot) const {
  const Layout& layout = case_.layout;
  wire::Call call = {};
  call.slot = slot;
  call.segment_bytes = segment_bytes_;
  call.rows = case_.rows;
  call.cols = case_.cols;
  call.alias = y_segment_ == wire::kY ? 0 : y_segment_ + 1;
  call.threads = layout.threads;
  call.closely = closely;
  call.calls = layout.calls;
  call.caller = static_cast<std::int32_t>(layout.caller);
  call.state = static_cast<std::int32_t>(layout.state);
  call.before = static_cast<std::int32_t>(layout.before);
  for (int s = 0; s < wire::kSegments; ++s) {
    call.at[s] = used_[s] ? static_cast<std::int64_t>(buffer_[s].at) : -1;
    call.stride[s] = has_stride(s) ? buffer_[s].stride : kUnusedStride;
    call.row_bytes[s] = buffer_[s].width * buffer_[s].element;
    call.step_bytes[s] = buffer_[s].stride * buffer_[s].element;
    const bool is_y = s == y_segment_ || s == wire::kY;
    if (layout.page_rows && used_[s] && has_stride(s)) call.protect[s] |= wire::kPadding;
    if (layout.read_only && used_[s] && !is_y) call.protect[s] |= wire::kWhole;
  }
  return call;
}

std::vector<double> Placement::outputs() const {
  const Buffer& y = buffer_[wire::kY];
  std::vector<double> values(y.rows * y.width);
  for (std::size_t r = 0; r < y.rows; ++r)
    load_all(dtype_, segment(y_segment_) + y.row_at(r),
             std::span(values).subspan(r * y.width, y.width));
  return values;
}

namespace {

/// What must not change: all near a buffer but its rows, and these too where it is no output.
template <class Visit>
void visit_watched(const Buffer& b, std::size_t segment, bool is_output, Visit visit) {
  visit_outside(b, segment, visit);
  for (std::size_t r = 0; !is_output && r < b.rows; ++r) visit(b.row_at(r), b.width * b.element);
}

}  // namespace

Snapshot::Snapshot(const Placement& placement, std::vector<std::byte>& space)
    : placement_(placement), space_(space) {
  std::size_t used = 0;
  for (int s = 0; s < wire::kSegments; ++s) {
    first_[s] = used;
    if (!placement.is_written(s)) continue;
    visit_watched(placement.buffer_[s], placement.segment_bytes_, s == placement.y_segment_,
                  [&](std::size_t at, std::size_t bytes) {
                    if (space_.size() < used + bytes) space_.resize(2 * (used + bytes));
                    std::memcpy(space_.data() + used, placement.segment(s) + at, bytes);
                    used += bytes;
                  });
  }
  first_[wire::kSegments] = used;
}

std::string Snapshot::change() const {
  std::string text;
  for (int s = 0; s < wire::kSegments && text.empty(); ++s)
    if (first_[s] < first_[s + 1]) text = change_in(s);
  return text;
}

std::string Snapshot::change_in(int s) const {
  const std::byte* before = space_.data() + first_[s];
  std::string text;
  visit_watched(placement_.buffer_[s], placement_.segment_bytes_, s == placement_.y_segment_,
                [&](std::size_t at, std::size_t bytes) {
                  if (text.empty()) text = change_between(s, at, bytes, before);
                  before += bytes;
                });
  return text;
}

std::string Snapshot::change_between(int s, std::size_t at, std::size_t bytes,
                                     const std::byte* before) const {
  static constexpr const char* kNames[] = {"x", "g", "labels", "y"};
  const std::byte* now = placement_.segment(s) + at;
  if (std::memcmp(now, before, bytes) == 0) return "";
  for (; *now == *before; ++now, ++before) ++at;
  const Buffer& b = placement_.buffer_[s];
  const auto element = (static_cast<std::int64_t>(at) - static_cast<std::int64_t>(b.at)) /
                           static_cast<std::int64_t>(b.element) -
                       (at < b.at ? 1 : 0);
  return std::string(kNames[s]) + " was written at element " + std::to_string(element) +
         " of its buffer (" + std::to_string(b.rows) + " rows of " + std::to_string(b.width) +
         ", stride " + std::to_string(b.stride) + ")";
}

}  // namespace softmark
