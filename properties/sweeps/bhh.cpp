// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/bhh.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/element.h"
#include "reference/reference.h"

namespace softmark {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Arithmetic in which every operation rounds. Each is done in double first: 53 bits are more than
/// 2p + 2.
struct Low {
  softmark_dtype type;
  double operator()(double value) const {
    const double rounded = round_to(type, value);
    const bool flushed = type == SOFTMARK_BF16 && std::fabs(rounded) < 0x1p-126;
    return flushed ? std::copysign(0.0, rounded) : rounded;
  }
};

struct Computed {
  double lse = 0;
  std::vector<double> divided, free;  // w / s, and exp(x - y)
};

Computed basic(const Low& low, const std::vector<double>& x) {
  Computed result;
  double sum = 0;
  for (const double value : x) sum = low(sum + low(std::exp(value)));
  result.lse = low(std::log(sum));
  for (const double value : x) {
    result.divided.push_back(low(low(std::exp(value)) / sum));
    result.free.push_back(low(std::exp(low(value - result.lse))));
  }
  return result;
}

// The largest element stays out of the sum: y = a + log1p(s), g = w / (1 + s).
Computed shifted(const Low& low, const std::vector<double>& x) {
  Computed result;
  const auto largest = static_cast<std::size_t>(std::max_element(x.begin(), x.end()) - x.begin());
  std::vector<double> w;
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    w.push_back(low(std::exp(low(x[i] - x[largest]))));
    if (i != largest) sum = low(sum + w[i]);
  }
  result.lse = low(x[largest] + low(std::log1p(sum)));
  const double total = low(1 + sum);
  for (std::size_t i = 0; i < x.size(); ++i) {
    result.divided.push_back(low(w[i] / total));
    result.free.push_back(low(std::exp(low(x[i] - result.lse))));
  }
  return result;
}

/// The exact values of the rounded row, far below the errors looked at.
struct Truth {
  double lse, min, max;
  std::vector<double> g;
  double reach(const std::vector<double>& x) const {  // max |x_j - y|
    double most = 0;
    for (const double value : x) most = std::max(most, std::fabs(value - lse));
    return most;
  }
};

Truth truth_of(const std::vector<double>& x) {
  const Exact lse = exact_row({SOFTMARK_LOGSUMEXP, SOFTMARK_F32, x, {}})[0];
  Truth truth{lse.rounded + lse.residual * ulp_of(lse, SOFTMARK_F32), 0, 0, {}};
  for (const Exact& p : exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}}))
    truth.g.push_back(p.rounded + p.residual * ulp_of(p, SOFTMARK_F32));
  truth.min = *std::min_element(x.begin(), x.end());
  truth.max = *std::max_element(x.begin(), x.end());
  return truth;
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

/// `compared`: no formula overflowed on this row, so that all are summed up over the same rows.
void add(BhhErrors& errors, bool overflow, bool compared, double error, double bound) {
  errors.errors.push_back(overflow ? kNan : error);
  errors.bounds.push_back(overflow ? kNan : bound);
  errors.overflows += overflow;
  if (overflow) return;
  errors.violations += !(error <= bound);
  if (!compared) return;
  const bool first = errors.compared++ == 0;
  errors.mean += error;
  errors.max = std::max(errors.max, error);
  errors.bound_min = first ? bound : std::min(errors.bound_min, bound);
  errors.bound_max = first ? bound : std::max(errors.bound_max, bound);
}

void add_softmax(BhhErrors& errors, bool overflow, bool compared, const std::vector<double>& got,
                 const Truth& truth, double u, double bound) {
  double difference = 0, norm = 0, sum = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    difference = std::max(difference, std::fabs(got[i] - truth.g[i]));
    norm = std::max(norm, truth.g[i]);
    sum += got[i];
  }
  add(errors, overflow || !all_finite(got), compared, difference / norm / u, bound);
  if (compared && std::isfinite(sum))
    errors.max_sum_error = std::max(errors.max_sum_error, std::fabs(sum - 1) / u);
}

