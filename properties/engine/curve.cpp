// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/curve.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/element.h"
#include "properties/engine/property.h"

namespace softmark {
namespace {

// Of each part, at quick, standard, thorough.
constexpr std::size_t kSamples[] = {32, 128, 1024};

/// The place of the type's largest finite float in the order of its floats from 0 on: its bits.
std::uint64_t last_ordinal(softmark_dtype dtype) {
  std::uint64_t bits = 0;
  store(dtype, &bits, 0, largest_finite(dtype));
  return bits;
}

double float_at(softmark_dtype dtype, std::uint64_t ordinal, bool negative) {
  const double value = load(dtype, &ordinal, 0);
  return negative ? -value : value;
}

Case case_of(softmark_op op, const std::vector<double>& values) {
  Case c;
  if (op == SOFTMARK_SIGMOID) {
    c.cols = values.size();
    c.x = values;
    return c;
  }
  c.rows = values.size();
  c.cols = 2;
  for (double value : values) {
    c.x.push_back(value);
    c.x.push_back(0);
  }
  return c;
}

}  // namespace

std::vector<double> curve_floats(softmark_dtype dtype, std::size_t samples) {
  const std::uint64_t last = last_ordinal(dtype);
  const std::size_t count = kCurveParts / 2 * samples;  // of each sign
  const auto ordinal = [&](std::size_t i) {
    const auto share = static_cast<long double>(i) / static_cast<long double>(count - 1);
    return std::min(last, static_cast<std::uint64_t>(share * static_cast<long double>(last)));
  };
  std::vector<double> values;
  for (std::size_t i = count; i-- > 0;) values.push_back(float_at(dtype, ordinal(i), true));
  for (std::size_t i = 0; i < count; ++i) values.push_back(float_at(dtype, ordinal(i), false));
  return values;
}

Json error_curve(const Kernel& kernel, Effort effort, const SearchRunner& run) {
  const auto [op, dtype] = std::pair(kernel.op, kernel.dtype);
  if (op != SOFTMARK_SIGMOID && op != SOFTMARK_SOFTMAX) return nullptr;
  const std::size_t samples = kSamples[static_cast<int>(effort)], count = kCurveParts * samples;
  const Case c = case_of(op, curve_floats(dtype, samples));
  const auto y = run(c);
  if (!y) return nullptr;
  std::vector<double> worst(kCurveParts, 0);
  std::vector<Exact> exact;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = c.rows == 1 ? 0 : i, output = c.rows == 1 ? i : 0;
    if (output == 0) exact = exact_row(problem_of(op, dtype, c, row));
    const double error = ulp_error(exact[output], (*y)[row * c.cols + output], dtype);
    double& seen = worst[i / samples];
    seen = std::isnan(error) ? INFINITY : std::max(seen, error);
  }
  Json ulp = Json::array();
  for (double error : worst) ulp.push_back(number(error));
  return {{"function", "sigmoid"}, {"samples", samples}, {"ulp", ulp}};
}

}  // namespace softmark
