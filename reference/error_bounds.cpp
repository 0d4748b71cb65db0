// SPDX-License-Identifier: Apache-2.0
// Derivations: reference/bounds.md, whose section numbers stand here in brackets.
#include "reference/error_bounds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/element.h"
#include "kernels/names.h"
#include "reference/row_errors.h"
#include "reference/special.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

constexpr double kOwnError = 1 + 0x1p-30;  // for the rounding errors of this file itself

/// [3] softmax: absolute error of output j, before rounding to a narrower type.
double softmax_error(const Row& row, const Working& w, std::size_t j) {
  // The sum is the term itself: whatever exp(0) errs by divides out. Four roundings of the
  // normaliser, and where it is exp(-ln S) what exp errs by differently so close to 0.
  if (row.alone && row.gap[j] == 0) return 8 * w.u;
  // So far down that the sums below, or the difference itself, would overflow.
  if (row.gap[j] > 0x1p+1000) return w.exp_tiny * w.tiny + w.half_tiny;
  const double shift = w.shift_error(row.gap[j]);
  const double shifted = row.gap[j] + row.log_sum;
  const double divide = row.exp_error(w, j, row.gap[j]) + shift + row.log_ratio;
  const double free =
      w.exp_relative(shifted) + shift + row.log_error + w.u * (shifted + row.log_error);
  double exponent = divide + w.u;
  if (w.normaliser == Evaluation::kReciprocal) exponent += w.u;
  if (w.normaliser == Evaluation::kDivisionFree) exponent = free;
  if (w.normaliser == Evaluation::kAnyNormaliser) exponent = std::max(divide + 4 * w.u, free);
  const double p = row.weight[j] / row.sum;
  // Far below the type p times its relative error is 0 times infinity; the largest computed value
  // stands for it.
  const double relative = exponent < 1 ? p * expm1_up(exponent) : std::exp(exponent - shifted);
  return relative + (p < 2 * w.normal ? w.exp_tiny * w.tiny + w.half_tiny : 0.0);
}

// [4] log-softmax, and the cross-entropy that is its negative. The distance may exceed double.
long double log_softmax_error(const Row& row, const Working& w, const Problem& problem,
                              std::size_t j) {
  const long double gap = static_cast<long double>(row.max) - problem.x[j];
  const long double y = gap + row.log_sum;
  const long double before = (w.shift == Evaluation::kExact ? 0 : w.u * gap) + row.log_error;
  return before + w.u * (y + before);
}

// [5]
double logsumexp_error(const Row& row, const Working& w) {
  return row.log_error + w.u * (std::fabs(row.max + row.log_sum) + row.log_error);
}

/// What 1 - p loses as the sum of the other terms over the whole sum: no cancellation, and each sum
/// errs by sigma at most: (q + sigma) (1 + u) / least - q, without cancellation.
double others_error(const Row& row, const Working& w, double q) {
  return (q * (w.u + row.missing) + row.sigma * (1 + w.u)) / row.least;
}

// [6]
double jacobian_error(const Row& row, const Working& w, std::size_t i, std::size_t j) {
  const double p = row.weight[i] / row.sum, q = row.weight[j] / row.sum;
  const double dp = softmax_error(row, w, i), dq = softmax_error(row, w, j);
  double product = p * dq + q * dp + dp * dq;
  if (i == j) {
    const double same =
        dp * (std::fabs(1 - 2 * p) + dp) + w.u * std::max((p + dp) * (p + dp), p * (1 - p) + dp);
    const double others = others_error(row, w, 1 - p);
    product = std::max(same, (1 - p) * dp + p * others + dp * others) + w.half_tiny;
  }
  return product + w.u * (p * (i == j ? 1 - p : q) + product) + w.half_tiny;
}

