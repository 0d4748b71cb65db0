// SPDX-License-Identifier: Apache-2.0
#include "reports/choose.h"

#include <gtest/gtest.h>

#include "reports/sample.h"
#include "support/test_support.h"

namespace softmark {
namespace {

ChooseRequest at(long long rows, long long cols, long long threads = 1) {
  ChooseRequest request;
  request.rows = rows;
  request.cols = cols;
  request.threads = threads;
  return request;
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Choose, TheFastestRightKernelAtTheNearestShape) {
  const Choice choice = choose(sample_document(), at(60, 4000));
  EXPECT_EQ(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(has(choice.text, "attention_4k (64x4096)")) << choice.text;
  EXPECT_TRUE(has(choice.text, "wrong, as expected: overflow_safety")) << choice.text;
  EXPECT_TRUE(has(choice.text, "1.02 x the time: AMBIGUOUS, cannot be distinguished"))
      << choice.text;
  EXPECT_TRUE(has(choice.text, "1.62 x the time")) << choice.text;
}

TEST(Choose, ThreadsAreALimitThatAKernelNeedNotUse) {
  const Choice choice = choose(sample_document(), at(64, 4096, 2));
  EXPECT_EQ(choice.kernel, "openmp/softmax/f32");
  EXPECT_TRUE(has(choice.text, "simd/softmax/f32")) << choice.text;  // competes with its one thread
}

TEST(Choose, NeverAWrongKernelHoweverFast) {
  Json document = sample_document();
  for (Json& row : document["measurements"])
    if (row["kernel"] == "naive/softmax/f32") row["ns_per_element"]["median"] = 1e-6;
  EXPECT_EQ(choose(document, at(64, 4096)).kernel, "simd/softmax/f32");
}

TEST(Choose, ByGrade) {
  ChooseRequest request = at(64, 4096, 2);
  request.grade = Grade::wide;
  const Choice choice = choose(sample_document(), request);
  EXPECT_EQ(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(has(choice.text, "its grade is sequential, not wide or better")) << choice.text;
  request.grade = Grade::one_ulp;
  EXPECT_EQ(choose(sample_document(), request).kernel, "");
}

TEST(Choose, LimitsOnErrorAndReproducibility) {
  ChooseRequest request = at(64, 4096, 2);
  request.reproducible = true;
  Choice choice = choose(sample_document(), request);
  EXPECT_EQ(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(has(choice.text, "does not claim to be reproducible"));
  request.reproducible = false;
  request.max_ulp = 1.6;
  choice = choose(sample_document(), request);
  EXPECT_EQ(choice.kernel, "max_shifted/softmax/f32");
  EXPECT_TRUE(has(choice.text, "max ulp 1.77 is above 1.60"));
  request.max_ulp = 0.5;
  choice = choose(sample_document(), request);
  EXPECT_EQ(choice.kernel, "");
  EXPECT_TRUE(has(choice.text, "No kernel meets the request."));
}

TEST(Choose, APromiseCountsForMoreThanTheRowsThatWereTried) {
  ChooseRequest request = at(64, 4096);
  request.max_ulp = 4;  // simd promises 10.5, and 1.77 was seen
  Choice choice = choose(sample_document(), request);
  EXPECT_NE(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(has(choice.text, "it promises 10.5, which is above 4.00")) << choice.text;
  request.max_ulp = 10.5;
  EXPECT_EQ(choose(sample_document(), request).kernel, "simd/softmax/f32");
}

TEST(Choose, AKernelThatRefusesCallsIsChosenForAShapeThatItTookAlone) {
  Json document = sample_document();
  for (Json& kernel : document["kernels"])
    if (kernel["id"] == "simd/softmax/f32")
      kernel["coverage"] = {{"calls", 900},
                            {"refused", 800},
                            {"lengths", 90},
                            {"lengths_taken", 6},
                            {"refused_where", "cols % 16 != 0"}};
  EXPECT_EQ(choose(document, at(64, 4096)).kernel, "simd/softmax/f32");
  for (const ChooseRequest& request : {at(64, 4097), at(63, 4096)}) {
    const Choice choice = choose(document, request);
    EXPECT_NE(choice.kernel, "simd/softmax/f32");
    EXPECT_TRUE(has(choice.text, "refused cols % 16 != 0")) << choice.text;
  }
  for (Json& kernel : document["kernels"])
    if (kernel.contains("coverage")) kernel["coverage"]["by_layout"] = true;
  EXPECT_EQ(choose(document, at(64, 4097)).kernel, "simd/softmax/f32");
}

TEST(Choose, AnUnknownErrorIsNotASmallOne) {
  Json document = sample_document();
  document["accuracy"] = Json::array();
  ChooseRequest request = at(64, 4096);
  request.max_ulp = 100;
  const Choice choice = choose(document, request);
  EXPECT_EQ(choice.kernel, "");
  EXPECT_TRUE(has(choice.text, "its error was not measured"));
}

TEST(Choose, SaysWhenThereIsNothingToDecideOn) {
  expect_error(kNotMeasurable, "no measurement of softmax f32",
               [] { choose(empty_document(), at(1, 10)); });
  ChooseRequest request = at(1, 10);
  request.dtype = "bf16";
  expect_error(kNotMeasurable, "no measurement of softmax bf16",
               [&] { choose(sample_document(), request); });
}

}  // namespace
}  // namespace softmark
