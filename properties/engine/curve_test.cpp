// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/property.h"

namespace softmark {
namespace {

Kernel kernel_of(softmark_op op, softmark_dtype dtype) {
  Kernel kernel;
  kernel.op = op;
  kernel.dtype = dtype;
  return kernel;
}

/// Correctly rounded results, but where `wrong` holds of x: there `instead`.
SearchRunner runner(const Kernel& kernel, bool (*wrong)(double), double instead) {
  return [=](const Case& c) -> std::optional<std::vector<double>> {
    std::vector<double> y;
    for (std::size_t r = 0; r < c.rows; ++r) {
      const auto exact = exact_row(problem_of(kernel.op, kernel.dtype, c, r));
      for (std::size_t j = 0; j < c.cols; ++j)
        y.push_back(wrong(c.x[r * c.cols + j]) ? instead : exact[j].rounded);
    }
    return y;
  };
}

TEST(Curve, FloatsAreInOrderAndReachBothEnds) {
  for (const softmark_dtype dtype : kAllDtypes) {
    const auto floats = curve_floats(dtype, 8);
    ASSERT_EQ(floats.size(), kCurveParts * 8);
    EXPECT_EQ(floats.front(), -largest_finite(dtype));
    EXPECT_EQ(floats.back(), largest_finite(dtype));
    EXPECT_TRUE(std::is_sorted(floats.begin(), floats.end()));
    for (double value : floats) EXPECT_EQ(round_to(dtype, value), value);
    EXPECT_NE(std::count(floats.begin(), floats.end(), 0.0), 0);
  }
}

TEST(Curve, ShowsWhereAKernelIsWrong) {
  for (const softmark_op op : {SOFTMARK_SIGMOID, SOFTMARK_SOFTMAX}) {
    const Kernel kernel = kernel_of(op, SOFTMARK_F32);
    const Json curve =
        error_curve(kernel, Effort::quick,
                    runner(
                        kernel, [](double x) { return x >= 1 && x < 4; }, std::nan("")));
    ASSERT_EQ(curve["ulp"].size(), kCurveParts);
    ASSERT_EQ(curve["samples"], 32);
    const auto floats = curve_floats(SOFTMARK_F32, 32);
    for (std::size_t part = 0; part < kCurveParts; ++part) {
      bool touched = false;
      for (std::size_t i = part * 32; i < part * 32 + 32; ++i)
        touched = touched || (floats[i] >= 1 && floats[i] < 4);
      if (touched)
        EXPECT_EQ(curve["ulp"][part], "inf") << part;
      else
        EXPECT_LE(curve["ulp"][part].get<double>(), 0.5) << part;
    }
    EXPECT_GE(std::count(curve["ulp"].begin(), curve["ulp"].end(), Json("inf")), 1);
  }
}

TEST(Curve, IsOfFunctionsOfOneNumberAlone) {
  const auto nothing_wrong = [](double) { return false; };
  const Kernel other = kernel_of(SOFTMARK_LOGSUMEXP, SOFTMARK_F32);
  EXPECT_TRUE(error_curve(other, Effort::quick, runner(other, nothing_wrong, 0)).is_null());
  const Kernel kernel = kernel_of(SOFTMARK_SIGMOID, SOFTMARK_F32);
  EXPECT_TRUE(error_curve(kernel, Effort::quick, [](const Case&) {
                return std::optional<std::vector<double>>();
              }).is_null());
}

}  // namespace
}  // namespace softmark
