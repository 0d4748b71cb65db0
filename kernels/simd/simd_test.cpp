// SPDX-License-Identifier: Apache-2.0
// The simd kernels on every instruction set that was compiled and that this machine supports.
#include <gtest/gtest.h>

#include "hwy/targets.h"
#include "kernels/builtins.h"
#include "kernels/call_for_test.h"
#include "kernels/registry.h"
#include "kernels/simd/rows.h"
#include "support/random.h"

namespace softmark {
namespace {

void use_target(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Runs `check` once for each target, by name, then restores the best one.
template <class F>
void for_each_target(F check) {
  use_target(0);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    use_target(target);
    SCOPED_TRACE(hwy::TargetName(target));
    ASSERT_EQ(simd::isa(), hwy::TargetName(target));
    check();
  }
  use_target(0);
}

/// Calls `check` on every kernel of folder simd that `wanted` selects, on every target.
template <class Wanted, class Check>
void for_each_simd_kernel(Wanted wanted, Check check) {
  std::vector<const softmark_kernel*> kernels;
  for (const softmark_kernel* kernel : builtin_kernels())
    if (builtin_folder(*kernel) == "simd" && wanted(*kernel)) kernels.push_back(kernel);
  ASSERT_FALSE(kernels.empty());
  for_each_target([&] {
    for (const softmark_kernel* kernel : kernels) {
      SCOPED_TRACE(std::string(kernel->name).append("/").append(name(kernel->op)));
      check(*kernel);
    }
  });
}

/// Kernels of one op with elements of type T.
template <class T>
auto of(softmark_op op) {
  return [op](const softmark_kernel& kernel) {
    return kernel.op == op && kernel.dtype == (sizeof(T) == 4 ? SOFTMARK_F32 : SOFTMARK_F64);
  };
}

/// Kernels of rows of logits alone, with elements of type T, that promise a largest error.
template <class T>
bool promises(const softmark_kernel& kernel) {
  const OpShape shape = shape_of(kernel.op);
  return of<T>(kernel.op)(kernel) && std::isfinite(kernel.max_ulp) && !shape.takes_g &&
         !shape.takes_g_row && !shape.takes_labels;
}

template <class T>
double ulp_error(T got, long double want) {
  const int lowest = std::numeric_limits<T>::min_exponent - 1;
  const int exponent = std::max(want == 0 ? lowest : std::ilogb(want), lowest);
  return static_cast<double>(std::abs(got - want) /
                             std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1));
}

/// The worst error of a kernel in ulps over rows of one family.
template <class T, class F>
double worst_of(const softmark_kernel& kernel, F logit) {
  Rng random(3);
  double worst = 0;
  for (const std::size_t cols :
       {1u, 2u, 3u, 8u, 15u, 16u, 17u, 31u, 47u, 64u, 65u, 127u, 130u, 1000u, 4099u})
    for (int repeat = 0; repeat < 8; ++repeat) {
      test::Call<T> call;
      call.cols = cols;
      for (std::size_t c = 0; c < cols; ++c) call.x.push_back(static_cast<T>(logit(random)));
      const auto got = call.run(kernel);
      const auto want =
          test::formula<long double>(kernel.op, {call.x.begin(), call.x.end()}, {}, 0);
      for (std::size_t i = 0; i < want.size(); ++i) {
        const double error = ulp_error(got[i], want[i]);
        if (!(error <= worst)) worst = error;
      }
    }
  return worst;
}

template <class T>
void check_promise(const softmark_kernel& kernel) {
  const double deepest = sizeof(T) == 4 ? 104 : 745;
  const auto expect = [&](const char* family, auto logit) {
    EXPECT_FALSE(!(worst_of<T>(kernel, logit) <= kernel.max_ulp))
        << family << ": " << worst_of<T>(kernel, logit);
  };
  expect("standard normal", [](Rng& random) { return random.normal(); });
  expect("wide", [](Rng& random) { return 6 * random.normal(); });
  expect("offset", [](Rng& random) { return 1000 + 10 * random.normal(); });
  expect("far below zero", [](Rng& random) { return -3000 + 5 * random.normal(); });
  expect("down to the subnormals", [&](Rng& random) { return -deepest * random.uniform(); });
  expect("tiny", [](Rng& random) { return 1e-6 * random.normal(); });
  expect("a peak and a flat tail",
         [](Rng& random) { return random.uniform() < 0.01 ? 0 : -17.3287; });
}

TEST(Simd, KeepsItsPromiseOnEveryInstructionSet) {
  for_each_simd_kernel(promises<float>, check_promise<float>);
  for_each_simd_kernel(promises<double>, check_promise<double>);
}

TEST(Simd, DropsWhatItMustAndNothingElseOnEveryInstructionSet) {
  for_each_simd_kernel(of<float>(SOFTMARK_SOFTMAX), [](const softmark_kernel& kernel) {
    const float inf = test::kInf<float>, nan = test::kNan<float>,
                huge = std::numeric_limits<float>::max();
    for (const std::size_t cols : {2u, 5u, 16u, 19u, 64u, 100u})
      for (std::size_t at = 0; at < cols; ++at) {
        test::Call<float> call;
        call.cols = cols;
        for (const float below : {-inf, -huge, -105.0f}) {
          call.x.assign(cols, below);
          call.x[at] = 0;
          const auto y = call.run(kernel);
          for (std::size_t c = 0; c < cols; ++c)
            ASSERT_EQ(y[c], c == at ? 1 : 0) << cols << " " << at << " " << c;
        }
        for (const float poison : {nan, inf}) {
          call.x.assign(cols, 1);
          call.x[at] = poison;
          for (const float v : call.run(kernel)) ASSERT_TRUE(std::isnan(v)) << cols << " " << at;
        }
      }
  });
}

/// Rows whose levels lie too far apart, or too far from 0, for one shift per group, among rows
/// whose levels do not.
template <class T>
void check_company(const softmark_kernel& kernel) {
  const double far = sizeof(T) == 4 ? 256 : 2048;
  const double levels[] = {0,       1,       -5,       20,       -20, 24,       far - 1,
                           far + 1, 1 - far, -far - 1, 30 - far, 0,   -far / 2, far / 2};
  Rng random(5);
  for (std::size_t cols = 1; cols <= 70; ++cols) {
    test::Call<T> all;
    all.rows = 61;
    all.cols = cols;
    for (std::size_t r = 0; r < all.rows; ++r) {
      const double level = levels[random() % std::size(levels)], width = random() % 2 ? 1 : 25;
      for (std::size_t c = 0; c < cols; ++c)
        all.x.push_back(static_cast<T>(level + width * random.normal()));
      if (random() % 8 == 0) all.x.back() = -test::kInf<T>;
      if (random() % 64 == 0) all.x.back() = test::kInf<T>;
    }
    const auto together = all.run(kernel);
    for (std::size_t r = 0; r < all.rows; ++r) {
      test::Call<T> one;
      one.cols = cols;
      one.x.assign(&all.x[r * cols], &all.x[r * cols] + cols);
      const auto alone = one.run(kernel);
      const bool is_nan = std::isnan(alone[0]);  // whose bits are the compiler's choice
      for (std::size_t c = 0; is_nan && c < cols; ++c)
        ASSERT_TRUE(std::isnan(alone[c]) && std::isnan(together[r * cols + c])) << cols;
      ASSERT_TRUE(is_nan || std::memcmp(alone.data(), &together[r * cols], cols * sizeof(T)) == 0)
          << cols << " columns, row " << r;
    }
  }
}

TEST(Simd, GivesARowTheSameBitsInAnyCompanyOnEveryInstructionSet) {
  for_each_simd_kernel(of<float>(SOFTMARK_SOFTMAX), check_company<float>);
  for_each_simd_kernel(of<double>(SOFTMARK_SOFTMAX), check_company<double>);
}

/// Against the formula, in unit roundoffs of the terms that are added: |x - max| and log sum, or
/// |max| and log sum.
template <class T>
void check_logarithms(const softmark_kernel& kernel) {
  const softmark_op op = kernel.op;
  Rng random(6);
  for (std::size_t cols = 1; cols <= 300; ++cols) {
    test::Call<T> call;
    call.cols = cols;
    for (std::size_t c = 0; c < cols; ++c) call.x.push_back(static_cast<T>(100 * random.normal()));
    if (cols % 3 == 0) call.x.back() = call.x.front();
    const auto got = call.run(kernel);
    const std::vector<long double> x(call.x.begin(), call.x.end());
    const auto want = test::formula<long double>(op, x, {}, 0);
    const long double max = *std::max_element(x.begin(), x.end()),
                      log_sum = test::logsumexp(x) - max;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const long double terms = (op == SOFTMARK_LOGSUMEXP ? std::abs(max) : max - x[i]) + log_sum;
      const long double error =
          std::abs(got[i] - want[i]) / (std::numeric_limits<T>::epsilon() / 2);
      ASSERT_FALSE(!(error <= 4 * terms + 8)) << cols << " columns at " << i << ": " << got[i];
    }
  }
}