void compare(BhhResult& result) {
  const auto &basic_errors = result.formulas[0].errors, &shifted_errors = result.formulas[1].errors;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < basic_errors.size(); ++i) {
    if (std::isnan(basic_errors[i]) || std::isnan(shifted_errors[i])) continue;
    ++result.ratio_rows;
    result.equal_errors += basic_errors[i] == shifted_errors[i];
    if (basic_errors[i] > 0 && shifted_errors[i] > 0)
      ratios.push_back(basic_errors[i] / shifted_errors[i]);
  }
  if (ratios.size() < 2) return;
  const auto count = static_cast<double>(ratios.size());
  double squares = 0;
  for (const double ratio : ratios) result.ratio_mean += ratio / count;
  for (const double ratio : ratios)
    squares += (ratio - result.ratio_mean) * (ratio - result.ratio_mean);
  result.ratio_standard_error = std::sqrt(squares / (count - 1) / count);
}

}  // namespace

BhhResult bhh_experiment(const Logits& logits, softmark_dtype arithmetic) {
  BhhResult result;
  result.arithmetic = arithmetic == SOFTMARK_F16 ? "fp16" : "bf16";
  result.u = std::ldexp(1.0, -type_info(arithmetic).precision);
  result.rows = logits.rows;
  result.cols = logits.cols;
  for (const char* name : {"log-sum-exp", "log-sum-exp shifted", "softmax", "softmax exp(x-y)",
                           "softmax shifted", "softmax shifted exp(x-y)"})
    result.formulas.emplace_back().formula = name;
  if (logits.values.empty()) return result;
  result.x_min = std::numeric_limits<double>::infinity();
  result.x_max = -result.x_min;

  const Low low{arithmetic};
  const auto n = static_cast<double>(logits.cols);
  for (std::size_t r = 0; r < logits.rows; ++r) {
    const double* row = logits.values.data() + r * logits.cols;
    if (!std::all_of(row, row + logits.cols, [](double value) { return std::isfinite(value); })) {
      ++result.skipped;  // masked or broken rows are no matter of rounding
      continue;
    }
    const auto [low_end, high_end] = std::minmax_element(row, row + logits.cols);
    result.x_min = std::min(result.x_min, *low_end);
    result.x_max = std::max(result.x_max, *high_end);
    result.mean_range += *high_end - *low_end;
    result.max_range = std::max(result.max_range, *high_end - *low_end);
    std::vector<double> x;
    for (std::size_t c = 0; c < logits.cols; ++c) x.push_back(low(row[c]));
    const Truth truth = truth_of(x);
    const Computed b = basic(low, x), s = shifted(low, x);
    const bool overflow = !std::isfinite(b.lse), compared = !overflow && std::isfinite(s.lse);
    const double y = std::fabs(truth.lse), u = result.u;
    const double lse_basic = y + n + 1, lse_shifted = std::fabs(truth.lse + n - truth.min);
    auto& f = result.formulas;
    add(f[0], overflow, compared, std::fabs(b.lse - truth.lse) / y / u, lse_basic / y);
    add(f[1], !std::isfinite(s.lse), compared, std::fabs(s.lse - truth.lse) / y / u,
        lse_shifted / y);
    add_softmax(f[2], overflow, compared, b.divided, truth, u, n + 3);
    add_softmax(f[3], overflow, compared, b.free, truth, u, lse_basic + truth.reach(x) + 1);
    add_softmax(f[4], false, compared, s.divided, truth, u, n + 2 + 2 * (truth.max - truth.min));
    add_softmax(f[5], false, compared, s.free, truth, u, lse_shifted + truth.reach(x) + 1);
  }
  if (result.rows > result.skipped)
    result.mean_range /= static_cast<double>(result.rows - result.skipped);
  for (BhhErrors& errors : result.formulas)
    if (errors.compared) errors.mean /= static_cast<double>(errors.compared);
  compare(result);
  return result;
}

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
