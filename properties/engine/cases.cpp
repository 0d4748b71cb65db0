// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/cases.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "kernels/element.h"
#include "kernels/names.h"

namespace softmark {

bool is_jacobian(const Kernel& kernel) { return gives_matrix(kernel.op); }

Case case_of_rows(const Kernel& kernel, const std::vector<std::vector<double>>& rows,
                  std::size_t label) {
  constexpr double kCotangents[] = {1.25, -0.5, 3, -2.75, 0.375};
  const OpShape shape = shape_of(kernel.op);
  Case c;
  c.rows = rows.size();
  c.cols = rows.empty() ? 0 : rows[0].size();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (double v : rows[r]) c.x.push_back(fit_to(kernel.dtype, v));
    for (std::size_t i = 0; shape.takes_g && i < c.cols; ++i)
      c.g.push_back(kCotangents[(3 * r + 2 * i + i / 5) % 5]);
    if (shape.takes_g_row) c.g.push_back(kCotangents[r % 5]);
    if (shape.takes_labels && c.cols)
      c.labels.push_back(static_cast<std::int64_t>((label + r) % c.cols));
  }
  if (shape.takes_labels && c.cols == 0) c.rows = 0, c.g.clear();
  return c;
}

Case row_alone(const Case& c, softmark_op op, std::size_t row) {
  const auto part = [&](const std::vector<double>& values, std::size_t width) {
    if (values.empty()) return values;
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * width);
    return std::vector<double>(first, first + static_cast<std::ptrdiff_t>(width));
  };
  Case one;
  one.cols = c.cols;
  one.layout = c.layout;
  one.x = part(c.x, c.cols);
  one.g = part(c.g, shape_of(op).takes_g ? c.cols : 1);
  if (!c.labels.empty()) one.labels = {c.labels[row]};
  return one;
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

double deepest(softmark_dtype dtype) {
  const TypeInfo t = type_info(dtype);
  return (t.precision - 1 - t.min_exponent) * std::numbers::ln2;
}

bool agree(const Observed& a, const Observed& b, softmark_dtype dtype) {
  if (a.got == b.got || (std::isnan(a.got) && std::isnan(b.got))) return true;
  if (std::isfinite(a.got) && std::isfinite(b.got))
    return std::fabs(static_cast<long double>(a.got) - b.got) <= a.bound.error + b.bound.error;
  return is_within(a.exact, a.bound, a.got, dtype) && is_within(b.exact, b.bound, b.got, dtype);
}

}  // namespace softmark
