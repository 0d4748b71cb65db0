// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::vjp {
namespace {

bool is_vjp(const Kernel& kernel) { return !takes_logits(kernel.op); }

// Every component, and their sum: an error within a component's bound may show in the sum.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  if (auto beyond = exceeds_bound(session, c, y)) return beyond;
  const softmark_dtype dtype = session.kernel().dtype;
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (is_surely_within(session, c, y, r)) continue;
    const Truth& truth = session.truth(c, r);
    long double got = 0, want = 0, allowed = 0;
    for (std::size_t j = 0; j < c.cols; ++j) {
      got += y[r * c.cols + j];
      want += exact_value(truth.exact[j], dtype);
      allowed += truth.bound[j].error + std::fabs(exact_value(truth.exact[j], dtype)) * 0x1p-60L;
    }
    // Infinities and NaN where they are admitted have been accepted one by one.
    if (std::isfinite(want) && std::isfinite(got) && !(std::fabs(got - want) <= allowed))
      return Fault{"the components of row " + std::to_string(r) + " sum to " +
                       decimal(static_cast<double>(got)) + ", not to " +
                       decimal(static_cast<double>(want)),
                   r, std::nullopt, "fail"};
  }
  return std::nullopt;
}

enum class Cotangent {
  random,
  one_hot,
  first_only,
  alternating,
  uniform,
  far_apart,
  cancelling,
  tiny,
  huge,
  huge_among_small,
  nan,
  count
};

double cotangent(Cotangent kind, softmark_dtype dtype, std::size_t i, std::size_t cols,
                 std::size_t row, Rng& rng) {
  switch (kind) {
    case Cotangent::one_hot:
      return i == (row * 3 + cols / 2) % cols ? 1.5 : 0;
    case Cotangent::first_only:
      return i == 0 ? -2 : 0;
    case Cotangent::alternating:
      return i % 2 ? -1 : 1;
    case Cotangent::uniform:
      return 1 + static_cast<double>(row);
    case Cotangent::far_apart:
      return (i % 3 == 0 ? 1000 : 0.001) * rng.normal();
    case Cotangent::cancelling:
      return (i % 2 ? -100 : 100) + 0.01 * rng.normal();
    case Cotangent::tiny:
      return smallest_subnormal(dtype) *
             std::floor(rng.uniform(-900, 900));  // lost where subnormals are flushed
    case Cotangent::huge:  // sums and differences beyond the type, on the way or at the end
      return largest_finite(dtype) * (rng.below(2) ? 1 : -1) /
             static_cast<double>(1 + rng.below(4));
    case Cotangent::huge_among_small:
      return i == (row + cols / 3) % cols ? -0.75 * largest_finite(dtype) : rng.normal();
    case Cotangent::nan:
      return i == cols / 2 && row == 0 ? std::numeric_limits<double>::quiet_NaN() : rng.normal();
    default:
      return rng.normal();
  }
}

// Rows from uniform to saturated (one p that is 1 to the last bit), every kind of cotangent,
// different ones in each row.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  constexpr Family kRows[] = {Family::normal, Family::equal,  Family::peaked,     Family::wide,
                              Family::cutoff, Family::masked, Family::finite_mask};
  Rng rng(0x79b);
  const std::size_t longest = effort == Effort::quick ? 34 : 130;
  for (std::size_t cols = 1; cols <= longest; ++cols)
    for (int k = 0; k < static_cast<int>(Cotangent::count); ++k) {
      Case c = make_case(kernel.op, kernel.dtype,
                         kRows[(cols + static_cast<std::size_t>(k)) % std::size(kRows)],
                         1 + (cols + static_cast<std::size_t>(k)) % 3, cols, rng);
      for (std::size_t i = 0; i < c.g.size(); ++i)
        c.g[i] = fit_to(kernel.dtype, cotangent(static_cast<Cotangent>(k), kernel.dtype, i % cols,
                                                cols, i / cols, rng));
      if (!sink(c)) return;
    }
}

constexpr Family kRows[] = {Family::normal,    Family::peaked, Family::wide,
                            Family::subnormal, Family::equal,  Family::cutoff};

}  // namespace

const Property property = {
    "vjp",
    "vector-Jacobian products are correct in every component and in sum, for "
    "cotangents of every kind and saturated rows",
    Criterion::bound,
    Severity::error,
    is_vjp,
    fault,
    sweep,
    kRows};

}  // namespace softmark::checks::vjp
