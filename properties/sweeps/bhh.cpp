// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/bhh.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/element.h"
#include "reference/reference.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

using Values = std::vector<double>;

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

/// What one evaluation in low precision gives.
struct Computed {
  Values lse;            // one value
  Values divided, free;  // softmax as w / s, and as exp(x - y)
  bool overflow = false;
};

Computed basic(const Low& low, const Values& x) {
  Computed result;
  double sum = 0;
  for (const double value : x) sum = low(sum + low(std::exp(value)));
  const double lse = low(std::log(sum));
  result.lse = {lse};
  result.overflow = !std::isfinite(lse);
  for (const double value : x) {
    result.divided.push_back(low(low(std::exp(value)) / sum));
    result.free.push_back(low(std::exp(low(value - lse))));
  }
  return result;
}

// The largest element stays out of the sum: y = a + log1p(s), g = w / (1 + s).
Computed shifted(const Low& low, const Values& x) {
  Computed result;
  const auto largest = static_cast<std::size_t>(std::max_element(x.begin(), x.end()) - x.begin());
  Values w;
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    w.push_back(low(std::exp(low(x[i] - x[largest]))));
    if (i != largest) sum = low(sum + w[i]);
  }
  const double lse = low(x[largest] + low(std::log1p(sum))), total = low(1 + sum);
  result.lse = {lse};
  for (std::size_t i = 0; i < x.size(); ++i) {
    result.divided.push_back(low(w[i] / total));
    result.free.push_back(low(std::exp(low(x[i] - lse))));
  }
  return result;
}

/// The exact values of the rounded row, far below the errors looked at, and what the bounds need.
struct RowTruth {
  double n, min, max, reach;  // reach: max |x_j - y|
  Values lse, softmax;
  double y() const { return std::fabs(lse[0]); }
  // The paper's bounds of |error of the log-sum-exp| / u.
  double lse_basic() const { return y() + n + 1; }
  double lse_shifted() const { return std::fabs(lse[0] + n - min); }
};

RowTruth truth_of(const Values& x) {
  RowTruth truth{};
  truth.n = static_cast<double>(x.size());
  truth.min = *std::min_element(x.begin(), x.end());
  truth.max = *std::max_element(x.begin(), x.end());
  const auto real = [](const Exact& e) { return e.rounded + e.residual * ulp_of(e, SOFTMARK_F32); };
  truth.lse = {real(exact_row({SOFTMARK_LOGSUMEXP, SOFTMARK_F32, x, {}})[0])};
  for (const Exact& p : exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}}))
    truth.softmax.push_back(real(p));
  for (const double value : x) truth.reach = std::max(truth.reach, std::fabs(value - truth.lse[0]));
  return truth;
}

struct Row {
  RowTruth truth;
  Computed basic, shifted;
  /// No log-sum-exp overflowed, so that all formulas are summed up over the same rows.
  bool compared() const { return !basic.overflow && std::isfinite(shifted.lse[0]); }
};

/// One formula: where its results are, the exact ones, and the paper's bound in u.
struct Formula {
  const char* name;
  Computed Row::*evaluation;
  Values Computed::*got;
  Values RowTruth::*want;
  double (*bound)(const RowTruth&);
};

constexpr Formula kFormulas[] = {
    {"log-sum-exp", &Row::basic, &Computed::lse, &RowTruth::lse,
     [](const RowTruth& t) { return t.lse_basic() / t.y(); }},
    {"log-sum-exp shifted", &Row::shifted, &Computed::lse, &RowTruth::lse,
     [](const RowTruth& t) { return t.lse_shifted() / t.y(); }},
    {"softmax", &Row::basic, &Computed::divided, &RowTruth::softmax,
     [](const RowTruth& t) { return t.n + 3; }},
    {"softmax exp(x-y)", &Row::basic, &Computed::free, &RowTruth::softmax,
     [](const RowTruth& t) { return t.lse_basic() + t.reach + 1; }},
    {"softmax shifted", &Row::shifted, &Computed::divided, &RowTruth::softmax,
     [](const RowTruth& t) { return t.n + 2 + 2 * (t.max - t.min); }},
    {"softmax shifted exp(x-y)", &Row::shifted, &Computed::free, &RowTruth::softmax,
     [](const RowTruth& t) { return t.lse_shifted() + t.reach + 1; }},
};

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

