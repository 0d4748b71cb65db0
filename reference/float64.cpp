// SPDX-License-Identifier: Apache-2.0
// u = 2^-53 throughout.
//
// Exp(x - m). TwoSum gives the difference exactly as d + l. With n = rint(d log2 e): r = d - n ln 2
// + l.
//   n kLn2Hi is exact (42 bits and 11), and so is d - n kLn2Hi: for n != 0 both are multiples of
//   2^-54 and their difference is below 1/2. l - n kLn2Lo is below 2^-33 and rounded within 2^-86;
//   adding it rounds within 2^-55 = u/4, relative to exp(r) >= 0.707 within 0.36 u. The two parts
//   of ln 2 leave n 2^-102. |r| < 0.3467. Taylor to r^13 leaves 0.3467^14/14! < 2^-57.7: 0.06 u.
//   Horner without FMA (with it less): the last sum errs by 1 u relative; the product before it by
//   2^-55 or, where |rP| > 1/4, 2^-54, relative 0.5 u; P by 1 u, of which 0.3467/0.707 arrives, and
//   its product and all before by less than 0.3 u. Sum below 2.8 u; kExpError is 4 u. Scaling by
//   2^n is exact: exp(-700) > 2^-1010.
//
// Sum of positive terms: in a block each of four accumulators takes at most eight vectors (7
// additions: 7 u), two additions
//   join them (2 u), then TwoSum into (hi, lo). lo rounds once a block, u of a lo that is below
//   blocks u hi: 2^-60 for 2^24 terms. What does not fill a vector is added the same way. The lanes
//   are joined in double-double. Below 10 u; kSumError is 12 u.
//
// A softmax: p = e fl(1/S), S = S'(1 + 12u)(1 + 4u) rounded to double (1 u); the reciprocal 1 u,
// the product 1 u, e 4 u:
//   below 24 u < 2^-48 = 32 u, which is what errors_of takes for granted.
#include "reference/float64.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "reference/float64.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace softmark {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using U = hn::RebindToUnsigned<D>;
using F = hn::Rebind<float, D>;  // as many floats as D has doubles
using V = hn::Vec<D>;

HWY_INLINE V Load(const double* x) { return hn::LoadU(D(), x); }
HWY_INLINE V Load(const float* x) { return hn::PromoteTo(D(), hn::LoadU(F(), x)); }

/// exp(x + shift), where shift is -m.
HWY_INLINE V Exp(V x, V shift) {
  const D d;
  const U du;
  const auto difference = hn::Add(x, shift);
  const auto back = hn::Sub(difference, x);
  const auto low = hn::Add(hn::Sub(x, hn::Sub(difference, back)), hn::Sub(shift, back));

  // rint by a large number: its last bits are n, whose low 11 bits are moved into the exponent
  // below.
  const auto magic = hn::Set(d, 0x1.8p+52);
  const auto shifted = hn::MulAdd(difference, hn::Set(d, 0x1.71547652b82fep+0), magic);
  const auto n = hn::Sub(shifted, magic);
  const auto rest = hn::NegMulAdd(n, hn::Set(d, 0x1.62e42fefa38p-1), difference);
  const auto r = hn::Add(rest, hn::NegMulAdd(n, hn::Set(d, 0x1.ef35793c7673p-45), low));

  auto p = hn::Set(d, 1.0 / 6227020800);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 479001600));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 39916800));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 3628800));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 362880));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 40320));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 5040));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0));
  const auto scaled =
      hn::BitCast(d, hn::Add(hn::BitCast(du, p), hn::ShiftLeft<52>(hn::BitCast(du, shifted))));
  return hn::IfThenElseZero(hn::Ge(difference, hn::Set(d, -700.0)), scaled);
}

/// Adds the lanes of a to those of (hi, lo) without error in hi.
HWY_INLINE void AddTo(V a, V& hi, V& lo) {
  const auto sum = hn::Add(hi, a), back = hn::Sub(sum, hi);
  lo = hn::Add(lo, hn::Add(hn::Sub(hi, hn::Sub(sum, back)), hn::Sub(a, back)));
  hi = sum;
}

