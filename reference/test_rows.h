// SPDX-License-Identifier: Apache-2.0
// Rows for the tests of this folder: every family in which something has gone wrong somewhere.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/element.h"
#include "kernels/names.h"
#include "support/random.h"

namespace softmark::test {

using Random = Rng;

inline double uniform(Random& random, double low, double high) { return random.uniform(low, high); }
inline double normal(Random& random) { return random.normal(); }

inline constexpr std::string_view kFamilies[] = {
    "normal", "wide",    "flat",      "grid",       "peak",       "late_peak",
    "offset", "ties",    "ascending", "descending", "masked",     "cutoffs",
    "tiny",   "swamped", "extreme",   "near_zero",  "finite_mask"};

/// One row of `family`, values of the type.
inline std::vector<double> row_of(std::string_view family, softmark_dtype dtype, std::size_t n,
                                  Random& random) {
  std::vector<double> x(n);
  const double largest = largest_finite(dtype), tiny = smallest_subnormal(dtype);
  const double reach = std::log(2) - std::log(tiny);  // e^-reach ends the type
  const double unit = std::ldexp(1.0, -type_info(dtype).precision);
  const double level =
      family == "offset" ? std::min(uniform(random, -3000, 60000), largest / 2) : 0;
  const double masks[] = {-1e4, -1e9, -1e30};  // what frameworks write where -inf would do
  const double mask = masks[n % std::size(masks)];
  const double cuts[] = {-87.3365, -88.376, -88.7228, -103.28, -103.97, -104,
                         -708.396, -745.13, -9.7,     -16.6,   -17.3287};
  for (std::size_t i = 0; i < n; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(n);
    if (family == "normal")
      x[i] = 3 * normal(random);
    else if (family == "wide")
      x[i] = uniform(random, -1.05 * reach, 0);
    else if (family == "flat")
      x[i] = 1 + 1e-3 * normal(random);
    else if (family == "grid")
      x[i] = static_cast<double>(static_cast<int>(random() % 17) - 8) * unit;
    else if (family == "peak")
      x[i] = i == n / 3 ? uniform(random, 0, reach) : normal(random);
    else if (family == "late_peak")
      x[i] = i + 1 == n ? 10 + reach / 4 : normal(random);
    else if (family == "offset")
      x[i] = level + 4 * normal(random);
    else if (family == "ties")
      x[i] = static_cast<double>(random() % 3);
    else if (family == "ascending")
      x[i] = 20 * part;
    else if (family == "descending")
      x[i] = -20 * part;
    else if (family == "masked")
      x[i] = 2 * normal(random);
    else if (family == "cutoffs")
      x[i] = i == 0 ? 0
                    : cuts[random() % std::size(cuts)] *
                          (1 + unit * (static_cast<int>(random() % 5) - 2));
    else if (family == "finite_mask")
      x[i] = random() % 3 == 0 ? mask : 3 * normal(random);
    else if (family == "tiny")
      x[i] = tiny * static_cast<double>(random() % 1000) * (random() % 2 ? 1 : -1);
    else if (family == "swamped")
      x[i] = i == 0 ? 0 : std::log(unit) * 1.0417;
    else if (family == "extreme")
      x[i] = random() % 2 ? largest * uniform(random, 0.9, 1) : -largest;
    else
      x[i] = -std::log(static_cast<double>(n)) +
             1e-4 * normal(random);  // near_zero: logsumexp nearly cancels
    x[i] = std::max(-largest, std::min(largest, fit_to(dtype, x[i])));
    if (family == "masked" && random() % 3 == 0) x[i] = -HUGE_VAL;
  }
  // A row that is masked whole is the contract's, not an evaluation's.
  if (family == "masked" && n > 0 && std::isinf(*std::max_element(x.begin(), x.end())))
    x[n / 2] = 0;
  return x;
}

/// Inputs that suit the op: probabilities for a softmax VJP, logarithms of them, sigmoids, or
/// logits as they are.
inline std::vector<double> inputs_of(softmark_op op, softmark_dtype dtype, std::vector<double> x) {
  const Input input = op_info(op).input;
  if (input == Input::kLogits) return x;
  double max = -HUGE_VAL, sum = 0;
  for (const double value : x) max = std::max(max, value);
  for (const double value : x) sum += std::exp(value - max);
  for (double& value : x) {
    if (input == Input::kSigmoids)
      value = 1 / (1 + std::exp(-value));
    else if (input == Input::kLogProbabilities)
      value -= max + std::log(sum);
    else
      value = std::exp(value - max) / sum;
    value = std::clamp(fit_to(dtype, value), -largest_finite(dtype), largest_finite(dtype));
  }
  return x;
}

}  // namespace softmark::test
