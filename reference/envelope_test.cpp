// SPDX-License-Identifier: Apache-2.0
// Correct float32 kernels of unusual make stay inside the generic envelope, on every family.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

#include "kernels/names.h"
#include "reference/reference.h"
#include "reference/test_rows.h"

namespace softmark {
namespace {

constexpr float kLog2E = 0x1.715476p+0f, kLn2 = 0x1.62e43p-1f;

float rounded_exp(float t) { return static_cast<float>(std::exp(static_cast<double>(t))); }
float rounded_log(float s) { return static_cast<float>(std::log(static_cast<double>(s))); }
float exp_by_base2(float t) {
  return static_cast<float>(std::exp2(static_cast<double>(t * kLog2E)));
}
float log_by_base2(float s) { return static_cast<float>(std::log2(static_cast<double>(s))) * kLn2; }

// 4 ulp off, up or down by the bits of the argument: as bad as a vector math library may be.
float off_by_four(float value, float argument) {
  if (value == 0 || value == 1) return value;
  std::uint32_t bits;
  std::memcpy(&bits, &argument, 4);
  const int steps = (bits * 2654435761u >> 20) % 2 ? 3 : -3;  // and half an ulp of rounding
  for (int i = 0; i < 3; ++i) value = std::nextafterf(value, steps > 0 ? HUGE_VALF : -HUGE_VALF);
  return value;
}
float rough_exp(float t) { return std::fmax(0.f, off_by_four(rounded_exp(t), t)); }
float rough_log(float s) { return off_by_four(rounded_log(s), s); }

struct Sums {
  float max = -HUGE_VALF, sum = 0;
};
using Exp = float (*)(float);

// A running maximum over every stride-th element.
Sums online(const std::vector<float>& x, std::size_t first, std::size_t last, std::size_t stride,
            Exp exp) {
  Sums s;
  for (std::size_t i = first; i < last; i += stride) {
    if (std::isinf(x[i])) continue;
    if (x[i] > s.max) {
      s.sum = std::isinf(s.max) ? 0 : s.sum * exp(s.max - x[i]);
      s.max = x[i];
    }
    s.sum += exp(x[i] - s.max);
  }
  return s;
}
Sums merged(const Sums& a, const Sums& b, Exp exp) {
  if (std::isinf(a.max)) return b;
  if (std::isinf(b.max)) return a;
  const float max = std::max(a.max, b.max);
  return {max, a.sum * exp(a.max - max) + b.sum * exp(b.max - max)};
}

float max_of(const std::vector<float>& x) { return *std::max_element(x.begin(), x.end()); }
std::vector<float> terms_of(const std::vector<float>& x, Exp exp) {
  std::vector<float> e;
  for (const float value : x) e.push_back(exp(value - max_of(x)));
  return e;
}

struct Kernel {
  const char* name;
  Exp exp = rounded_exp;
  float (*log)(float) = rounded_log;
  std::function<Sums(const std::vector<float>&, Exp)> sums;
  bool division_free = false;
};

Sums recursive(const std::vector<float>& x, Exp exp) {
  Sums s{max_of(x), 0};
  for (const float e : terms_of(x, exp)) s.sum += e;
  return s;
}
Sums sorted(const std::vector<float>& x, Exp exp) {
  auto e = terms_of(x, exp);
  std::sort(e.begin(), e.end());
  Sums s{max_of(x), 0};
  for (const float value : e) s.sum += value;
  return s;
}
Sums kahan(const std::vector<float>& x, Exp exp) {
  Sums s{max_of(x), 0};
  float lost = 0;
  for (const float e : terms_of(x, exp)) {
    const float y = e - lost, next = s.sum + y;
    lost = (next - s.sum) - y;
    s.sum = next;
  }
  return s;
}
Sums in_long_double(const std::vector<float>& x, Exp exp) {
  long double sum = 0;
  for (const float e : terms_of(x, exp)) sum += e;
  return {max_of(x), static_cast<float>(sum)};
}
Sums blocks(const std::vector<float>& x, Exp exp) {
  Sums s{max_of(x), 0};
  const auto e = terms_of(x, exp);
  for (std::size_t i = 0; i < e.size(); i += 16) {
    float block = 0;
    for (std::size_t k = i; k < std::min(i + 16, e.size()); ++k) block += e[k];
    s.sum += block;
  }
  return s;
}
Sums online_whole(const std::vector<float>& x, Exp exp) { return online(x, 0, x.size(), 1, exp); }
Sums online_backwards(const std::vector<float>& x, Exp exp) {
  return online_whole(std::vector<float>(x.rbegin(), x.rend()), exp);
}
Sums online_lanes(const std::vector<float>& x, Exp exp) {
  std::vector<Sums> lanes;
  for (std::size_t lane = 0; lane < 16; ++lane) lanes.push_back(online(x, lane, x.size(), 16, exp));
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) lanes[i] = merged(lanes[i], lanes[i + half], exp);
  return lanes[0];
}
Sums online_blocks(const std::vector<float>& x, Exp exp) {
  Sums s;
  for (std::size_t i = 0; i < x.size(); i += 32)
    s = merged(s, online(x, i, std::min(i + 32, x.size()), 1, exp), exp);
  return s;
}

const Kernel kKernels[] = {
    {"recursive", rounded_exp, rounded_log, recursive, false},
    {"sorted", rounded_exp, rounded_log, sorted, false},
    {"kahan", rounded_exp, rounded_log, kahan, false},
    {"long double", rounded_exp, rounded_log, in_long_double, false},
    {"blocks", rounded_exp, rounded_log, blocks, false},
    {"base 2", exp_by_base2, log_by_base2, recursive, false},
    {"base 2, division-free", exp_by_base2, log_by_base2, blocks, true},
    {"division-free", rounded_exp, rounded_log, recursive, true},
    {"4-ulp exp", rough_exp, rough_log, recursive, false},
    {"4-ulp exp, division-free", rough_exp, rough_log, recursive, true},
    {"online", rounded_exp, rounded_log, online_whole, false},
    {"online backwards", rounded_exp, rounded_log, online_backwards, false},
    {"online lanes", rough_exp, rough_log, online_lanes, false},
    {"online blocks", exp_by_base2, log_by_base2, online_blocks, false},
    {"online 4-ulp exp, division-free", rough_exp, rough_log, online_whole, true},
};

std::vector<double> run(const Kernel& kernel, const Problem& problem) {
  const std::vector<float> x(problem.x.begin(), problem.x.end());
  const Sums s = kernel.sums(x, kernel.exp);
  const float log_sum = kernel.log(s.sum), inverse = 1 / s.sum;
  std::vector<double> y;
  if (problem.op == SOFTMARK_LOGSUMEXP) return {round_to(problem.dtype, s.max + log_sum)};
  for (const float value : x) {
    const float t = value - s.max;
    float result = kernel.division_free ? kernel.exp(t - log_sum) : kernel.exp(t) * inverse;
    if (problem.op == SOFTMARK_LOG_SOFTMAX) result = t - log_sum;
    y.push_back(round_to(problem.dtype, result));
  }
  return y;
}

TEST(Envelope, HoldsCorrectKernelsOfUnusualMake) {
  for (const softmark_op op : {SOFTMARK_SOFTMAX, SOFTMARK_LOG_SOFTMAX, SOFTMARK_LOGSUMEXP})
    for (const softmark_dtype dtype : {SOFTMARK_F32, SOFTMARK_BF16, SOFTMARK_F16})
      for (const auto family : test::kFamilies)
        for (const std::size_t n : {2u, 3u, 5u, 8u, 17u, 33u, 64u, 200u, 1500u}) {
          test::Random random(n + 5);
          const auto x = test::row_of(family, dtype, n, random);
          if (std::count_if(x.begin(), x.end(), [](double v) { return std::isfinite(v); }) < 2)
            continue;
          const Problem problem{op, dtype, x, {}};
          const auto exact = exact_row(problem);
          const auto bounds = error_bounds(problem, exact);
          for (const Kernel& kernel : kKernels) {
            const auto got = run(kernel, problem);
            for (std::size_t i = 0; i < got.size(); ++i) {
              ASSERT_TRUE(is_within(exact[i], bounds[i], got[i], dtype))
                  << kernel.name << " " << name(op) << " " << name(dtype) << " " << family
                  << " n=" << n << " output " << i << " x=" << x[i] << " got " << got[i];
            }
          }
        }
}

}  // namespace
}  // namespace softmark
