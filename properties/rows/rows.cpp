// SPDX-License-Identifier: Apache-2.0
#include "properties/rows/rows.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/element.h"
#include "kernels/names.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

constexpr FamilyInfo kFamilies[] = {
    {"normal", "N(0, 1)"},
    {"wide", "N(0, 10)"},
    {"flat", "one level, a few ulps apart"},
    {"equal", "all equal"},
    {"peaked", "one logit 5 to 60 above N(0, 1)"},
    {"offset", "N(0, 1) around a level of up to 1e6 (1e3 in types that end before)"},
    {"subnormal", "results down to and below the smallest subnormal beside one near 1"},
    {"cutoff",
     "distances from the maximum at which exp implementations clamp, one ulp around them"},
    {"reduction",
     "logits next to half-integer multiples of ln 2, where argument reduction switches"},
    {"ties", "two or three distinct values"},
    {"grid", "multiples of 1/16 within +-8: shifts of them are exact"},
    {"zeros", "+0 and -0 beside small values"},
    {"tiny", "subnormal and smallest normal logits"},
    {"large", "magnitudes up to the largest finite value"},
    {"masked", "N(0, 3) with some -inf, never all"},
    {"ascending", "sorted upwards: the maximum comes last"},
    {"descending", "sorted downwards"},
    {"swamping", "one peak and a tail just below half an ulp of it"},
    {"finite_mask",
     "N(0, 3) with some of one finite value that masks: -1e4, -1e9, -1e30, the type's lowest"},
    {"outlier", "N(0, 1) with one logit of any magnitude, above or below"},
    {"nan", "N(0, 3) with a NaN"},
    {"infinite", "N(0, 3) with a +inf, and some -inf"},
    {"all_masked", "nothing but -inf"},
};

constexpr Family kFinite[] = {
    Family::normal,    Family::wide,       Family::flat,     Family::equal,       Family::peaked,
    Family::offset,    Family::subnormal,  Family::cutoff,   Family::reduction,   Family::ties,
    Family::grid,      Family::zeros,      Family::tiny,     Family::large,       Family::masked,
    Family::ascending, Family::descending, Family::swamping, Family::finite_mask, Family::outlier};
constexpr Family kSpecial[] = {Family::nan, Family::infinite, Family::all_masked};

double steps(softmark_dtype dtype, double value, int n) {
  for (; n > 0; --n) value = next_up(dtype, value);
  for (; n < 0; ++n) value = next_down(dtype, value);
  return value;
}

// -ln of the smallest subnormal, of the smallest normal, and where exp overflows, for the type of
// the result.
struct Range {
  double subnormal, normal, overflow;
};
Range range_of(softmark_dtype dtype) {
  const TypeInfo t = type_info(dtype);
  const double ln2 = std::numbers::ln2;
  return {(t.precision - 1 - t.min_exponent) * ln2, -t.min_exponent * ln2,
          (t.max_exponent + 1) * ln2};
}

/// How far above the smallest subnormal a tiny logit may lie: no further than the type is wide.
std::size_t tiny_binades(softmark_dtype dtype) {
  return static_cast<std::size_t>(std::min(24, 3 * type_info(dtype).precision));
}

double cutoff_value(softmark_dtype dtype, Rng& rng) {
  const Range r = range_of(dtype);
  const double marks[] = {r.normal,
                          r.overflow,
                          r.subnormal,
                          r.subnormal + std::numbers::ln2,
                          r.normal - std::numbers::ln2,
                          r.normal + 1,
                          r.subnormal + 0.5,
                          std::floor(r.normal),
                          std::ceil(r.subnormal)};
  return steps(dtype, round_to(dtype, -marks[rng.below(std::size(marks))]),
               static_cast<int>(rng.below(5)) - 2);
}

/// Of any binade from 1 on; every other time of those in which the roundings of an argument
/// reduction give out, and numbers exceed 32 bits.
double outlier_value(softmark_dtype dtype, Rng& rng) {
  const TypeInfo t = type_info(dtype);
  const int most = rng.below(2) ? t.max_exponent : std::min(t.max_exponent, 2 * t.precision);
  const double v = std::ldexp(rng.uniform(1, 2),
                              static_cast<int>(rng.below(static_cast<std::size_t>(most) + 1)));
  return (rng.below(3) ? 1 : -1) * std::min(v, largest_finite(dtype));
}

