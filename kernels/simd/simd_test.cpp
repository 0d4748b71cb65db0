// SPDX-License-Identifier: Apache-2.0
// The simd kernels on every instruction set that was compiled and that this machine has.
#include <gtest/gtest.h>

#include <random>

#include "hwy/targets.h"
#include "kernels/call_for_test.h"
#include "kernels/registry.h"
#include "kernels/simd/rows.h"

namespace softmark {
namespace {

void use_target(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Runs `check` once for each target, by name, and goes back to the best one.
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

const softmark_kernel& find(std::string_view wanted, softmark_op op, softmark_dtype dtype) {
  for (const softmark_kernel* kernel : builtin_kernels())
    if (kernel->name == wanted && kernel->op == op && kernel->dtype == dtype) return *kernel;
  throw std::logic_error("no such kernel");
}

template <class T>
double ulp_error(T got, long double want) {
  const int lowest = std::numeric_limits<T>::min_exponent - 1;
  const int exponent = std::max(want == 0 ? lowest : std::ilogb(want), lowest);
  return static_cast<double>(std::abs(got - want) / std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1));
}

/// The worst error of a kernel in ulps over rows of one family.
template <class T, class F>
double worst_of(const softmark_kernel& kernel, F logit) {
  std::mt19937_64 random(3);
  double worst = 0;
  for (const std::size_t cols : {1u, 2u, 3u, 8u, 15u, 16u, 17u, 31u, 47u, 64u, 65u, 127u, 130u, 1000u, 4099u})
    for (int repeat = 0; repeat < 8; ++repeat) {
      test::Call<T> call;
      call.cols = cols;
      for (std::size_t c = 0; c < cols; ++c) call.x.push_back(static_cast<T>(logit(random)));
      const auto got = call.run(kernel);
      const auto want = test::formula(kernel.op, {call.x.begin(), call.x.end()}, {}, 0);
      for (std::size_t c = 0; c < cols; ++c) {
        const double error = ulp_error(got[c], want[c]);
        if (!(error <= worst)) worst = error;
      }
    }
  return worst;
}

template <class T>
void check_promise(const softmark_kernel& kernel) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const double deepest = sizeof(T) == 4 ? 104 : 745;
  const auto expect = [&](const char* family, auto logit) {
    EXPECT_FALSE(!(worst_of<T>(kernel, logit) <= kernel.max_ulp)) << family << ": " << worst_of<T>(kernel, logit);
  };
  expect("standard normal", [&](auto& random) { return normal(random); });
  expect("wide", [&](auto& random) { return 6 * normal(random); });
  expect("offset", [&](auto& random) { return 1000 + 10 * normal(random); });
  expect("far below zero", [&](auto& random) { return -3000 + 5 * normal(random); });
  expect("down to the subnormals", [&](auto& random) { return -deepest * uniform(random); });
  expect("tiny", [&](auto& random) { return 1e-6 * normal(random); });
  expect("a peak and a flat tail", [&](auto& random) { return uniform(random) < 0.01 ? 0 : -17.3287; });
}

TEST(Simd, KeepsItsPromiseOnEveryInstructionSet) {
  for_each_target([] {
    check_promise<float>(find("simd", SOFTMARK_SOFTMAX, SOFTMARK_F32));
    check_promise<double>(find("simd", SOFTMARK_SOFTMAX, SOFTMARK_F64));
  });
}

TEST(Simd, DropsWhatItMustAndNothingElseOnEveryInstructionSet) {
  for_each_target([] {
    const auto& kernel = find("simd", SOFTMARK_SOFTMAX, SOFTMARK_F32);
    const float inf = test::kInf<float>, nan = test::kNan<float>, huge = std::numeric_limits<float>::max();
    for (const std::size_t cols : {2u, 5u, 16u, 19u, 64u, 100u})
      for (std::size_t at = 0; at < cols; ++at) {
        test::Call<float> call;
        call.cols = cols;
        for (const float below : {-inf, -huge, -105.0f}) {
          call.x.assign(cols, below);
          call.x[at] = 0;
          const auto y = call.run(kernel);
          for (std::size_t c = 0; c < cols; ++c) ASSERT_EQ(y[c], c == at ? 1 : 0) << cols << " " << at << " " << c;
        }
        for (const float poison : {nan, inf}) {
          call.x.assign(cols, 1);
          call.x[at] = poison;
          for (const float v : call.run(kernel)) ASSERT_TRUE(std::isnan(v)) << cols << " " << at;
        }
      }
  });
}

}  // namespace
}  // namespace softmark
