// SPDX-License-Identifier: Apache-2.0
// Tier 2.
#include "reference/enclosure.h"

#include <limits>

#include "reference/interval.h"
// clang-format off: after the functions on intervals, which its templates use
#include "reference/formulas.h"
// clang-format on

namespace softmark {
namespace {

// exp(t) below this t is only known to lie in (0, 2^kTiny): 2000 log2(e) > 2885. Whatever it is
// added to, or multiplied by (a g below 2^1024 in the VJPs), ends far below the smallest subnormal
// 2^-1074 or far below an ulp of it.
constexpr double kCut = -2000;
constexpr long kTiny = -2885;

}  // namespace

Interval exp_of(const Interval& t) {
  if (t < kCut) return up_to_power(kTiny);
  Interval result;
  mpfi_exp(result.backend().data(), t.backend().data());
  return result;
}

Interval log1p_of(const Interval& value) {
  Interval result;
  mpfi_log1p(result.backend().data(), value.backend().data());
  return result;
}

int sign_of(const Interval& value) {
  return mpfi_is_strictly_pos(value.backend().data()) -
         mpfi_is_strictly_neg(value.backend().data());
}

// By IEEE NaN where the value is 0; anything where its sign is not known.
Interval infinite_times(const Interval& value) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  Interval result = 0;
  if (sign_of(value) != 0) return Interval(sign_of(value) * inf);
  if (mpfi_is_zero(value.backend().data()))
    return Interval(std::numeric_limits<double>::quiet_NaN());
  mpfi_interv_d(result.backend().data(), -inf, inf);
  return result;
}

struct Enclosure::State : Formulas<Interval> {
  State(const Problem& p, const RowFacts& f, long b) : Formulas<Interval>(p, f), bits(b) {}
  softmark_dtype dtype() const { return problem.dtype; }
  long bits;
};

Enclosure::Enclosure(const Problem& problem, const RowFacts& facts, long bits)
    : state_(std::make_unique<State>(problem, facts, bits)) {
  PrecisionScope precision(bits);
  state_->prepare();
}
Enclosure::~Enclosure() = default;

std::optional<Exact> Enclosure::decide(std::size_t index) const {
  PrecisionScope precision(state_->bits);
  const Enclosed<Interval> enclosed = state_->at(index);
  return certify(enclosed, state_->dtype());
}

}  // namespace softmark
