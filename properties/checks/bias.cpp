// SPDX-License-Identifier: Apache-2.0
// What a sum of random terms loses to rounding has no preferred sign, so that its mean over many
// rows is small, however large the worst case is. A mean beyond that, and beyond all that is not
// the sum's, is a defect: terms that are left out, rounding towards zero, an exp that is biased.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "reference/error_bounds.h"

namespace softmark::checks::bias {
namespace {

constexpr std::size_t kFewestRows = 32, kFewestCols = 128;
/// Standard errors of the mean: Student's t of 31 degrees of freedom is beyond it with probability
/// 4e-11, and a sum divided by its own spread has lighter tails where the terms have heavier ones.
constexpr double kStandardErrors = 10;

/// Where results are spread over many steps of the type: else their own rounding is the same in all
/// rows.
bool sums_exponentials(const Kernel& kernel) {
  const int precision = type_info(kernel.dtype).precision;
  if (kernel.op == SOFTMARK_LOGSUMEXP) return precision > 20;
  return precision >= 8 && (kernel.op == SOFTMARK_SOFTMAX || kernel.op == SOFTMARK_LOG_SOFTMAX ||
                            kernel.op == SOFTMARK_CROSS_ENTROPY);
}

bool has_more_values_than(std::span<const double> x, std::size_t few) {
  std::set<double> values;
  for (std::size_t i = 0; i < x.size() && values.size() <= few; ++i) values.insert(x[i]);
  return values.size() > few;
}

/// Whether the logits look like independent draws of about N(0, 1): spread, without far outliers,
/// and in no order. Equal or swamped terms lose to rounding in one direction.
bool looks_random(std::span<const double> x) {
  const auto n = static_cast<double>(x.size());
  double mean = 0, square = 0, neighbours = 0, most = 0;
  for (const double v : x) {
    if (!(std::fabs(v) < 100)) return false;
    mean += v / n;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double v = x[i] - mean;
    square += v * v / n;
    most = std::max(most, std::fabs(v));
    if (i > 0) neighbours += v * (x[i - 1] - mean) / n;
  }
  const double spread = std::sqrt(square);
  return spread > 0.5 && spread < 2 && most < 6 * spread &&
         std::fabs(neighbours) < 5 * square / std::sqrt(n) && has_more_values_than(x, 40);
}

/// The mean error of a row's results and what may be lost without the rounding of the sum: relative
/// where results are probabilities.
struct RowError {
  double mean = 0, allowed = 0;
};

/// Against values of the working type: in a narrow one the rounding of results has no preferred
/// sign either.
RowError error_of(const Kernel& kernel, Problem problem, std::span<const double> y) {
  Evaluation evaluation = generic_evaluation(kernel.dtype);
  evaluation.sum = evaluation.working == SOFTMARK_F32 ? Evaluation::kWide : Evaluation::kPairwise;
  problem.dtype = evaluation.working;
  const auto exact = exact_row(problem);
  const auto bounds = error_bounds(problem, exact, evaluation);
  RowError error;
  for (std::size_t j = 0; j < exact.size(); ++j) {
    const long double want = exact_value(exact[j], problem.dtype);
    const long double unit = kernel.op == SOFTMARK_SOFTMAX ? want : 1;
    error.mean += static_cast<double>((y[j] - want) / unit);
    error.allowed += static_cast<double>(bounds[j].error / unit);
  }
  error.mean /= static_cast<double>(exact.size());
  error.allowed /= static_cast<double>(exact.size());
  return error;
}

/// Whether results of such rows lie above the smallest normal number, so that their rounding is
/// relative.
bool is_normal(const Kernel& kernel, std::size_t cols) {
  return kernel.op != SOFTMARK_SOFTMAX || std::exp(-6) / static_cast<double>(cols) >
                                              std::ldexp(1.0, type_info(kernel.dtype).min_exponent);
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const Kernel& kernel = session.kernel();
  if (c.rows < kFewestRows || c.cols < kFewestCols || !is_normal(kernel, c.cols))
    return std::nullopt;
  std::set<std::vector<double>> distinct;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const std::span row(c.x.data() + r * c.cols, c.cols);
    if (!looks_random(row)) return std::nullopt;
    distinct.emplace(row.begin(), row.begin() + 16);
  }
  if (distinct.size() < c.rows) return std::nullopt;
  const auto y = session.run(c);
  session.count_judged(y.size());
  const std::size_t outputs = session.outputs(c);
  const auto rows = static_cast<double>(c.rows);
  double mean = 0, square = 0, allowed = 0;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const RowError error =
        error_of(kernel, problem_of(kernel, c, r), {y.data() + r * outputs, outputs});
    mean += error.mean / rows;
    square += error.mean * error.mean / rows;
    allowed += error.allowed / rows;
  }
  const double deviation = std::sqrt(std::max(0.0, square - mean * mean) / (rows - 1));
  const double most = allowed + kStandardErrors * deviation;
  if (std::fabs(mean) <= most) return std::nullopt;
  return Fault{fmt::format("{} random rows of {} columns: the mean {}error is {:.3g} +- {:.2g}; "
                           "without a preferred sign of the sum's rounding it is {:.3g} at most",
                           c.rows, c.cols, kernel.op == SOFTMARK_SOFTMAX ? "relative " : "", mean,
                           deviation, most),
               std::nullopt, std::nullopt, "fail"};
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  constexpr std::size_t kRows[] = {32, 32, 128};
  constexpr int kLongest[] = {11, 14, 17};  // exponents of 2
  // Exact values of float64 take longer.
  const int longest =
      std::min(kLongest[static_cast<int>(effort)], kernel.dtype == SOFTMARK_F64 ? 11 : 17);
  Rng rng(0xb1a5);
  for (int power = 8; power <= longest; power += 3)
    if (!sink(make_case(kernel.op, kernel.dtype, Family::normal, kRows[static_cast<int>(effort)],
                        std::size_t{1} << power, rng)))
      return;
}

}  // namespace

const Property property = {
    "bias",
    "over many random rows, errors have no preferred sign beyond what exp, log and quotient lose",
    Criterion::bound,
    Severity::error,
    sums_exponentials,
    fault,
    sweep,
    {}};

}  // namespace softmark::checks::bias