template <class T>
DoubleDouble ExpAndSum(const T* HWY_RESTRICT x, std::size_t size, double shift,
                       double* HWY_RESTRICT e) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto minus_shift = hn::Set(d, -shift);
  auto hi = hn::Zero(d), lo = hn::Zero(d);
  const auto step = [&](std::size_t at) HWY_ATTR {
    const auto term = Exp(Load(x + at), minus_shift);
    hn::StoreU(term, d, e + at);
    return term;
  };
  std::size_t i = 0;
  while (i + 4 * lanes <= size) {
    auto a0 = hn::Zero(d), a1 = a0, a2 = a0, a3 = a0;
    for (int k = 0; k < 8 && i + 4 * lanes <= size; ++k, i += 4 * lanes) {
      a0 = hn::Add(a0, step(i));
      a1 = hn::Add(a1, step(i + lanes));
      a2 = hn::Add(a2, step(i + 2 * lanes));
      a3 = hn::Add(a3, step(i + 3 * lanes));
    }
    AddTo(hn::Add(hn::Add(a0, a1), hn::Add(a2, a3)), hi, lo);
  }
  for (; i + lanes <= size; i += lanes) AddTo(step(i), hi, lo);
  HWY_ALIGN double buffer[HWY_MAX_BYTES / sizeof(double)];
  HWY_ALIGN double terms[HWY_MAX_BYTES / sizeof(double)];
  if (i < size) {  // the rest, padded with what gives 0
    for (std::size_t k = 0; k < lanes; ++k)
      buffer[k] = i + k < size ? static_cast<double>(x[i + k]) : -HUGE_VAL;
    const auto term = Exp(hn::Load(d, buffer), minus_shift);
    hn::Store(term, d, terms);
    for (std::size_t k = 0; i + k < size; ++k) e[i + k] = terms[k];
    AddTo(term, hi, lo);
  }
  hn::Store(hi, d, buffer);
  hn::Store(lo, d, terms);
  DoubleDouble sum;
  for (std::size_t k = 0; k < lanes; ++k) sum = sum + two_sum(buffer[k], terms[k]);
  return sum;
}
DoubleDouble ExpAndSum64(const double* x, std::size_t n, double shift, double* e) {
  return ExpAndSum(x, n, shift, e);
}
DoubleDouble ExpAndSum32(const float* x, std::size_t n, double shift, double* e) {
  return ExpAndSum(x, n, shift, e);
}

Extent ExtentOf(const float* x, std::size_t size) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto masked = hn::Neg(hn::Inf(d));
  auto max = masked, min = hn::Inf(d);
  auto wild = hn::Zero(d);  // becomes NaN with the first NaN or +inf
  std::size_t i = 0;
  const auto take = [&](hn::Vec<decltype(d)> v) HWY_ATTR {
    const auto hidden = hn::Eq(v, masked);
    max = hn::Max(max, v);
    min = hn::Min(min, hn::IfThenElse(hidden, hn::Inf(d), v));
    wild = hn::MulAdd(hn::IfThenZeroElse(hidden, v), hn::Zero(d), wild);
  };
  for (; i + lanes <= size; i += lanes) take(hn::LoadU(d, x + i));
  for (; i < size; ++i) take(hn::Set(d, x[i]));
  return {hn::GetLane(hn::MaxOfLanes(d, max)), hn::GetLane(hn::MinOfLanes(d, min)),
          hn::GetLane(hn::SumOfLanes(d, wild)) == 0};
}

/// The ulp errors of got against p (in place of p), -1 where undecided.
HWY_INLINE V UlpErrors(V p, V got, const Grid& grid, std::size_t& correct, std::size_t& undecided) {
  const D d;
  const U du;
  const auto most = hn::Set(d, grid.below_one ? 1 - 0x1p-53 : 0x1p+1000);
  p = hn::Min(p, most);
  auto low = hn::Mul(p, hn::Set(d, 1 - 0x1p-48));
  auto high = hn::Min(hn::Mul(p, hn::Set(d, 1 + 0x1p-48)), most);
  if (grid.side_of_half) {
    const auto half = hn::Set(d, 0.5);
    low = hn::IfThenElse(hn::Ge(p, half), hn::Max(low, half), low);
    high = hn::IfThenElse(hn::Lt(p, half), hn::Min(high, hn::Set(d, 0.5 - 0x1p-54)), high);
    high = hn::IfThenElse(hn::Eq(p, half), half, high);
  }
  const auto binade = [&](V value) HWY_ATTR {  // 2^max(floor(log2 value), min_exponent)
    return hn::Max(hn::BitCast(d, hn::And(hn::BitCast(du, value), hn::Set(du, 0x7ffull << 52))),
                   hn::Set(d, grid.smallest_normal));
  };
  const auto power = binade(low);
  // 2^(precision-1) / power, so that the type's values here are integers.
  const auto scale = hn::BitCast(
      d, hn::Sub(hn::Set(du, (2045ull + grid.precision) << 52), hn::BitCast(du, power)));
  const auto rounded = hn::Round(hn::Mul(low, scale));
  const auto open =
      hn::Or(hn::Ne(rounded, hn::Round(hn::Mul(high, scale))), hn::Ne(power, binade(high)));
  const auto result = hn::Mul(got, scale);
  auto error = hn::Abs(hn::Sub(result, hn::Mul(p, scale)));
  error = hn::IfThenElse(hn::IsNaN(error), hn::Inf(d), error);
  correct += hn::CountTrue(d, hn::AndNot(open, hn::Eq(result, rounded)));
  undecided += hn::CountTrue(d, open);
  return hn::IfThenElse(open, hn::Set(d, -1.0), error);
}

