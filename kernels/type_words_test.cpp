// SPDX-License-Identifier: Apache-2.0
#include "kernels/type_words.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace softmark {
namespace {

TEST(TypeWords, UsualSpellingsMeanOneType) {
  const std::pair<const char*, const char*> kMeant[] = {{"float32", "f32"},
                                                        {"float", "f32"},
                                                        {"F32", "f32"},
                                                        {"fp32", "f32"},
                                                        {"single", "f32"},
                                                        {"torch.float32", "f32"},
                                                        {"float64", "f64"},
                                                        {"double", "f64"},
                                                        {"numpy.float64", "f64"},
                                                        {"half", "f16"},
                                                        {"fp16", "f16"},
                                                        {"float16", "f16"},
                                                        {"bfloat16", "bf16"},
                                                        {"BFloat16", "bf16"},
                                                        {"bfloat", "bf16"},
                                                        {"bfp16", "bf16"},
                                                        {"fp8_e4m3", "f8_e4m3"},
                                                        {"float8_e5m2", "f8_e5m2"},
                                                        {"f8e4m3", "f8_e4m3"},
                                                        {"e5m2", "f8_e5m2"},
                                                        {"torch.float8_e4m3fn", "f8_e4m3"},
                                                        {"fp8", "f8_e4m3, f8_e5m2"}};
  for (const auto& [word, type] : kMeant) EXPECT_EQ(nearest_dtypes(word), type) << word;
}

TEST(TypeWords, OtherWordsNameTheNearest) {
  EXPECT_EQ(nearest_dtypes("f23"), "f32");
  EXPECT_EQ(nearest_dtypes("b16f"), "bf16");
  EXPECT_EQ(nearest_dtypes("f31").substr(0, 4), "f32,");
  EXPECT_EQ(nearest_dtypes("int64").substr(0, 4), "f64,");
  EXPECT_NE(nearest_dtypes(""), "");
  EXPECT_NE(nearest_dtypes(std::string(1 << 20, 'x')), "");
}

}  // namespace
}  // namespace softmark