// [7]
long double cross_entropy_vjp_error(const Row& row, const Working& w, const Problem& problem,
                                    std::size_t j) {
  const double p = row.weight[j] / row.sum;
  const bool at_label = static_cast<std::int64_t>(j) == problem.label;
  const double q = at_label ? 1 - p : p, dp = softmax_error(row, w, j);
  double before = dp + w.u * (q + dp);
  // Without cancellation: the sum of the others over the whole sum.
  if (at_label) before = std::max(before, others_error(row, w, q));
  return std::fabs(static_cast<long double>(problem.g[0])) * (before + w.u * (q + before)) +
         w.half_tiny;
}

// [8]
double sigmoid_error(double x, const Working& w) {
  const double z = std::exp(-std::fabs(x)), p = (x < 0 ? z : 1) / (1 + z);
  if (z == 0) return x < 0 ? w.exp_tiny * w.tiny + w.half_tiny : 4 * w.u;  // beside 0 and beside 1
  const double dz = -std::log1p(-std::expm1(w.exp_relative(x)));
  // z stands above and below, so its error reaches z/(1+z) by 1/(1+z) of it and 1/(1+z) by z/(1+z)
  // of it.
  const double through = x < 0 ? 1 / (1 + z) : z / (1 + z);
  const double quotient = w.normaliser == Evaluation::kDivide       ? 1
                          : w.normaliser == Evaluation::kReciprocal ? 2
                                                                    : 3;
  const double relative = dz * (through + dz / 8) + (1 + quotient) * w.u * (1 + w.u);
  return (p > 0 ? p * std::expm1(relative) : 0) +
         (p < 2 * w.normal ? w.exp_tiny * w.tiny + w.half_tiny : 0.0);
}

/// The infinity that a value of this sign overflows to, and NaN for a factor of 0 that it meets.
std::uint8_t overflow(long double sign, bool meets_zero = false) {
  if (meets_zero) return Bound::kNotANumber;
  return sign > 0 ? Bound::kPlusInf : sign < 0 ? Bound::kMinusInf : Bound::kNothing;
}

bool overflows(const Working& w, long double magnitude) {
  return magnitude * (1 + 4 * w.u) > w.largest;
}

// [9]
Bound sigmoid_vjp_bound(long double s, long double g, const Working& w) {
  const long double value = std::fabs(g * s * (1 - s)), flank = std::fabs(s * (1 - s)),
                    product = std::fabs(g * s);
  long double underflow = w.half_tiny;
  if (flank < 2 * w.normal) underflow += std::fabs(g) * w.half_tiny;
  if (product < 2 * w.normal) underflow += std::fabs(1 - s) * w.half_tiny;
  Bound bound{value * 3.01L * w.u + underflow * (1 + 3 * w.u)};
  if (overflows(w, std::max(product, flank))) bound.also = overflow(g * s * (1 - s), value == 0);
  return bound;
}

/// A sum of signed terms: its value, what it may lose, and how large the sums of its positive and
/// of its negative terms are, which any partial sum lies between.
struct SignedSum {
  long double value = 0, error = 0, positive = 0, negative = 0;
  long double magnitude() const { return positive + negative; }
};
/// `lowest`: the place of the lowest bit of any term, as an exponent of 2.
SignedSum signed_sum(const Working& w, std::span<const long double> terms, int lowest,
                     double term_error) {
  SignedSum sum;
  std::vector<long double> magnitudes(terms.size());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    magnitudes[i] = std::fabs(terms[i]);
    sum.value += terms[i];
    (terms[i] > 0 ? sum.positive : sum.negative) += magnitudes[i];
  }
  // [1] Multiples of one power of 2, so few that no partial sum is rounded in any order.
  if (std::ldexp(1.0, lowest) >= w.tiny && sum.magnitude() <= std::ldexp(1 / w.u, lowest))
    return sum;
  const long double loss = summation_error<long double>(w, magnitudes, sum.magnitude());
  sum.error = loss * (1 + w.u + loss / std::max<long double>(sum.magnitude(), w.tiny)) +
              term_error * sum.magnitude() +
              (term_error > 0 ? static_cast<double>(terms.size()) * w.half_tiny : 0);
  return sum;
}