Errors ErrorsOf(double* HWY_RESTRICT e, const float* HWY_RESTRICT got, std::size_t size,
                double inverse_sum, const Grid& grid) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto inverse = hn::Set(d, inverse_sum);
  auto sum = hn::Zero(d), max = hn::Zero(d);
  Errors errors{};
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto error = UlpErrors(hn::Mul(hn::LoadU(d, e + i), inverse), Load(got + i), grid,
                                 errors.correct, errors.undecided);
    hn::StoreU(error, d, e + i);
    sum = hn::Add(sum, hn::Max(error, hn::Zero(d)));
    max = hn::Max(max, error);
  }
  errors.sum = hn::GetLane(hn::SumOfLanes(d, sum));
  errors.max = hn::GetLane(hn::MaxOfLanes(d, max));
  for (; i < size; ++i) {  // a vector of one element's copies, of which one counts
    std::size_t correct = 0, undecided = 0;
    const auto p = hn::Mul(hn::Set(d, e[i]), inverse);
    e[i] = hn::GetLane(
        UlpErrors(p, hn::Set(d, static_cast<double>(got[i])), grid, correct, undecided));
    errors.correct += correct > 0;
    errors.undecided += undecided > 0;
    errors.sum += e[i] > 0 ? e[i] : 0;
    errors.max = e[i] > errors.max ? e[i] : errors.max;
  }
  return errors;
}

/// Rounds p; open where the bound allows two roundings.
HWY_INLINE hn::Vec<F> Round(V p, hn::Mask<D>& open) {
  const D d;
  const F f;
  const auto rounded = hn::DemoteTo(f, hn::Mul(p, hn::Set(d, 1 - 0x1p-48)));
  const auto high = hn::DemoteTo(f, hn::Mul(p, hn::Set(d, 1 + 0x1p-48)));
  open = hn::Ne(hn::PromoteTo(d, rounded), hn::PromoteTo(d, high));
  return rounded;
}

std::size_t RoundedOf(double* HWY_RESTRICT e, std::size_t size, double inverse_sum,
                      float* HWY_RESTRICT y) {
  const D d;
  const F f;
  const std::size_t lanes = hn::Lanes(d);
  const auto inverse = hn::Set(d, inverse_sum);
  std::size_t count = 0, i = 0;
  auto open = hn::Ne(inverse, inverse);
  for (; i + lanes <= size; i += lanes) {
    const auto term = hn::LoadU(d, e + i);
    hn::StoreU(Round(hn::Mul(term, inverse), open), f, y + i);
    if (HWY_UNLIKELY(!hn::AllFalse(d, open))) {
      hn::StoreU(hn::IfThenElse(open, hn::Set(d, -1.0), term), d, e + i);
      count += hn::CountTrue(d, open);
    }
  }
  for (; i < size; ++i) {  // a vector of one element's copies
    const auto rounded = Round(hn::Mul(hn::Set(d, e[i]), inverse), open);
    y[i] = hn::GetLane(rounded);
    if (!hn::AllFalse(d, open)) e[i] = -1, ++count;
  }
  return count;
}

