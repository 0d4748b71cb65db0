// SPDX-License-Identifier: Apache-2.0
// Where the arrays of one call lie in the worker's shared memory, and what must not change there.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/case.h"
#include "kernels/names.h"
#include "kernels/registry.h"
#include "kernels/wire.h"

namespace softmark {

std::size_t round_up(std::size_t n, std::size_t unit);
/// The page size of this machine, in bytes.
std::size_t page_bytes();

inline constexpr std::size_t kWideGap = std::size_t{1} << 14;  // bytes

/// One buffer of a call: rows of `width` elements, `stride` apart, placed in a segment.
struct Buffer {
  std::size_t element = 0, rows = 0, width = 0, stride = 0;  // element: its bytes
  std::size_t at = 0;                                        // byte offset in the segment

  std::size_t bytes() const;
  /// Between two rows. Of a gap wider than kWideGap only the ends are filled and compared, so that
  /// it takes address space alone.
  std::size_t gap() const { return (stride - width) * element; }
  std::size_t row_at(std::size_t r) const { return at + r * stride * element; }
};

/// The arrays of values and the labels of one case. Rows end where the segment ends, before
/// unmapped pages, unless the layout wants them at its start.
class Placement {
 public:
  Placement(const Case& c, const Kernel& kernel);

  /// What each segment must hold, in bytes; a multiple of the page size.
  std::size_t segment_bytes() const;
  /// Decides on the offsets, in segments of this size that start at `base`.
  void place(std::byte* base, std::size_t segment_bytes);
  /// Writes the inputs, and a fill everywhere else near the buffers.
  void fill() const;
  wire::Call call(int closely, std::size_t slot) const;
  /// y as doubles, [rows * outputs].
  std::vector<double> outputs() const;

 private:
  friend class Snapshot;
  bool is_written(int segment) const;  // by fill; an aliased y is filled as the input that it is
  bool has_stride(int segment) const;
  void end_rows_at_pages();
  void store_values(std::byte* to, std::span<const double> values) const;
  void fill_row(int segment, std::size_t r) const;
  std::byte* segment(int s) const { return base_ + static_cast<std::size_t>(s) * segment_bytes_; }

  const Case& case_;
  softmark_dtype dtype_;
  OpShape shape_;
  Buffer buffer_[wire::kSegments];
  bool used_[wire::kSegments] = {};
  int y_segment_ = wire::kY;
  std::byte* base_ = nullptr;
  std::size_t segment_bytes_ = 0;
};

/// The filled buffers before a call, to find afterwards what the kernel wrote and should not have:
/// anything outside y's rows.
class Snapshot {
 public:
  /// `space`: for what was filled, kept from call to call.
  Snapshot(const Placement& placement, std::vector<std::byte>& space);
  /// Where the first change lies, in words; empty where nothing changed.
  std::string change() const;

 private:
  std::string change_in(int segment) const;
  std::string change_between(int segment, std::size_t at, std::size_t bytes,
                             const std::byte* before) const;

  const Placement& placement_;
  std::vector<std::byte>& space_;                // what was filled, one piece after another
  std::size_t first_[wire::kSegments + 1] = {};  // of each segment there
};

}  // namespace softmark
