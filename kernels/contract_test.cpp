// SPDX-License-Identifier: Apache-2.0
// The contract in C++20: the same values and layout as in C99 (contract_test.c).
#include <gtest/gtest.h>

#include <type_traits>

#include "kernels/softmark.h"

extern "C" std::size_t softmark_c99_sizes(std::size_t* args_size);

namespace {

static_assert(SOFTMARK_ABI_VERSION == 1u);
static_assert(SOFTMARK_F16 == 0 && SOFTMARK_BF16 == 1 && SOFTMARK_F32 == 2 && SOFTMARK_F64 == 3);
static_assert(SOFTMARK_F8_E4M3 == 4 && SOFTMARK_F8_E5M2 == 5);
static_assert(SOFTMARK_SOFTMAX == 0 && SOFTMARK_LOG_SOFTMAX == 1 && SOFTMARK_LOGSUMEXP == 2);
static_assert(SOFTMARK_SOFTMAX_VJP == 3 && SOFTMARK_LOG_SOFTMAX_VJP == 4 &&
              SOFTMARK_SOFTMAX_JACOBIAN == 5);
static_assert(SOFTMARK_SIGMOID == 6 && SOFTMARK_SIGMOID_VJP == 7);
static_assert(SOFTMARK_CROSS_ENTROPY == 8 && SOFTMARK_CROSS_ENTROPY_VJP == 9 &&
              SOFTMARK_HARDMAX == 10);
static_assert(SOFTMARK_IN_PLACE == 1 && SOFTMARK_THREADED == 2 && SOFTMARK_REPRODUCIBLE == 4);
static_assert(SOFTMARK_CORRECTLY_ROUNDED == 8 && SOFTMARK_SATURATES == 16);
static_assert(SOFTMARK_MASKED_NAN == 0 && SOFTMARK_MASKED_ZERO == 1 &&
              SOFTMARK_MASKED_UNIFORM == 2);
static_assert(std::is_standard_layout_v<softmark_args> && std::is_trivial_v<softmark_args>);
static_assert(std::is_standard_layout_v<softmark_kernel> && std::is_trivial_v<softmark_kernel>);
static_assert(std::is_same_v<decltype(softmark_kernel::claims), std::uint32_t>);

TEST(Contract, HasTheSameLayoutInC99AndCpp20) {
  std::size_t args_size = 0;
  EXPECT_EQ(softmark_c99_sizes(&args_size), sizeof(softmark_kernel));
  EXPECT_EQ(args_size, sizeof(softmark_args));
}

}  // namespace