TEST(Simd, TakesLogarithmsOnEveryInstructionSet) {
  for (const auto op : {SOFTMARK_LOG_SOFTMAX, SOFTMARK_LOGSUMEXP}) {
    for_each_simd_kernel(of<float>(op), check_logarithms<float>);
    for_each_simd_kernel(of<double>(op), check_logarithms<double>);
  }
}

TEST(Simd, KeepsATinyLogarithmOfTheLargestLogit) {
  for_each_simd_kernel(of<double>(SOFTMARK_LOG_SOFTMAX), [](const softmark_kernel& kernel) {
    test::Call<double> call;
    call.cols = 2;
    call.x = {60, 0};
    const double want = -std::exp(-60.0);  // -log1p(exp(-60))
    EXPECT_FALSE(!(std::abs(call.run(kernel)[0] - want) <=
                   4 * std::numeric_limits<double>::epsilon() * -want));
  });
}

/// The value of a 16-bit pattern with `digits` bits of precision.
double value_of(std::uint16_t bits, int digits) {
  const int fraction_bits = digits - 1, exponent_bits = 15 - fraction_bits,
            bias = (1 << (exponent_bits - 1)) - 1;
  const int fraction = bits & ((1 << fraction_bits) - 1),
            exponent = (bits & 0x7fff) >> fraction_bits;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1)
    return fraction ? test::kNan<double> : sign * test::kInf<double>;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

