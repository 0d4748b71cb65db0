// SPDX-License-Identifier: Apache-2.0
#include "reports/choose.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "reports/sample.h"
#include "support/random.h"
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

TEST(Choose, TheFastestRightKernelAtTheNearestShape) {
  const Choice choice = choose(sample_document(), at(60, 4000));
  EXPECT_EQ(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(
      contains(choice.text, "the shape measured has 1.07 x as many rows, 1.02 x as many columns"))
      << choice.text;
  EXPECT_TRUE(contains(choice.text, "attention_4k (64x4096)")) << choice.text;
  EXPECT_TRUE(contains(choice.text, "wrong, as expected: overflow_safety")) << choice.text;
  EXPECT_TRUE(contains(choice.text, "1.02 x the time: a tie")) << choice.text;
  EXPECT_TRUE(contains(choice.text, "1.62 x the time")) << choice.text;
}

TEST(Choose, ThreadsAreALimitThatAKernelNeedNotUse) {
  const Choice choice = choose(sample_document(), at(64, 4096, 2));
  EXPECT_EQ(choice.kernel, "openmp/softmax/f32");
  EXPECT_TRUE(contains(choice.text, "  simd  ")) << choice.text;  // competes with its one thread
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
  EXPECT_TRUE(contains(choice.text, "its grade is sequential, not wide or better")) << choice.text;
  request.grade = Grade::one_ulp;
  EXPECT_EQ(choose(sample_document(), request).kernel, "");
}

TEST(Choose, LimitsOnErrorAndReproducibility) {
  ChooseRequest request = at(64, 4096, 2);
  request.reproducible = true;
  Choice choice = choose(sample_document(), request);
  EXPECT_EQ(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(contains(choice.text, "does not claim to be reproducible"));
  request.reproducible = false;
  request.max_ulp = 1.6;
  choice = choose(sample_document(), request);
  EXPECT_EQ(choice.kernel, "max_shifted/softmax/f32");
  EXPECT_TRUE(contains(choice.text, "max ulp 1.77 is above 1.60"));
  request.max_ulp = 0.5;
  choice = choose(sample_document(), request);
  EXPECT_EQ(choice.kernel, "");
  EXPECT_TRUE(contains(choice.text, "No kernel meets the needs."));
}

TEST(Choose, APromiseCountsForMoreThanTheRowsThatWereTried) {
  ChooseRequest request = at(64, 4096);
  request.max_ulp = 4;  // simd promises 10.5, and 1.77 was seen
  Choice choice = choose(sample_document(), request);
  EXPECT_NE(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(contains(choice.text, "it promises 10.5, which is above 4.00")) << choice.text;
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
    EXPECT_TRUE(contains(choice.text, "refused cols % 16 != 0")) << choice.text;
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
  EXPECT_TRUE(contains(choice.text, "its error was not measured"));
}

TEST(Choose, TiesGoToTheSmallerErrorAndSaySo) {
  Json document = sample_document();  // openmp cannot be told from simd
  for (Json& row : document["accuracy"])
    if (row["kernel"] == "openmp/softmax/f32") row["max_error_over_bound"] = 0.01;
  const Choice choice = choose(document, at(64, 4096));
  EXPECT_EQ(choice.kernel, "openmp/softmax/f32");
  EXPECT_TRUE(
      contains(choice.text,
               "A tie: simd cannot be distinguished from it by time, so the smaller error decided"))
      << choice.text;
}

TEST(Choose, TiesOfEqualSharesGoToFewerUlp) {
  Json document = sample_document();  // openmp cannot be told from simd
  const auto choice_with = [&](double openmp, double simd) {
    for (Json& row : document["accuracy"]) {
      const bool is_simd = row["kernel"] == "simd/softmax/f32";
      if (!is_simd && row["kernel"] != "openmp/softmax/f32") continue;
      row["max_error_over_bound"] = 0.25;
      row["max_ulp_well_conditioned"] = is_simd ? simd : openmp;
    }
    return choose(document, at(64, 4096));
  };
  for (const bool openmp_errs_less : {true, false}) {
    const Choice choice = openmp_errs_less ? choice_with(1.5, 2.5) : choice_with(2.5, 1.5);
    EXPECT_EQ(choice.kernel, openmp_errs_less ? "openmp/softmax/f32" : "simd/softmax/f32");
    EXPECT_TRUE(contains(choice.text,
                         "so the smaller error decided: the same share of its bound, fewer ulp"))
        << choice.text;
  }
  const Choice equal = choice_with(2, 2);
  EXPECT_TRUE(contains(equal.text, "or the time where errors are equal, decided")) << equal.text;
}

TEST(Choose, ThreadsMeasuredAreSaid) {
  const Choice choice = choose(sample_document(), at(64, 4096, 64));
  EXPECT_TRUE(contains(choice.text, "threads: 2 measured of 64 allowed")) << choice.text;
}

TEST(Choose, NeedsOfMaskedRowsInstructionsAndData) {
  Json document = sample_document();
  for (Json& kernel : document["kernels"]) {
    kernel["isa"] = kernel["name"] == "simd"          ? "AVX3"
                    : kernel["name"] == "log_sum_exp" ? "AVX2"
                                                      : "";
    kernel["masked_row"] = kernel["name"] == "simd" ? "zero" : "nan";
  }
  ChooseRequest request = at(64, 4096);
  request.masked_row = "nan";
  Choice choice = choose(document, request);
  EXPECT_NE(choice.kernel, "simd/softmax/f32");
  EXPECT_TRUE(contains(choice.text, "a masked row gives zero, not nan")) << choice.text;
  request.masked_row = "";
  request.isa = "avx2";
  choice = choose(document, request);
  EXPECT_EQ(choice.kernel, "log_sum_exp/softmax/f32");
  EXPECT_TRUE(contains(choice.text, "ran with AVX3; not measured with avx2")) << choice.text;
  EXPECT_TRUE(contains(choice.text, "the instruction set that it runs is unknown")) << choice.text;
  // A sample of which nine tenths or less are in the document may hide what would be an illegal
  // instruction on a CPU with AVX2.
  for (Json& kernel : document["kernels"])
    if (kernel["name"] == "simd") {
      kernel["isa"] = "";
      kernel["isa_sampled"] = "AVX 128 48 % + scalar 45 %";
    }
  choice = choose(document, request);
  EXPECT_EQ(choice.kernel, "log_sum_exp/softmax/f32");
  EXPECT_TRUE(contains(choice.text, "ran with AVX 128 48 % + scalar 45 %, and perhaps wider ones"));
  request.isa = "";
  request.distribution = "causal";
  expect_error(kNotMeasurable, "no measurement of softmax f32, 64 x 4096, at most 1 thread, causal",
               [&] { choose(document, request); });
}

TEST(Choose, TheParetoSetHasNothingThatIsSlowerAndLessAccurate) {
  const Json document = sample_document();
  const View view(document);
  const Selection selection = select(view, at(64, 4096));
  for (std::size_t i = 0; i < selection.meeting; ++i) {
    bool beaten = false;
    for (std::size_t j = 0; j < i; ++j)
      beaten |= selection.candidates[j].kernel->share_of_bound <=
                selection.candidates[i].kernel->share_of_bound;
    EXPECT_EQ(selection.candidates[i].on_front, !beaten) << selection.candidates[i].kernel->id;
  }
}

TEST(Choose, MarkdownAndJsonSayTheSame) {
  const Json json = Json::parse(choose(sample_document(), at(64, 4096), "json").text);
  EXPECT_EQ(json["kernel"], "simd/softmax/f32");
  EXPECT_EQ(json["is_the_shape_wanted"], true);
  EXPECT_EQ(json["candidates"][0]["kernel"], "simd/softmax/f32");
  EXPECT_EQ(json["candidates"][0]["meets_needs"], true);
  EXPECT_GT(json["candidates"].size(), 4u);
  const std::string markdown = choose(sample_document(), at(64, 4096), "markdown").text;
  EXPECT_TRUE(contains(markdown, "**Use simd for softmax in f32: 0.213 ns per element"))
      << markdown;
  EXPECT_TRUE(contains(markdown, "| simd")) << markdown;
  EXPECT_EQ(json["candidates"][0]["max_ulp_well_conditioned"], "1.77");
  EXPECT_TRUE(contains(json["candidates"][0]["grade"], "wide"));
}

TEST(Choose, SaysHowToCallTheWinner) {
  const char* line = "softmark_find(\"simd\", SOFTMARK_SOFTMAX, SOFTMARK_F32);";
  const std::string text = choose(sample_document(), at(64, 4096)).text;
  EXPECT_TRUE(contains(text, "\n  #include \"kernels/library/library.h\"\n")) << text;
  EXPECT_TRUE(contains(text, line)) << text;
  const std::string markdown = choose(sample_document(), at(64, 4096), "markdown").text;
  EXPECT_TRUE(contains(markdown, "```c++\n#include \"kernels/library/library.h\"\n")) << markdown;
  const Json json = Json::parse(choose(sample_document(), at(64, 4096), "json").text);
  EXPECT_TRUE(contains(json["call"]["code"].dump(), R"(softmark_find(\"simd\", SOFTMARK_SOFTMAX)"))
      << json["call"];
  ChooseRequest nothing = at(64, 4096);
  nothing.max_ulp = 0.1;
  EXPECT_FALSE(contains(choose(sample_document(), nothing).text, "To call"));
}

TEST(Choose, ShowsErrorsAsSharesAndOfWellConditionedOutputs) {
  Json document = sample_document();
  for (Json& row : document["accuracy"])
    if (row["kernel"] == "simd/softmax/f32") {
      row["max_ulp"] = 9e15;  // a result that cancels
      row["max_ulp_well_conditioned"] = 1.25;
    }
  for (const std::string format : {"text", "markdown"}) {
    const std::string text = choose(document, at(64, 4096), format).text;
    EXPECT_FALSE(contains(text, "9e+15")) << text;
    EXPECT_TRUE(contains(text, "1.25")) << text;
    EXPECT_TRUE(contains(text, "sane arithmetic")) << text;
  }
}

TEST(Choose, TheCommandThatMeasuresHasAllNeeds) {
  ChooseRequest request = at(64, 4096, 2);
  request.distribution = "peaked";
  expect_error(kNotMeasurable,
               "measure it: softmark choose --measure --op softmax --dtype f32 --rows 64 --cols "
               "4096 --threads 2 --distribution peaked",
               [&] { choose(sample_document(), request); });
  request.max_ulp = 2.5;
  request.grade = Grade::wide;
  request.reproducible = true;
  request.masked_row = "zero";
  request.isa = "avx2";
  request.cache = "cold";
  EXPECT_EQ(measuring_command(request),
            "softmark choose --measure --op softmax --dtype f32 --rows 64 --cols 4096 --threads 2 "
            "--max-ulp 2.5 --grade wide --reproducible --masked-row zero --isa avx2 "
            "--distribution peaked --cache cold");
  EXPECT_EQ(measuring_command({}),
            "softmark choose --measure --op softmax --dtype f32 --rows N --cols N");
  request = at(64, 4000);
  request.rows.reset();  // any: then as many as were measured
  EXPECT_TRUE(
      contains(choose(sample_document(), request).text,
               "softmark choose --measure --op softmax --dtype f32 --rows 64 --cols 4000\n"));
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
