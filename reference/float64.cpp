// SPDX-License-Identifier: Apache-2.0
// u = 2^-53 throughout.
//
// Exp(x - m). TwoSum gives the difference exactly as d + l. With n = rint(d log2 e): r = d - n ln 2 + l.
//   n kLn2Hi is exact (42 bits and 11), and so is d - n kLn2Hi: for n != 0 both are multiples of 2^-54 and their difference is
//   below 1/2. l - n kLn2Lo is below 2^-33 and rounded within 2^-86; adding it rounds within 2^-55 = u/4, relative to
//   exp(r) >= 0.707 within 0.36 u. The two parts of ln 2 leave n 2^-102. |r| < 0.3467.
//   Taylor to r^13 leaves 0.3467^14/14! < 2^-57.7: 0.06 u.
//   Horner without FMA (with it less): the last sum errs by 1 u relative; the product before it by 2^-55 or, where |rP| > 1/4,
//   2^-54, relative 0.5 u; P by 1 u, of which 0.3467/0.707 arrives, and its product and all before by less than 0.3 u.
//   Sum below 2.8 u; kExpError is 4 u. Scaling by 2^n is exact: exp(-700) > 2^-1010.
//
// Sum of positive terms: in a block each of four accumulators takes at most eight vectors (7 additions: 7 u), two additions
//   join them (2 u), then TwoSum into (hi, lo). lo rounds once a block, u of a lo that is below blocks u hi: 2^-60 for 2^24
//   terms. What does not fill a vector is added the same way. The lanes are joined in double-double. Below 10 u; kSumError is 12 u.
//
// A softmax: p = e fl(1/S), S = S'(1 + 12u)(1 + 4u) rounded to double (1 u); the reciprocal 1 u, the product 1 u, e 4 u:
//   below 24 u < 2^-48 = 32 u, which is what errors_of takes for granted.
#include "reference/float64.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "reference/float64.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

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

  // rint by a large number: its last bits are n, whose low 11 bits are moved into the exponent below.
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
  const auto scaled = hn::BitCast(d, hn::Add(hn::BitCast(du, p), hn::ShiftLeft<52>(hn::BitCast(du, shifted))));
  return hn::IfThenElseZero(hn::Ge(difference, hn::Set(d, -700.0)), scaled);
}

/// Adds the lanes of a to those of (hi, lo) without error in hi.
HWY_INLINE void AddTo(V a, V& hi, V& lo) {
  const auto sum = hn::Add(hi, a), back = hn::Sub(sum, hi);
  lo = hn::Add(lo, hn::Add(hn::Sub(hi, hn::Sub(sum, back)), hn::Sub(a, back)));
  hi = sum;
}

template <class T>
DoubleDouble ExpAndSum(const T* HWY_RESTRICT x, std::size_t size, double shift, double* HWY_RESTRICT e) {
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
    for (std::size_t k = 0; k < lanes; ++k) buffer[k] = i + k < size ? static_cast<double>(x[i + k]) : -HUGE_VAL;
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
DoubleDouble ExpAndSum64(const double* x, std::size_t n, double shift, double* e) { return ExpAndSum(x, n, shift, e); }
DoubleDouble ExpAndSum32(const float* x, std::size_t n, double shift, double* e) { return ExpAndSum(x, n, shift, e); }

Extent ExtentOf(const float* x, std::size_t size) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto max = hn::Set(d, x[0]), min = max;
  auto wild = hn::Zero(d);  // becomes NaN with the first value that is not finite
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto v = hn::LoadU(d, x + i);
    max = hn::Max(max, v);
    min = hn::Min(min, v);
    wild = hn::MulAdd(v, hn::Zero(d), wild);
  }
  Extent extent{hn::GetLane(hn::MaxOfLanes(d, max)), hn::GetLane(hn::MinOfLanes(d, min)),
                hn::GetLane(hn::SumOfLanes(d, wild)) == 0};
  for (; i < size; ++i) {
    extent.max = x[i] > extent.max ? x[i] : extent.max;
    extent.min = x[i] < extent.min ? x[i] : extent.min;
    extent.finite = extent.finite && x[i] * 0 == 0;
  }
  return extent;
}

