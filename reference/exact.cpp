// SPDX-License-Identifier: Apache-2.0
#include <sstream>
#include <stdexcept>

#include "kernels/names.h"
#include "reference/enclosure.h"
#include "reference/reference.h"
#include "reference/special.h"

namespace softmark {
namespace {

// The widest exact case is a VJP in f64: products of three numbers of 2^-1074 .. 2^1024 and a sum of 2^24 terms span
// less than 6600 bits, so that 113 * 2^6 bits hold it exactly. Transcendental results are never a tie.
constexpr long kFirstBits = 113, kLastBits = 113 << 7;

[[noreturn]] void undecided(const Problem& problem, std::size_t index) {
  std::ostringstream text;
  text << "reference: output " << index << " of " << name(problem.op) << " in " << name(problem.dtype)
       << " undecided at " << kLastBits << " bits; row" << std::hexfloat;
  for (std::size_t i = 0; i < problem.x.size() && i < 16; ++i) text << ' ' << problem.x[i];
  if (problem.x.size() > 16) text << " ...";
  throw std::logic_error(text.str());
}

}  // namespace

std::vector<Exact> exact_row(const Problem& given) {
  Problem problem = given;
  RowFacts facts = facts_of(problem.x);
  const std::vector<double> zeros(becomes_uniform(problem, facts) ? problem.x.size() : 0);
  if (!zeros.empty()) {
    problem.x = zeros;
    facts = facts_of(problem.x);
  }
  if (auto fixed = fixed_row(problem, facts)) return *std::move(fixed);

  std::vector<Exact> results(outputs_of(problem.op, problem.x.size()));
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (const auto value = fixed_output(problem, i))
      results[i] = {*value, 0};
    else
      open.push_back(i);
  }
  for (long bits = kFirstBits; !open.empty(); bits *= 2) {
    if (bits > kLastBits) undecided(problem, open.front());
    const Enclosure enclosure(problem, facts, bits);
    std::erase_if(open, [&](std::size_t i) {
      const auto decided = enclosure.decide(i);
      if (decided) results[i] = *decided;
      return decided.has_value();
    });
  }
  return results;
}

}  // namespace softmark
