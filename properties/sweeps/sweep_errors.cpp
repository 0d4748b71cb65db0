// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/sweep_errors.h"

#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "reference/float64.h"
#include "support/non_finite.h"

namespace softmark {
namespace {

/// Softmax of two columns and sigmoid are sigmoids of a difference; logsumexp and log-softmax of a
/// row [t, 0] are softplus(t) and minus softplus.
bool is_sigmoid(softmark_op op) { return op == SOFTMARK_SIGMOID || op == SOFTMARK_SOFTMAX; }

/// Fills a and b so that each output is sigmoid(a - b), softplus(a) or, for log-softmax,
/// -softplus(a).
void set_arguments(const SweepChunk& chunk, std::vector<float>& a, std::vector<float>& b) {
  const auto x = chunk.x();
  const std::size_t outputs = chunk.y().size();
  a.resize(outputs);
  b.assign(outputs, 0);
  switch (chunk.set().op) {
    case SOFTMARK_SOFTMAX:
      for (std::size_t i = 0; i < outputs; ++i) a[i] = x[i], b[i] = x[i ^ 1];
      return;
    case SOFTMARK_LOG_SOFTMAX:  // of [t, 0]: -softplus(-t), -softplus(t)
      for (std::size_t i = 0; i < outputs; ++i) a[i] = i % 2 ? x[i - 1] : -x[i];
      return;
    case SOFTMARK_LOGSUMEXP:
      for (std::size_t i = 0; i < outputs; ++i) a[i] = x[2 * i];
      return;
    default:
      std::copy(x.begin(), x.end(), a.begin());
  }
}

/// The outputs, or minus them where the exact values are minus a softplus.
void set_magnitudes(const SweepChunk& chunk, std::vector<float>& magnitudes) {
  const auto y = chunk.y();
  magnitudes.assign(y.begin(), y.end());
  if (chunk.set().op == SOFTMARK_LOG_SOFTMAX)
    for (float& value : magnitudes) value = -value;
}

}  // namespace

std::vector<Exact> SweepErrors::exact_outputs(const SweepChunk& chunk, std::size_t input) const {
  const auto row = chunk.row(input);
  return exact_row({chunk.set().op, chunk.set().dtype, row, {}, -1, masked_row_, saturates_});
}

void SweepErrors::keep_worst(const SweepChunk& chunk, std::size_t output, double error,
                             double want) {
  if (!(error > result_.errors.max_ulp || result_.worst_x.empty())) return;
  result_.errors.max_ulp = error;
  result_.worst_x = chunk.row(output / chunk.outputs_each());
  result_.worst_got = chunk.y()[output];
  result_.worst_want = want;
}

/// One output by the whole reference.
void SweepErrors::add_exactly(const SweepChunk& chunk, std::size_t output) {
  const std::size_t each = chunk.outputs_each();
  const Exact want = exact_outputs(chunk, output / each)[output % each];
  const double got = chunk.y()[output], error = ulp_error(want, got, chunk.set().dtype);
  result_.errors.add(want, got, error);
  keep_worst(chunk, output, error, want.rounded);
}

void SweepErrors::add_one_by_one(const SweepChunk& chunk) {
  for (std::size_t i = 0; i < chunk.y().size(); ++i) add_exactly(chunk, i);
}

/// By float64 vectors; what they leave open by the whole reference.
void SweepErrors::add_in_bulk(const SweepChunk& chunk) {
  const std::size_t outputs = chunk.y().size();
  const bool sigmoid = is_sigmoid(chunk.set().op);
  set_arguments(chunk, a_, b_);
  set_magnitudes(chunk, magnitudes_);
  errors_.resize(outputs);  // the exact values first
  if (sigmoid)
    sigmoids_of(a_.data(), b_.data(), outputs, errors_.data());
  else
    softplus_of(a_.data(), outputs, errors_.data());
  const TypeInfo type = type_info(chunk.set().dtype);
  const Grid grid{static_cast<unsigned>(type.precision), std::ldexp(1.0, type.min_exponent),
                  sigmoid, sigmoid};
  const Errors sums = errors_of(errors_.data(), magnitudes_.data(), outputs, 1, grid);

  result_.errors.add_decided(outputs - sums.undecided, sums.correct);
  for (std::size_t i = 0; i < outputs; ++i) {
    if (errors_[i] < 0)
      add_exactly(chunk, i);
    else
      result_.errors.add_error(errors_[i], i);
  }
  if (sums.sum < kInf) result_.errors.sum_ulp += sums.sum;
  if (!(sums.max > result_.errors.max_ulp || result_.worst_x.empty())) return;
  const auto at =
      static_cast<std::size_t>(std::max_element(errors_.begin(), errors_.end()) - errors_.begin());
  const std::size_t each = chunk.outputs_each();
  keep_worst(chunk, at, sums.max, exact_outputs(chunk, at / each)[at % each].rounded);
}

void SweepErrors::count_steps_down(const SweepChunk& chunk) {
  const std::size_t each = chunk.outputs_each();
  SweepEdges& edges = result_.edges;
  for (std::size_t i = 0; i < chunk.count(); ++i) {
    const double value = chunk.y()[i * each];
    if (chunk.set().order_starts(chunk.first() + i)) edges.last = -kInf, edges.is_open = false;
    if (std::isnan(value)) continue;
    if (value < edges.last) {
      ++result_.non_monotone;
      if (result_.first_step_down.empty()) result_.first_step_down = chunk.row(i);
    }
    if (edges.is_open) edges.first = value, edges.first_x = chunk.row(i);
    edges.is_open = false;
    edges.last = value;
  }
}

void SweepErrors::add(const SweepChunk& chunk) {
  // Patterns include NaN and infinities, which are not for float64 vectors.
  if (chunk.set().kind == SweepSet::kPatterns || chunk.set().kind == SweepSet::kPatternPairs)
    add_one_by_one(chunk);
  else
    add_in_bulk(chunk);
  count_steps_down(chunk);
  result_.inputs += chunk.count();
}

}  // namespace softmark