double element(Family family, softmark_dtype dtype, std::size_t i, double level, Rng& rng) {
  const double top = largest_finite(dtype);
  switch (family) {
    case Family::wide:
      return 10 * rng.normal();
    case Family::flat:
      return steps(dtype, level, static_cast<int>(rng.below(7)) - 3);
    case Family::equal:
      return level;
    case Family::offset:
      return level * 1e3 + rng.normal();
    case Family::subnormal:
      return rng.uniform(-1.03 * range_of(dtype).subnormal, -0.97 * range_of(dtype).normal);
    case Family::cutoff:
      return cutoff_value(dtype, rng);
    case Family::reduction: {
      const double most = std::min(range_of(dtype).normal, 80.0);
      const double near =
          (std::floor(rng.uniform(0, 2 * most / std::numbers::ln2)) + 0.5) * std::numbers::ln2 / 2;
      return steps(dtype, round_to(dtype, -near), static_cast<int>(rng.below(5)) - 2);
    }
    case Family::ties:
      return level + static_cast<double>(rng.below(3));
    case Family::grid:
      return static_cast<double>(rng.below(257)) / 16 - 8;
    case Family::zeros:
      return rng.below(3) == 0 ? rng.uniform(-1, 1) : rng.below(2) ? 0.0 : -0.0;
    case Family::tiny:
      return (rng.below(2) ? 1 : -1) * smallest_subnormal(dtype) *
             std::ldexp(1.0, static_cast<int>(rng.below(tiny_binades(dtype))));
    case Family::large: {
      const double sign = rng.below(2) ? 1 : -1;
      return rng.below(3) == 0 ? sign * top : sign * std::exp(rng.uniform(2, std::log(top)));
    }
    case Family::masked:
      return rng.below(3) == 0 ? -kInf : 3 * rng.normal();
    case Family::finite_mask:
      return rng.below(3) == 0 ? level : 3 * rng.normal();
    case Family::ascending:
      return static_cast<double>(i) * level / 8;
    case Family::descending:
      return -static_cast<double>(i) * level / 8;
    case Family::all_masked:
      return -kInf;
    default:
      return (family == Family::normal || family == Family::peaked || family == Family::outlier
                  ? 1
                  : 3) *
             rng.normal();
  }
}

// The level of a row: the offset common to its elements.
double level_of(Family family, softmark_dtype dtype, Rng& rng) {
  switch (family) {
    case Family::offset:
      return (rng.below(2) ? 1 : -1) * (largest_finite(dtype) < 1e6
                                            ? rng.uniform(0.1, 1)
                                            : std::pow(10.0, rng.uniform(-1, 3)));
    case Family::finite_mask: {
      // What frameworks write where -inf would do: finfo.min is the most common.
      const double masks[] = {-1e4, -1e9, -1e30, -largest_finite(dtype), -largest_finite(dtype)};
      return fit_to(dtype, masks[rng.below(std::size(masks))]);
    }
    case Family::ascending:
    case Family::descending:
      return std::pow(10.0, rng.uniform(-2, 1));
    default:
      return round_to(dtype, std::floor(rng.uniform(-160, 160)) / 16);
  }
}

void make_probabilities(std::vector<double>& row, softmark_dtype dtype, bool logs) {
  double most = -kInf, sum = 0;
  for (double v : row) most = std::max(most, v);
  for (double v : row) sum += std::exp(v - most);
  for (double& v : row)
    v = fit_to(dtype, logs ? v - most - std::log(sum) : std::exp(v - most) / sum);
}

}  // namespace

const FamilyInfo& info(Family family) { return kFamilies[static_cast<int>(family)]; }
std::span<const Family> finite_families() { return kFinite; }
std::span<const Family> special_families() { return kSpecial; }

std::vector<double> make_logits(Family family, softmark_dtype dtype, std::size_t cols, Rng& rng) {
  std::vector<double> row(cols);
  if (cols == 0) return row;
  const double level = level_of(family, dtype, rng);
  for (std::size_t i = 0; i < cols; ++i) row[i] = element(family, dtype, i, level, rng);
  const std::size_t spot = rng.below(cols);
  switch (family) {
    case Family::peaked:
      row[spot] += rng.uniform(5, 60);
      break;
    case Family::subnormal:
    case Family::cutoff:
      row[spot] = 0;
      break;
    case Family::reduction:
      row[spot] = rng.below(2) ? 0 : row[spot];
      break;
    case Family::masked:
    case Family::finite_mask:
      row[spot] = 3 * rng.normal();
      break;
    case Family::outlier:
      row[spot] = outlier_value(dtype, rng);
      break;
    case Family::nan:
      row[spot] = kNan;
      break;
    case Family::infinite:
      row[spot] = kInf;
      break;
    case Family::swamping: {
      const double tail = -std::numbers::ln2 * (type_info(dtype).precision + 1) - 1e-3;
      std::fill(row.begin(), row.end(), tail);
      row[spot] = 0;
      break;
    }
    default:
      break;
  }
  for (double& v : row) v = fit_to(dtype, v);
  return row;
}

Case make_case(softmark_op op, softmark_dtype dtype, Family family, std::size_t rows,
               std::size_t cols, Rng& rng) {
  Case c;
  c.rows = rows;
  c.cols = cols;
  const OpShape shape = shape_of(op);
  for (std::size_t r = 0; r < rows; ++r) {
    auto row = make_logits(family, dtype, cols, rng);
    const Input input = op_info(op).input;
    if (input == Input::kProbabilities || input == Input::kLogProbabilities)
      make_probabilities(row, dtype, input == Input::kLogProbabilities);
    if (input == Input::kSigmoids)
      for (double& v : row) v = round_to(dtype, 1 / (1 + std::exp(-v)));
    c.x.insert(c.x.end(), row.begin(), row.end());
    const std::size_t cotangents = shape.takes_g ? cols : shape.takes_g_row ? 1 : 0;
    const double scale = std::pow(10.0, rng.uniform(-2, 2));
    for (std::size_t i = 0; i < cotangents; ++i) c.g.push_back(fit_to(dtype, scale * rng.normal()));
    if (shape.takes_labels && cols > 0)
      c.labels.push_back(static_cast<std::int64_t>(rng.below(cols)));
  }
  if (shape.takes_labels && cols == 0) c.rows = 0, c.x.clear(), c.g.clear();
  return c;
}

}  // namespace softmark