/// The place of a number's lowest bit, as an exponent of 2; of 0 and what is not finite, one that
/// decides nothing.
int lowest_bit(double value) {
  constexpr int kBits = std::numeric_limits<double>::digits, kNone = 4000;
  if (value == 0 || !std::isfinite(value)) return value == 0 ? kNone : -kNone;
  int exponent = 0;
  const auto bits =
      static_cast<std::uint64_t>(std::ldexp(std::fabs(std::frexp(value, &exponent)), kBits));
  return exponent - kBits + std::countr_zero(bits);
}

/// What factor * (term - sum), factor >= 0, may give where the sum overflows on its way.
std::uint8_t overflow_of_sum(const Working& w, const SignedSum& sum, bool factor_is_zero) {
  const bool up = overflows(w, sum.positive), down = overflows(w, sum.negative);
  std::uint8_t also = Bound::kNothing;
  if (up) also |= overflow(-1, factor_is_zero);
  if (down) also |= overflow(1, factor_is_zero);
  if (up && down) also |= Bound::kNotANumber;
  return also;
}

// [10]
Bound softmax_vjp_bound(const Problem& problem, const Working& w, const SignedSum& dot,
                        std::size_t j) {
  const long double p = std::fabs(problem.x[j]), g = problem.g[j];
  const long double reach = std::fabs(g) + std::fabs(dot.value) + dot.error;
  Bound bound{p * (dot.error * (1 + 3 * w.u) + 3.01L * w.u * reach) + 1.5L * w.tiny};
  bound.also = overflow_of_sum(w, dot, p == 0);
  if (overflows(w, reach)) bound.also |= overflow(g - dot.value, p == 0);
  if (overflows(w, p * reach)) {
    bound.also |= overflow(g - dot.value);
    // p g - p d
    if (overflows(w, p * std::fabs(g)) && overflows(w, p * (reach - std::fabs(g))))
      bound.also |= Bound::kNotANumber;
  }
  if (problem.x[j] < 0 && bound.also & (Bound::kPlusInf | Bound::kMinusInf))
    bound.also |= Bound::kPlusInf | Bound::kMinusInf;  // no probability
  return bound;
}

// [11]
Bound log_softmax_vjp_bound(const Problem& problem, const Working& w, const SignedSum& sum,
                            long double y, std::size_t j) {
  // Beyond 4000 every result that is not g itself is beyond the type.
  const long double x = std::clamp(problem.x[j], -8000.0, 4000.0), e = std::exp(x);
  const double relative = std::expm1(w.exp_relative(static_cast<double>(x)) + w.u);
  const long double total = std::fabs(sum.value) + sum.error;
  long double before = e * (total * relative + sum.error) + w.half_tiny;
  if (e < 2 * w.normal) before += w.exp_tiny * w.tiny * total;
  Bound bound{before + w.u * (std::fabs(y) + before)};
  const bool may_vanish = e < (w.exp_tiny + 1) * w.tiny;
  bound.also = overflow_of_sum(w, sum, false);
  if (bound.also != Bound::kNothing && may_vanish) bound.also |= Bound::kNotANumber;
  if (overflows(w, e * (1 + relative)) && !(std::fabs(sum.value) > sum.error))
    bound.also |= Bound::kNotANumber | Bound::kPlusInf | Bound::kMinusInf;
  else if (overflows(w, e * (1 + relative) * std::max(total, 1.0L)))
    bound.also |= overflow(-sum.value);
  return bound;
}

