// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/library.h"

#include <gtest/gtest.h>

#include "kernels/registry.h"

namespace softmark {
namespace {

TEST(Library, FindsEachBuiltIn) {
  ASSERT_GT(builtin_kernels().size(), 50u);
  for (const softmark_kernel* kernel : builtin_kernels())
    EXPECT_EQ(softmark_find(kernel->name, kernel->op, kernel->dtype), kernel) << kernel->name;
}

TEST(Library, FindsNothingElse) {
  EXPECT_EQ(softmark_find("", SOFTMARK_SOFTMAX, SOFTMARK_F32), nullptr);
  EXPECT_EQ(softmark_find("simd ", SOFTMARK_SOFTMAX, SOFTMARK_F32), nullptr);
  EXPECT_EQ(softmark_find("naive", SOFTMARK_HARDMAX, SOFTMARK_F32), nullptr);
}

TEST(Library, WhatItFindsRuns) {
  const softmark_kernel* kernel = softmark_find("simd", SOFTMARK_SOFTMAX, SOFTMARK_F32);
  ASSERT_TRUE(kernel);
  const float x[] = {0, 0, 1000, -1000};
  float y[4];
  softmark_args args = {2, 2, x, nullptr, nullptr, y, 2, 0, 2, 1};
  ASSERT_EQ(kernel->run(&args), 0);
  EXPECT_EQ(y[0], 0.5f);
  EXPECT_EQ(y[1], 0.5f);
  EXPECT_EQ(y[2], 1.0f);
  EXPECT_EQ(y[3], 0.0f);
}

}  // namespace
}  // namespace softmark