double ulp_error_16(double got, long double want, int digits) {
  const int exponent_bits = 16 - digits, lowest = 2 - (1 << (exponent_bits - 1));
  const int exponent = std::max(want == 0 ? lowest : std::ilogb(want), lowest);
  return static_cast<double>(std::abs(got - want) / std::ldexp(1.0L, exponent - digits + 1));
}

void check_16_bits(const softmark_kernel& kernel, int digits, std::size_t cols,
                   const std::vector<std::uint16_t>& x) {
  test::Call<std::uint16_t> call;
  call.rows = x.size() / cols;
  call.cols = cols;
  call.x = x;
  const auto got = call.run(kernel);
  for (std::size_t r = 0; r < call.rows; ++r) {
    std::vector<long double> row;
    for (std::size_t c = 0; c < cols; ++c) row.push_back(value_of(x[r * cols + c], digits));
    const bool is_nan = std::any_of(
        row.begin(), row.end(), [](auto v) { return std::isnan(v) || v == test::kInf<double>; });
    const auto want = test::formula<long double>(SOFTMARK_SOFTMAX, row, {}, 0);
    for (std::size_t c = 0; c < cols; ++c) {
      const double y = value_of(got[r * cols + c], digits);
      if (is_nan)
        ASSERT_TRUE(std::isnan(y)) << row[0];
      else
        ASSERT_FALSE(!(ulp_error_16(y, want[c], digits) <= kernel.max_ulp))
            << row[0] << " at " << c << ": " << y;
    }
  }
}

void check_16_bit_softmax(const softmark_kernel& kernel) {
  const bool is_f16 = kernel.dtype == SOFTMARK_F16;
  const int digits = is_f16 ? 11 : 8;
  std::vector<std::uint16_t> pairs;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    pairs.push_back(static_cast<std::uint16_t>(bits));
    pairs.push_back(0);
  }
  check_16_bits(kernel, digits, 2, pairs);
  Rng random(4);
  for (const std::size_t cols : {1u, 7u, 33u, 1000u, 4096u, 4097u, 9000u}) {
    std::vector<std::uint16_t> x(3 * cols);
    const std::uint16_t one = is_f16 ? 0x3c00 : 0x3f80;  // about +-[0.5, 4)
    for (auto& v : x)
      v = static_cast<std::uint16_t>((one - 0x80 + random() % 0x180) | (random() % 2) << 15);
    check_16_bits(kernel, digits, cols, x);
  }
}

TEST(Simd, RoundsEvery16BitSigmoidAndLongRowsOnEveryInstructionSet) {
  for (const softmark_dtype dtype : {SOFTMARK_F16, SOFTMARK_BF16})
    for_each_simd_kernel(
        [&](const softmark_kernel& kernel) {
          return kernel.op == SOFTMARK_SOFTMAX && kernel.dtype == dtype;
        },
        check_16_bit_softmax);
}

// 65519.9986 rounds to the midpoint 65520 in f32, and from there to infinity; 65520.0034 is beyond.
TEST(Simd, TellsTheLargestFloat16FromInfinityOnEveryInstructionSet) {
  for_each_simd_kernel(
      [](const softmark_kernel& kernel) {
        return kernel.op == SOFTMARK_LOG_SOFTMAX && kernel.dtype == SOFTMARK_F16;
      },
      [](const softmark_kernel& kernel) {
        test::Call<std::uint16_t> call;
        call.cols = 3;
        call.x = {0xfbff, 0x4bc5, 0x4b80};  // -65504, 15.5390625, 15
        EXPECT_EQ(call.run(kernel)[0], 0xfbff);
        call.x[1] = 0x4bc6;  // 15.546875
        EXPECT_EQ(call.run(kernel)[0], 0xfc00);
      });
}

}  // namespace
}  // namespace softmark