/// The ulp errors of got against p (in place of p), -1 where undecided.
HWY_INLINE V UlpErrors(V p, V got, std::size_t& correct, std::size_t& undecided) {
  const D d;
  const F f;
  const U du;
  p = hn::Min(p, hn::Set(d, 1 - 0x1p-53));  // p < 1 is known
  const auto low = hn::Mul(p, hn::Set(d, 1 - 0x1p-48));
  const auto high = hn::Min(hn::Mul(p, hn::Set(d, 1 + 0x1p-48)), hn::Set(d, 1 - 0x1p-53));
  const auto rounded = hn::PromoteTo(d, hn::DemoteTo(f, low));
  const auto binade = [&](V value) HWY_ATTR {  // 2^max(floor(log2 value), -126)
    return hn::Max(hn::BitCast(d, hn::And(hn::BitCast(du, value), hn::Set(du, 0x7ffull << 52))), hn::Set(d, 0x1p-126));
  };
  const auto power = binade(low);
  const auto open = hn::Or(hn::Ne(rounded, hn::PromoteTo(d, hn::DemoteTo(f, high))), hn::Ne(power, binade(high)));
  const auto scale = hn::BitCast(d, hn::Sub(hn::Set(du, 2069ull << 52), hn::BitCast(du, power)));  // 2^23 / power
  auto error = hn::Mul(hn::Abs(hn::Sub(got, p)), scale);
  error = hn::IfThenElse(hn::IsNaN(error), hn::Inf(d), error);
  correct += hn::CountTrue(d, hn::AndNot(open, hn::Eq(got, rounded)));
  undecided += hn::CountTrue(d, open);
  return hn::IfThenElse(open, hn::Set(d, -1.0), error);
}

Errors ErrorsOf(double* HWY_RESTRICT e, const float* HWY_RESTRICT got, std::size_t size, double inverse_sum) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto inverse = hn::Set(d, inverse_sum);
  auto sum = hn::Zero(d), max = hn::Zero(d);
  Errors errors{};
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto error = UlpErrors(hn::Mul(hn::LoadU(d, e + i), inverse), Load(got + i), errors.correct, errors.undecided);
    hn::StoreU(error, d, e + i);
    sum = hn::Add(sum, hn::Max(error, hn::Zero(d)));
    max = hn::Max(max, error);
  }
  errors.sum = hn::GetLane(hn::SumOfLanes(d, sum));
  errors.max = hn::GetLane(hn::MaxOfLanes(d, max));
  if (i < size) {
    HWY_ALIGN double p[HWY_MAX_BYTES / sizeof(double)];
    HWY_ALIGN double g[HWY_MAX_BYTES / sizeof(double)];
    for (std::size_t k = 0; k < lanes; ++k) p[k] = i + k < size ? e[i + k] : 0.75 / inverse_sum, g[k] = i + k < size ? got[i + k] : 2;
    const auto error = UlpErrors(hn::Mul(hn::Load(d, p), inverse), hn::Load(d, g), errors.correct, errors.undecided);
    hn::Store(error, d, p);
    for (std::size_t k = 0; i + k < size; ++k) {
      e[i + k] = p[k];
      errors.sum += p[k] > 0 ? p[k] : 0;
      errors.max = p[k] > errors.max ? p[k] : errors.max;
    }
  }
  return errors;
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

DoubleDouble exp_and_sum(const double* x, std::size_t n, double shift, double* e) {
  return HWY_DYNAMIC_DISPATCH(ExpAndSum64)(x, n, shift, e);
}
DoubleDouble exp_and_sum(const float* x, std::size_t n, double shift, double* e) {
  return HWY_DYNAMIC_DISPATCH(ExpAndSum32)(x, n, shift, e);
}
Extent extent_of(const float* x, std::size_t n) { return HWY_DYNAMIC_DISPATCH(ExtentOf)(x, n); }
Errors errors_of(double* e, const float* got, std::size_t n, double inverse_sum) {
  return HWY_DYNAMIC_DISPATCH(ErrorsOf)(e, got, n, inverse_sum);
}

}  // namespace softmark
#endif
