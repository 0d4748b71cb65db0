// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::overflow_safety {
namespace {

bool can_overflow(const Kernel& kernel) {
  return takes_logits(kernel.op) && !op_info(kernel.op).selects;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  const std::size_t outputs = session.outputs(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (is_surely_within(session, c, y, r)) continue;
    const Truth& truth = session.truth(c, r);
    for (std::size_t j = 0; j < outputs; ++j) {
      const double got = y[r * outputs + j];
      // By rounding an infinity may be right here, or NaN where the type has none.
      if (std::isfinite(truth.exact[j].rounded) && !std::isfinite(got) &&
          !is_within(truth.exact[j], truth.bound[j], got, session.kernel().dtype))
        return fault_at(r, j,
                        "got " + decimal(got) +
                            " where the exact value is finite: " + decimal(truth.exact[j].rounded));
    }
  }
  return exceeds_bound(session, c, y);
}

// Rows of ordinary logits with one of each binade, above or below, at the start, further on or at
// the end: kernels look at the start of a row alone to choose a shift, and the roundings of an
// argument reduction give out from some binade on.
bool try_outliers(const Kernel& kernel, Effort effort, const Sink& sink) {
  const int top = type_info(kernel.dtype).max_exponent, step = top / 128 + 1;
  Rng rng(0x0a71);
  for (const std::size_t cols : {130, 20, 700}) {
    if (gives_matrix(kernel.op) ? cols != 20 : effort == Effort::quick && cols != 130) continue;
    Case c = make_case(kernel.op, kernel.dtype, Family::normal, 6, cols, rng);
    const std::size_t places[] = {cols / 10, cols * 2 / 3, cols - 1};
    const std::vector<double> ordinary = c.x;
    for (int binade = 2; binade <= top; binade += step) {
      c.x = ordinary;
      for (std::size_t r = 0; r < c.rows; ++r)
        c.x[r * cols + places[r % 3]] =
            fit_to(kernel.dtype, (r < 3 ? 1 : -1) * std::ldexp(rng.uniform(1, 1.9), binade));
      if (!sink(c)) return false;
    }
  }
  return true;
}

// Exponentials that the type holds, with a sum that it does not: logits that nothing needs to be
// taken from, were the row shorter.
bool try_sums(const Kernel& kernel, Effort effort, const Sink& sink) {
  if (op_info(kernel.op).elementwise) return true;
  const double top = std::log(largest_finite(kernel.dtype));
  Rng rng(0x0a72);
  for (const std::size_t cols : {3, 10, 100, 1000, 8000, 20000, 100000}) {
    if (gives_matrix(kernel.op) ? cols > 100 : effort == Effort::quick && cols > 20000) break;
    const double level = top - std::log(static_cast<double>(cols)) + 1;
    if (level < 1) break;
    Case c = make_case(kernel.op, kernel.dtype, Family::flat, 2, cols, rng);
    for (std::size_t i = 0; i < c.x.size(); ++i)
      c.x[i] = fit_to(kernel.dtype, i < cols ? level : level - rng.uniform(0, 0.5));
    if (!sink(c)) return false;
  }
  return true;
}

// One and two columns at every magnitude, then the same among ordinary logits at every length.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const double top = largest_finite(kernel.dtype);
  const OpShape shape = shape_of(kernel.op);
  const auto try_row = [&](std::vector<double> row) {
    Case c;
    c.cols = row.size();
    for (double& v : row) v = fit_to(kernel.dtype, v);
    c.x = std::move(row);
    if (shape.takes_g_row) c.g = {1};
    if (shape.takes_labels) c.labels = {0};
    return sink(c);
  };
  for (double size :
       {12.0, 89.0, 104.0, 123.0, 456.0, 710.0, 746.0, 1e4, 1e5, 1e10, 1e38, 1e300, top})
    for (double v : {size, -size}) {
      if (!try_row({v}) || !try_row({v, v}) || !try_row({v, 0}) || !try_row({0, v}) ||
          !try_row({v, -v}) || !try_row({v, v - 1}))
        return;
    }
  if (!try_row({123, 456, 789}) || !try_outliers(kernel, effort, sink) ||
      !try_sums(kernel, effort, sink))
    return;
  constexpr Family kLarge[] = {Family::large, Family::offset, Family::outlier};
  sweep_lengths(kernel, effort, kLarge, sink);
}

constexpr Family kRows[] = {Family::large, Family::outlier, Family::offset, Family::wide,
                            Family::peaked};

}  // namespace

const Property property = {"overflow_safety",
                           "finite logits of any size give finite and correct results",
                           Criterion::contract,
                           Severity::error,
                           can_overflow,
                           fault,
                           sweep,
                           kRows};

}  // namespace softmark::checks::overflow_safety
