// SPDX-License-Identifier: Apache-2.0
// The error bounds of unknown kernels on our own scalar ones: never exceeded, and nearly reached.
#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

#include "kernels/builtins.h"
#include "kernels/call_for_test.h"
#include "kernels/names.h"
#include "kernels/registry.h"
#include "properties/engine/property.h"

namespace softmark {
namespace {

/// The plain loops in the type itself. `naive` is no evaluation that the bound covers, and a
/// hardmax makes no error.
bool is_scalar(const softmark_kernel& kernel) {
  return builtin_folder(kernel) == "portable" && std::string_view(kernel.name) != "naive" &&
         kernel.op != SOFTMARK_HARDMAX && bytes_of(kernel.dtype) >= sizeof(float);
}

template <class T>
void expect_reached(const softmark_kernel& kernel) {
  double most = 0;
  Rng rng(1);
  for (const Family family : finite_families())
    for (int pass = 0; pass < 24; ++pass) {
      constexpr std::size_t kShort[] = {2, 3, 17, 64};
      const std::size_t n = pass > 0                                 ? kShort[pass % 4]
                            : kernel.op == SOFTMARK_SOFTMAX_JACOBIAN ? 300
                                                                     : 1000;
      const Case c = make_case(kernel.op, kernel.dtype, family, 1, n, rng);
      const Problem problem = problem_of(kernel.op, kernel.dtype, c, 0, kernel.masked_row);
      test::Call<T> call;
      call.cols = n;
      call.x.assign(c.x.begin(), c.x.end());
      call.g.assign(c.g.begin(), c.g.end());
      call.labels = {problem.label};
      const auto got = call.run(kernel);
      const auto exact = exact_row(problem);
      const auto bound = error_bounds(problem, exact);
      ASSERT_EQ(got.size(), exact.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        ASSERT_TRUE(is_within(exact[i], bound[i], got[i], kernel.dtype))
            << info(family).name << " of " << n << ", output " << i;
        if (bound[i].error > 0 && std::isfinite(got[i]))
          most = std::max(most, share_of_bound(exact[i], bound[i], got[i], kernel.dtype));
      }
    }
  EXPECT_GE(most, 0.3) << "a loose bound detects nothing";
}

TEST(Bounds, OfOurScalarKernelsAreNeverExceededAndNearlyReached) {
  std::size_t tried = 0;
  for (const softmark_kernel* kernel : builtin_kernels()) {
    if (!is_scalar(*kernel)) continue;
    SCOPED_TRACE(std::string(kernel->name) + "/" + std::string(name(kernel->op)) + "/" +
                 std::string(name(kernel->dtype)));
    ASSERT_TRUE(kernel->dtype == SOFTMARK_F32 || kernel->dtype == SOFTMARK_F64);
    kernel->dtype == SOFTMARK_F32 ? expect_reached<float>(*kernel)
                                  : expect_reached<double>(*kernel);
    ++tried;
  }
  EXPECT_GE(tried, 20u);
}

}  // namespace
}  // namespace softmark