/// Relative, in the maximum norm.
double relative_error(const Values& got, const Values& want) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    difference = std::max(difference, std::fabs(got[i] - want[i]));
    norm = std::max(norm, std::fabs(want[i]));
  }
  return difference / norm;
}

void add(BhhErrors& errors, const Formula& formula, const Row& row, double u) {
  const Computed& computed = row.*formula.evaluation;
  const Values& got = computed.*formula.got;
  const bool overflow = computed.overflow || !all_finite(got);
  const double error = relative_error(got, row.truth.*formula.want) / u;
  const double bound = formula.bound(row.truth);
  errors.errors.push_back(overflow ? kNan : error);
  errors.bounds.push_back(overflow ? kNan : bound);
  errors.overflows += overflow;
  if (!overflow) errors.violations += !(error <= bound);
  if (!row.compared()) return;
  if (formula.want == &RowTruth::softmax) {
    double sum = 0;
    for (const double p : got) sum += p;
    if (std::isfinite(sum))
      errors.max_sum_error = std::max(errors.max_sum_error, std::fabs(sum - 1) / u);
  }
  if (overflow) return;
  const bool first = errors.compared++ == 0;
  errors.mean += error;
  errors.max = std::max(errors.max, error);
  errors.bound_min = first ? bound : std::min(errors.bound_min, bound);
  errors.bound_max = first ? bound : std::max(errors.bound_max, bound);
}

void add_range(BhhResult& result, std::span<const double> logits) {
  const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
  result.x_min = std::min(result.x_min, *low);
  result.x_max = std::max(result.x_max, *high);
  result.mean_range += *high - *low;
  result.max_range = std::max(result.max_range, *high - *low);
}

/// The errors of the two log-sum-exps, row by row.
void compare_log_sum_exps(BhhResult& result) {
  const auto& basic_errors = result.formula("log-sum-exp").errors;
  const auto& shifted_errors = result.formula("log-sum-exp shifted").errors;
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

const BhhErrors& BhhResult::formula(std::string_view name) const {
  for (const BhhErrors& errors : formulas)
    if (errors.formula == name) return errors;
  throw std::out_of_range("no such formula: " + std::string(name));
}

BhhResult bhh_experiment(const Logits& logits, softmark_dtype arithmetic) {
  BhhResult result;
  result.arithmetic = arithmetic == SOFTMARK_F16 ? "fp16" : "bf16";
  result.u = std::ldexp(1.0, -type_info(arithmetic).precision);
  result.rows = logits.rows;
  result.cols = logits.cols;
  for (const Formula& formula : kFormulas) result.formulas.emplace_back().formula = formula.name;
  if (logits.values.empty()) return result;
  result.x_min = std::numeric_limits<double>::infinity();
  result.x_max = -result.x_min;

  const Low low{arithmetic};
  for (std::size_t r = 0; r < logits.rows; ++r) {
    const std::span given(logits.values.data() + r * logits.cols, logits.cols);
    if (!all_finite(given)) {
      ++result.skipped;  // rounding is not what masked or broken rows are about
      continue;
    }
    add_range(result, given);
    Values x;
    for (const double value : given) x.push_back(low(value));
    const Row row{truth_of(x), basic(low, x), shifted(low, x)};
    for (std::size_t f = 0; f < std::size(kFormulas); ++f)
      add(result.formulas[f], kFormulas[f], row, result.u);
  }
  if (result.rows > result.skipped)
    result.mean_range /= static_cast<double>(result.rows - result.skipped);
  for (BhhErrors& errors : result.formulas)
    if (errors.compared) errors.mean /= static_cast<double>(errors.compared);
  compare_log_sum_exps(result);
  return result;
}

}  // namespace softmark
