// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/search_moves.h"

#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark {
namespace {

bool takes_logs(softmark_op op) { return op_info(op).input == Input::kLogProbabilities; }

int sign(Rng& rng) { return rng.below(2) ? 1 : -1; }

double step_ulps(softmark_dtype dtype, double v, Rng& rng) {
  if (rng.below(2)) return rng.below(2) ? next_up(dtype, v) : next_down(dtype, v);
  const auto most = static_cast<std::size_t>(type_info(dtype).precision);
  return v + sign(rng) * std::ldexp(spacing(dtype, v), static_cast<int>(rng.below(most)));
}

// Doubled, halved, negated, or just beside the next power of two, where the relative spacing
// halves.
double jump_binade(softmark_dtype dtype, double v, Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return 2 * v;
    case 1:
      return v / 2;
    case 2:
      return -v;
    default: {
      const double power = std::copysign(
          std::exp2(std::round(std::log2(std::fabs(v) + smallest_subnormal(dtype)))), v);
      const std::size_t side = rng.below(3);
      return side == 0   ? power
             : side == 1 ? next_up(dtype, fit_to(dtype, power))
                         : next_down(dtype, fit_to(dtype, power));
    }
  }
}

void move_shift(std::vector<double>& x, Rng& rng) {
  const double by = rng.below(4) ? sign(rng) * std::exp2(rng.uniform(-6, 12))
                                 : -*std::max_element(x.begin(), x.end());
  for (double& v : x) v += by;
}

// All distances from the maximum scaled: the same row at a slightly different temperature.
void move_scale(std::vector<double>& x, Rng& rng) {
  const double max = *std::max_element(x.begin(), x.end()),
               by = rng.below(2)   ? 1 + sign(rng) * std::exp2(rng.uniform(-12, -1))
                    : rng.below(2) ? 2
                                   : 0.5;
  for (double& v : x) v = max + (v - max) * by;
}

// Puts a logit at a distance from the maximum that is difficult for exp, or anywhere down to where
// the result underflows.
double move_distance(softmark_op op, softmark_dtype dtype, const std::vector<double>& x, Rng& rng) {
  const Family hard = rng.below(2) ? Family::cutoff : Family::reduction;
  const double max = *std::max_element(x.begin(), x.end());
  double distance = -deepest(dtype) * rng.uniform();
  if (rng.below(2)) {
    const auto row = make_logits(hard, dtype, 4, rng);
    distance = *std::min_element(row.begin(), row.end());
  }
  if (!takes_logits(op)) return takes_logs(op) ? distance : std::exp(distance);
  return max + distance;
}

void move_values(std::vector<double>& values, softmark_dtype dtype, Rng& rng) {
  const std::size_t n = values.size(), i = rng.below(n), j = rng.below(n);
  switch (rng.below(6)) {
    case 0:
    case 1:
    case 2:
      values[i] = step_ulps(dtype, values[i], rng);
      break;
    case 3:
      values[i] = jump_binade(dtype, values[i], rng);
      break;
    case 4:
      std::swap(values[i], values[j]);
      break;
    default:
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(j),
                  1 + rng.below(std::min<std::size_t>(n - j, rng.below(2) ? 1 : n)), values[i]);
  }
}

void move_once(Case& c, softmark_op op, softmark_dtype dtype, Rng& rng) {
  const std::size_t kind = rng.below(12);
  if (kind == 0 && !c.labels.empty())
    c.labels[0] = static_cast<std::int64_t>(rng.below(c.cols));
  else if (kind < 4 && !c.g.empty())
    move_values(c.g, dtype, rng);
  else if (kind == 4 && takes_logits(op))
    move_shift(c.x, rng);
  else if (kind == 5 && takes_logits(op))
    move_scale(c.x, rng);
  else if (kind == 6)
    c.x[rng.below(c.cols)] = move_distance(op, dtype, c.x, rng);
  else
    move_values(c.x, dtype, rng);
}

}  // namespace

void move_row(Case& c, softmark_op op, softmark_dtype dtype, Rng& rng) {
  const double top = largest_finite(dtype);
  // Where every output depends on one input only, a row contains as many independent searches as it
  // has columns.
  const bool elementwise = op_info(op).elementwise;
  for (std::size_t moves = elementwise ? c.cols : 1 + rng.below(3); moves > 0; --moves)
    move_once(c, op, dtype, rng);
  const double low = takes_logits(op) || takes_logs(op) ? -top : 0;
  const double high = takes_logits(op) ? top : takes_logs(op) ? 0 : 1;
  for (double& v : c.x) v = std::isnan(v) ? 0 : std::clamp(fit_to(dtype, v), low, high);
  for (double& v : c.g) v = std::isnan(v) ? 0 : std::clamp(fit_to(dtype, v), -top, top);
}

}  // namespace softmark
