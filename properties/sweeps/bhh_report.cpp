// SPDX-License-Identifier: Apache-2.0
// The experiment's result as text and as CSV.
#include <fmt/format.h>

#include <cmath>

#include "properties/sweeps/bhh.h"

namespace softmark {

std::string bhh_text(const BhhResult& result) {
  std::string text = fmt::format(
      "{} arithmetic, u = {:.3g}: {} rows of {}, x in [{:.2f}, {:.2f}], max - min {:.2f} on "
      "average, {:.2f} at most\n",
      result.arithmetic, result.u, result.rows, result.cols, result.x_min, result.x_max,
      result.mean_range, result.max_range);
  text += fmt::format("{:<26} {:>9} {:>9} {:>9} {:>15} {:>10} {:>12}\n", "formula", "overflows",
                      "mean/u", "max/u", "bound/u", "violations", "max|sum-1|/u");
  for (const BhhErrors& e : result.formulas)
    text +=
        fmt::format("{:<26} {:>9} {:>9.3f} {:>9.3f} {:>7.2f}..{:<6.2f} {:>10} {:>12}\n", e.formula,
                    e.overflows, e.mean, e.max, e.bound_min, e.bound_max, e.violations,
                    e.max_sum_error > 0 ? fmt::format("{:.2f}", e.max_sum_error) : "");
  text += fmt::format(
      "log-sum-exp error, basic over shifted: {:.3f} +- {:.4f}; the same in {} of {} rows\n",
      result.ratio_mean, result.ratio_standard_error, result.equal_errors, result.ratio_rows);
  if (result.skipped)
    text += fmt::format("{} rows with values that are not finite were left out\n", result.skipped);
  return text;
}

std::string bhh_csv(const BhhResult& result) {
  std::string text;
  for (const BhhErrors& e : result.formulas)
    text += fmt::format("{}{} error,{} bound", text.empty() ? "" : ",", e.formula, e.formula);
  text += '\n';
  const auto cell = [](double value) {
    return std::isnan(value) ? std::string() : fmt::format("{}", value);
  };
  for (std::size_t row = 0; row < result.formulas.front().errors.size(); ++row)
    for (const BhhErrors& e : result.formulas)
      text += fmt::format("{},{}{}", cell(e.errors[row]), cell(e.bounds[row]),
                          &e == &result.formulas.back() ? '\n' : ',');
  return text;
}

}  // namespace softmark