/// Bounds of all outputs of a row that the contract leaves open, in the working precision.
std::vector<Bound> working_bounds(const Problem& problem, std::span<const Exact> exact,
                                  const Working& w) {
  std::vector<Bound> bounds(exact.size());
  const auto each = [&](auto bound_of) {
    for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = Bound(bound_of(i));
    return bounds;
  };
  switch (problem.op) {
    case SOFTMARK_SIGMOID:
      return each([&](std::size_t i) { return Bound{sigmoid_error(problem.x[i], w)}; });
    case SOFTMARK_SIGMOID_VJP:
      return each([&](std::size_t i) { return sigmoid_vjp_bound(problem.x[i], problem.g[i], w); });
    case SOFTMARK_SOFTMAX_VJP: {
      std::vector<long double> products(problem.x.size());
      int lowest = 0;
      for (std::size_t i = 0; i < products.size(); ++i) {
        products[i] = static_cast<long double>(problem.x[i]) * problem.g[i];
        lowest = std::min(lowest, lowest_bit(problem.x[i]) + lowest_bit(problem.g[i]));
      }
      const SignedSum dot = signed_sum(w, products, lowest, w.u);
      return each([&](std::size_t i) { return softmax_vjp_bound(problem, w, dot, i); });
    }
    case SOFTMARK_LOG_SOFTMAX_VJP: {
      const std::vector<long double> terms(problem.g.begin(), problem.g.end());
      int lowest = 0;
      for (const double g : problem.g) lowest = std::min(lowest, lowest_bit(g));
      const SignedSum sum = signed_sum(w, terms, lowest, 0);
      return each([&](std::size_t i) {
        return log_softmax_vjp_bound(problem, w, sum, exact_value(exact[i], problem.dtype), i);
      });
    }
    default:
      break;
  }
  const Row row(problem, w);
  const std::size_t cols = problem.x.size();
  switch (problem.op) {
    case SOFTMARK_SOFTMAX:
      return each([&](std::size_t i) { return Bound{softmax_error(row, w, i)}; });
    case SOFTMARK_LOG_SOFTMAX:
      return each([&](std::size_t i) { return Bound{log_softmax_error(row, w, problem, i)}; });
    case SOFTMARK_LOGSUMEXP:
      return {{logsumexp_error(row, w)}};
    case SOFTMARK_SOFTMAX_JACOBIAN:
      return each([&](std::size_t i) { return Bound{jacobian_error(row, w, i / cols, i % cols)}; });
    case SOFTMARK_CROSS_ENTROPY:
      return {{log_softmax_error(row, w, problem, static_cast<std::size_t>(problem.label))}};
    case SOFTMARK_CROSS_ENTROPY_VJP:
      return each(
          [&](std::size_t i) { return Bound{cross_entropy_vjp_error(row, w, problem, i)}; });
    default:
      return bounds;
  }
}

/// [12] From the working precision to the output type.
Bound delivered(const Exact& exact, Bound bound, const Problem& problem, const Working& w) {
  const softmark_dtype dtype = problem.dtype;
  const TypeInfo& type = type_info(dtype);
  const long double value = exact_value(exact, dtype), magnitude = std::fabs(value);
  // Where float64 itself is the working precision, this file's own arithmetic loses up to a
  // subnormal.
  if (w.working == SOFTMARK_F64 && magnitude < 0x1p-960) bound.error += w.tiny;
  const long double before = bound.error * kOwnError;  // the rounding to the type
  if (dtype != w.working)
    bound.error +=
        spacing(dtype,
                static_cast<double>(std::min<long double>(magnitude + bound.error, type.largest))) /
        2;
  bound.error *= kOwnError;
  if (problem.saturates) {
    bound.also = Bound::kNothing;
    return bound;
  }
  // Where the error reaches the rounding threshold of an infinity.
  const long double threshold =
      static_cast<long double>(type.largest) + spacing(dtype, type.largest) / 2;
  if (value + before >= threshold) bound.also |= Bound::kPlusInf;
  if (value - before <= -threshold) bound.also |= Bound::kMinusInf;
  if (!type.has_infinities && bound.also != Bound::kNothing) bound.also = Bound::kNotANumber;
  return bound;
}

