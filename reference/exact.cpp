// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "kernels/names.h"
#include "reference/reference.h"
#include "reference/row_evaluation.h"
#include "reference/special.h"

namespace softmark {
namespace {

// The widest exact case is a VJP in f64: products of three numbers of 2^-1074 .. 2^1024 and a sum
// of 2^24 terms span less than 6600 bits, so that 113 * 2^6 bits hold it exactly. Transcendental
// results are never a tie.
constexpr long kFirstBits = 113, kLastBits = 113 << 7;

/// Where intervals begin: logits that differ by less than 2^-60 alone give results that differ as
/// little.
long first_bits(const Problem& problem, const RowFacts& facts) {
  if (!takes_logits(problem.op) || op_info(problem.op).elementwise) return kFirstBits;
  double spread = 0;
  for (const double x : problem.x)
    if (std::isfinite(x)) spread = std::max(spread, facts.max - x);
  if (spread == 0 || spread > 0x1p-60) return kFirstBits;
  return kFirstBits - std::ilogb(spread);
}

[[noreturn]] void undecided(const Problem& problem, std::size_t index) {
  std::ostringstream text;
  text << "reference: output " << index << " of " << name(problem.op) << " in "
       << name(problem.dtype) << " undecided at " << kLastBits << " bits; row" << std::hexfloat;
  for (std::size_t i = 0; i < problem.x.size() && i < 16; ++i) text << ' ' << problem.x[i];
  if (problem.x.size() > 16) text << " ...";
  throw std::logic_error(text.str());
}

/// The outputs still open, and what has been decided.
struct Row {
  std::vector<Exact> results;
  std::vector<std::size_t> open;

  void settle(Tier tier, const RowEvaluation& evaluation) {
    std::erase_if(open, [&](std::size_t i) {
      const std::optional<Exact> decided = evaluation.decide(i);
      if (decided) results[i] = {decided->rounded, decided->residual, tier};
      return decided.has_value();
    });
  }
};

/// What is beyond the type, an infinity so far, as the type and the kernel's claim have it.
std::vector<Exact> delivered(std::vector<Exact> row, const Problem& problem) {
  const TypeInfo& type = type_info(problem.dtype);
  if (type.has_infinities && !problem.saturates) return row;
  for (Exact& exact : row) {
    if (!std::isinf(exact.rounded)) continue;
    if (problem.saturates)
      exact = {std::copysign(type.largest, exact.rounded), 0, exact.tier};
    else
      exact.rounded = std::copysign(std::numeric_limits<double>::quiet_NaN(), exact.rounded);
  }
  return row;
}

std::vector<Exact> unbounded_row(const Problem& given, Tier first) {
  Problem problem = given;
  RowFacts facts = facts_of(problem.x);
  const std::vector<double> zeros(becomes_uniform(problem, facts) ? problem.x.size() : 0);
  if (!zeros.empty()) {
    problem.x = zeros;
    facts = facts_of(problem.x);
  }
  if (auto fixed = fixed_row(problem, facts)) return *std::move(fixed);

  Row row{std::vector<Exact>(outputs_of(problem.op, problem.x.size())), {}};
  for (std::size_t i = 0; i < row.results.size(); ++i) {
    if (const auto value = fixed_output(problem, i))
      row.results[i] = {*value, 0};
    else
      row.open.push_back(i);
  }
  // A float64 result is beyond what float64 arithmetic can decide.
  if (first <= Tier::kFloat64 && working_type(problem.dtype) != SOFTMARK_F64 && !row.open.empty())
    row.settle(Tier::kFloat64, *evaluate_float64(problem, facts));
  if (first <= Tier::kDoubleDouble && !row.open.empty())
    row.settle(Tier::kDoubleDouble, *evaluate_double_double(problem, facts));
  for (long bits = first_bits(problem, facts); !row.open.empty(); bits *= 2) {
    if (bits > kLastBits) undecided(problem, row.open.front());
    row.settle(Tier::kInterval, *evaluate_intervals(problem, facts, bits));
  }
  return std::move(row.results);
}

}  // namespace

std::vector<Exact> exact_row(const Problem& problem) { return exact_row(problem, Tier::kFloat64); }

std::vector<Exact> exact_row(const Problem& problem, Tier first) {
  return delivered(unbounded_row(problem, first), problem);
}

}  // namespace softmark