// sigmoid(a - b): z = exp(-|a - b|) 4u, 1 + z u, the quotient u, the side of 1/2 at most 2u: below
// 9u < 2^-48.
void SigmoidsOf(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t size,
                double* HWY_RESTRICT p) {
  const D d;
  const auto one = hn::Set(d, 1.0);
  const auto sigmoid = [&](V left, V right) HWY_ATTR {
    const auto z = Exp(hn::Min(left, right), hn::Neg(hn::Max(left, right)));
    const auto quotient = hn::Div(hn::IfThenElse(hn::Lt(left, right), z, one), hn::Add(one, z));
    const auto above =
        hn::IfThenElse(hn::Gt(left, right), hn::Max(quotient, hn::Set(d, 0.5 + 0x1p-53)), quotient);
    return hn::IfThenElse(hn::Lt(left, right), hn::Min(above, hn::Set(d, 0.5 - 0x1p-54)), above);
  };
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d))
    hn::StoreU(sigmoid(Load(a + i), Load(b + i)), d, p + i);
  for (; i < size; ++i)
    p[i] = hn::GetLane(
        sigmoid(hn::Set(d, static_cast<double>(a[i])), hn::Set(d, static_cast<double>(b[i]))));
}

// log(1 + exp(a)) = max(a, 0) + log1p(z), z = exp(-|a|) within 4u, of which at most 4u arrive in
// log1p. log1p(z) = 2 atanh(f) for f = z/(2 + z) <= 1/3 (2u): f (2 + f^2 (2/3 + f^2 (2/5 + ...))),
// the terms after f^2k, k = 16, below 9^-17/35/(1 - 1/9) < 2^-58 of the first. The Horner sum
// rounds by 1u last, less than 1/9 * (1 + 1)u before, and f^2 (5u) enters with 1/9 * 1/3 at most:
// below 2u; the product with f 1u, the sum with max(a, 0) 1u (no cancellation). Below 11u < 2^-48.
void SoftplusOf(const float* HWY_RESTRICT a, std::size_t size, double* HWY_RESTRICT y) {
  const D d;
  const auto softplus = [&](V x) HWY_ATTR {
    const auto z = Exp(hn::Neg(hn::Abs(x)), hn::Zero(d));
    const auto f = hn::Div(z, hn::Add(hn::Set(d, 2.0), z)), square = hn::Mul(f, f);
    auto series = hn::Set(d, 2.0 / 33);
    for (int k = 31; k >= 1; k -= 2) series = hn::MulAdd(series, square, hn::Set(d, 2.0 / k));
    return hn::Add(hn::Max(x, hn::Zero(d)), hn::Mul(f, series));
  };
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) hn::StoreU(softplus(Load(a + i)), d, y + i);
  for (; i < size; ++i) y[i] = hn::GetLane(softplus(hn::Set(d, static_cast<double>(a[i]))));
}

}  // namespace HWY_NAMESPACE
}  // namespace softmark
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softmark {

HWY_EXPORT(ExpAndSum64);
HWY_EXPORT(ExpAndSum32);
HWY_EXPORT(ExtentOf);
HWY_EXPORT(ErrorsOf);
HWY_EXPORT(RoundedOf);
HWY_EXPORT(SigmoidsOf);
HWY_EXPORT(SoftplusOf);

DoubleDouble exp_and_sum(const double* x, std::size_t n, double shift, double* e) {
  return HWY_DYNAMIC_DISPATCH(ExpAndSum64)(x, n, shift, e);
}
DoubleDouble exp_and_sum(const float* x, std::size_t n, double shift, double* e) {
  return HWY_DYNAMIC_DISPATCH(ExpAndSum32)(x, n, shift, e);
}
Extent extent_of(const float* x, std::size_t n) { return HWY_DYNAMIC_DISPATCH(ExtentOf)(x, n); }
Errors errors_of(double* e, const float* got, std::size_t n, double inverse_sum, const Grid& grid) {
  return HWY_DYNAMIC_DISPATCH(ErrorsOf)(e, got, n, inverse_sum, grid);
}
void sigmoids_of(const float* a, const float* b, std::size_t n, double* p) {
  HWY_DYNAMIC_DISPATCH(SigmoidsOf)(a, b, n, p);
}
void softplus_of(const float* a, std::size_t n, double* y) {
  HWY_DYNAMIC_DISPATCH(SoftplusOf)(a, n, y);
}
std::size_t rounded_of(double* e, std::size_t n, double inverse_sum, float* y) {
  return HWY_DYNAMIC_DISPATCH(RoundedOf)(e, n, inverse_sum, y);
}

}  // namespace softmark
#endif