/// What IEEE leaves open: an infinite g times a p that may or may not have rounded to 0 (or 1).
std::uint8_t unsettled(const Problem& problem, const Working& w, std::size_t index) {
  if (problem.op == SOFTMARK_CROSS_ENTROPY_VJP) {
    if (!std::isinf(problem.g[0]) || facts_of(problem.x).has_nan) return Bound::kNothing;
    const bool at_label = static_cast<std::int64_t>(index) == problem.label;
    return Bound::kNotANumber | overflow(at_label ? -problem.g[0] : problem.g[0]);
  }
  if (problem.op != SOFTMARK_LOG_SOFTMAX_VJP || std::exp(problem.x[index]) >= 2 * w.normal)
    return Bound::kNothing;
  const double sum = std::accumulate(problem.g.begin(), problem.g.end(), 0.0);
  return std::isinf(sum) ? Bound::kNotANumber | overflow(-sum) : Bound::kNothing;
}

/// Whether one logit alone is finite, so that the exact results are 1, 0 and itself: a row with a
/// bound like any other, because no kernel need know that exp(0) is 1.
bool has_one_logit(const Problem& problem, const RowFacts& facts) {
  if (!takes_logits(problem.op) || op_info(problem.op).selects) return false;
  if (facts.has_nan || facts.has_pos_inf || facts.finite != 1) return false;
  if (shape_of(problem.op).takes_g_row && !std::isfinite(problem.g[0])) return false;
  return problem.op != SOFTMARK_CROSS_ENTROPY ||
         std::isfinite(problem.x[static_cast<std::size_t>(problem.label)]);
}

}  // namespace

Evaluation generic_evaluation(softmark_dtype dtype) {
  Evaluation evaluation;
  evaluation.working = working_type(dtype);
  evaluation.base2 = 1.25;
  evaluation.rescaling = Evaluation::kAnyBlocks;
  evaluation.normaliser = Evaluation::kAnyNormaliser;
  return evaluation;
}

std::vector<Bound> error_bounds(const Problem& problem, std::span<const Exact> exact) {
  return error_bounds(problem, exact, generic_evaluation(problem.dtype));
}

// A sum that rounds once, and no rescaling. gamma^2 of a compensated sum stays below the three u of
// any order up to 2^26 terms, n 2^-53 of a wide one below that of float32.
std::vector<Bound> least_bounds(const Problem& problem, std::span<const Exact> exact) {
  if (problem.x.size() > std::size_t{1} << 26) return std::vector<Bound>(exact.size());
  Evaluation evaluation = generic_evaluation(problem.dtype);
  evaluation.rescaling = Evaluation::kNever;
  evaluation.sum =
      evaluation.working == SOFTMARK_F64 ? Evaluation::kCompensated : Evaluation::kWide;
  auto bounds = error_bounds(problem, exact, evaluation);
  for (Bound& bound : bounds) bound.also = Bound::kNothing;
  return bounds;
}

std::vector<Bound> error_bounds(const Problem& problem, std::span<const Exact> exact,
                                const Evaluation& evaluation) {
  const Working w(evaluation);
  std::vector<Bound> bounds(exact.size());
  const RowFacts facts = facts_of(problem.x);
  const bool uniform = becomes_uniform(problem, facts);
  if (!uniform && !has_one_logit(problem, facts) && fixed_row(problem, facts)) {
    for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i].also = unsettled(problem, w, i);
    return bounds;
  }
  const auto working = working_bounds(problem, exact, w);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto fixed = uniform ? std::nullopt : fixed_output(problem, i);
    if (!fixed) {
      bounds[i] = delivered(exact[i], working[i], problem, w);
    } else if (problem.op == SOFTMARK_LOG_SOFTMAX_VJP && problem.x[i] == -kInf) {
      bounds[i].also = working[i].also & Bound::kNotANumber;  // 0 times a sum that overflowed
    }
  }
  return bounds;
}

}  // namespace softmark
