// SPDX-License-Identifier: Apache-2.0
// One kernel call on rows held as vectors, with guarded padding.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/formula_for_test.h"
#include "kernels/names.h"
#include "kernels/softmark.h"

namespace softmark::test {

template <class T>
inline constexpr T kInf = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

/// What padding and not yet written outputs hold: a large number, or a NaN where T is a bit
/// pattern.
template <class T>
inline constexpr T kPadding = static_cast<T>(std::is_floating_point_v<T> ? 1e30 : 0x7bff);
template <class T>
inline constexpr T kUnwritten = static_cast<T>(std::is_floating_point_v<T> ? -12345 : 0x7fff);

template <class T>
struct Call {
  std::size_t rows = 1, cols = 0;
  std::vector<T> x, g;  // dense [rows, cols]; g [rows] for cross_entropy_vjp
  std::vector<std::int64_t> labels;
  std::size_t padding = 0, offset = 0;  // elements between rows; elements before the first
  int threads = 1;
  bool in_place = false;
  bool padding_kept = true;  // set by run

  /// Dense outputs of all rows.
  std::vector<T> run(const softmark_kernel& kernel) {
    const OpShape shape = shape_of(kernel.op);
    const std::size_t outputs = outputs_of(kernel.op, cols);
    const std::size_t y_stride = outputs + padding;
    std::vector<T> spread_x = spread(x, cols), spread_g = shape.takes_g ? spread(g, cols) : g;
    std::vector<T> y(offset + rows * y_stride + 1, kUnwritten<T>);
    T* out = in_place ? spread_x.data() + offset : y.data() + offset;
    const softmark_args args{rows,
                             cols,
                             spread_x.data() + offset,
                             shape.takes_g       ? spread_g.data() + offset
                             : shape.takes_g_row ? spread_g.data()
                                                 : nullptr,
                             shape.takes_labels ? labels.data() : nullptr,
                             out,
                             cols + padding,
                             cols + padding,
                             y_stride,
                             threads};
    if (kernel.run(&args) != 0) return {};
    return gather(in_place ? spread_x : y, outputs,
                  shape.output == OpShape::kScalar ? outputs : y_stride,
                  in_place ? kPadding<T> : kUnwritten<T>);
  }

 private:
  std::vector<T> spread(const std::vector<T>& dense, std::size_t width) const {
    std::vector<T> wide(offset + rows * (width + padding) + 1, kPadding<T>);
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(dense.begin() + static_cast<std::ptrdiff_t>(r * width), width,
                  wide.begin() + static_cast<std::ptrdiff_t>(offset + r * (width + padding)));
    return wide;
  }

  std::vector<T> gather(const std::vector<T>& wide, std::size_t width, std::size_t stride,
                        T untouched) {
    std::vector<T> dense;
    std::vector<bool> written(wide.size());
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < width; ++c) {
        dense.push_back(wide[offset + r * stride + c]);
        written[offset + r * stride + c] = true;
      }
    for (std::size_t i = 0; i < wide.size(); ++i)
      padding_kept = padding_kept && (written[i] || wide[i] == untouched);
    return dense;
  }
};

}  // namespace softmark::test
