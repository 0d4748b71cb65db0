// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::two_column {
namespace {

bool has_two(const Kernel& kernel) {
  return kernel.op == SOFTMARK_SOFTMAX || kernel.op == SOFTMARK_SIGMOID;
}

// The exact sigmoid of the difference, if the difference is representable in the type.
std::optional<Exact> sigmoid_of(double a, double b, softmark_dtype dtype) {
  const double difference = a - b;
  if (round_to(dtype, difference) != difference || difference + b != a ||
      !std::isfinite(difference))
    return std::nullopt;
  const Problem problem{SOFTMARK_SIGMOID,   dtype, std::span(&difference, 1), {}, -1,
                        SOFTMARK_MASKED_NAN};
  return exact_row(problem)[0];
}

std::optional<Fault> softmax_fault(KernelSession& session, const Case& c) {
  if (c.cols != 2) return std::nullopt;
  const auto y = session.run(c);
  const Kernel& kernel = session.kernel();
  for (std::size_t r = 0; r < c.rows; ++r) {
    const double a = c.x[2 * r], b = c.x[2 * r + 1];
    const auto first = sigmoid_of(a, b, kernel.dtype), second = sigmoid_of(b, a, kernel.dtype);
    if (!first || !second) continue;
    const Exact want[] = {*first, *second};
    const auto bound = error_bounds(problem_of(kernel, c, r), want);
    session.count_judged(2);
    for (std::size_t j = 0; j < 2; ++j) {
      const double got = y[2 * r + j];
      if (!is_within(want[j], bound[j], got, kernel.dtype))
        return fault_at(r, j,
                        "got " + decimal(got) + ", the sigmoid of the difference is " +
                            decimal(want[j].rounded) + ": off by " +
                            decimal(ulp_error(want[j], got, kernel.dtype)) + " ulp, allowed " +
                            decimal(in_ulps(bound[j], want[j], kernel.dtype)));
    }
  }
  return std::nullopt;
}

// sigmoid(x) + sigmoid(-x) = 1, with x and -x in adjacent columns; and each equals the softmax of x
// and 0.
std::optional<Fault> sigmoid_fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  const softmark_dtype dtype = session.kernel().dtype;
  for (std::size_t r = 0; r < c.rows; ++r)
    for (std::size_t i = 0; i < c.cols; ++i) {
      const double x = c.x[r * c.cols + i], got = y[r * c.cols + i];
      if (!std::isfinite(x)) continue;
      session.count_judged(1);
      const double pair[] = {x, 0};
      const Problem softmax{SOFTMARK_SOFTMAX, dtype, pair, {}, -1, SOFTMARK_MASKED_NAN};
      const Exact want = exact_row(softmax)[0];
      const auto bound =
          error_bounds({SOFTMARK_SIGMOID, dtype, std::span(&x, 1), {}, -1, SOFTMARK_MASKED_NAN},
                       std::span(&want, 1));
      if (!is_within(want, bound[0], got, dtype))
        return fault_at(r, i,
                        "got " + decimal(got) + ", the softmax of [x, 0] is " +
                            decimal(want.rounded) + ": off by " +
                            decimal(ulp_error(want, got, dtype)) + " ulp, allowed " +
                            decimal(in_ulps(bound[0], want, dtype)));
    }
  return std::nullopt;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  return session.kernel().op == SOFTMARK_SIGMOID ? sigmoid_fault(session, c)
                                                 : softmax_fault(session, c);
}

// Arguments an ulp or two around where exp's argument reduction switches (half-integer multiples of
// ln 2 and of its fractions in tables) and around where implementations clamp, then an even grid
// over the whole range.
std::vector<double> arguments(softmark_dtype dtype, Effort effort) {
  const double deep = deepest(dtype) + 2;
  const TypeInfo t = type_info(dtype);
  std::vector<double> found;
  const auto around = [&](double mark, int ulps) {
    double v = round_to(dtype, mark);
    for (int n = 0; n < ulps; ++n) v = next_down(dtype, v);
    for (int n = -ulps; n <= ulps; ++n, v = next_up(dtype, v)) found.push_back(v);
  };
  const double stride = effort == Effort::quick && deep > 200 ? 7 : 1;
  for (double k = 1; k * std::numbers::ln2 / 2 < deep; k += stride)
    around(k * std::numbers::ln2 / 2, 1);
  for (double mark :
       {-t.min_exponent * std::numbers::ln2, (t.max_exponent + 1) * std::numbers::ln2,
        deepest(dtype), deepest(dtype) + std::numbers::ln2, 87.0, 87.3365, 88.0, 88.3762626,
        88.7228, 100.0, 103.0, 103.28, 103.97, 104.0, 708.0, 709.0, 709.78, 745.0, 745.13})
    if (mark < 2 * deep) around(mark, 2);
  const int grid = effort == Effort::quick ? 1500 : effort == Effort::standard ? 10000 : 100000;
  for (int k = 1; k <= grid; ++k) found.push_back(round_to(dtype, deep * k / grid));
  return found;
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  constexpr std::size_t kTogether = 16;
  std::vector<std::vector<double>> rows;
  const auto t = arguments(kernel.dtype, effort);
  for (std::size_t k = 0; k < t.size(); ++k) {
    // Odd ones with the columns swapped; for sigmoid, all with both signs.
    rows.push_back(kernel.op == SOFTMARK_SIGMOID ? std::vector{t[k], -t[k]}
                   : k % 2                       ? std::vector{0.0, -t[k]}
                                                 : std::vector{-t[k], 0.0});
    if (rows.size() < kTogether && k + 1 < t.size()) continue;
    if (!sink(case_of_rows(kernel, rows))) return;
    rows.clear();
  }
}

}  // namespace

const Property property = {
    "two_column",
    "a softmax of two columns is the sigmoid of their difference, for densely spaced arguments",
    Criterion::bound,
    Severity::error,
    has_two,
    fault,
    sweep,
    {}};

}  // namespace softmark::checks::two_column
