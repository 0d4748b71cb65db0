// SPDX-License-Identifier: Apache-2.0
// softmark eval: its answers, their errors, and the decisions.
#include <algorithm>

#include "properties/verbs/cli_run.h"
#include "reports/document.h"

namespace softmark {
namespace {

Json eval(const std::string& arguments, const std::string& input = "") {
  const Ran ran = run("eval --format json " + arguments, input);
  EXPECT_EQ(ran.code, 0) << ran.err;
  return Json::parse(ran.out);
}

double value(const Json& datum) { return parse_value(datum, "datum"); }

/// log_sum_exp with -ffast-math is there to show what the flag costs.
bool breaks_by_a_flag(const Json& result) {
  return result["kernel"].get<std::string>().starts_with("log_sum_exp_fast_math/");
}

TEST(Eval, GivesTheTextbookExamples) {
  const double want[] = {0.00637746, 0.04712342, 0.94649912};
  const Json exact = eval("--dtype f64 5,7,10")["exact"], answer = eval("5,7,10");
  ASSERT_GE(answer["results"].size(), 5u);
  for (int j = 0; j < 3; ++j) EXPECT_NEAR(value(exact[0][j]), want[j], 5e-9);
  for (const Json& result : answer["results"]) {
    if (breaks_by_a_flag(result)) continue;
    for (int j = 0; j < 3; ++j)
      EXPECT_NEAR(value(result["y"][0][j]), want[j], 1e-7) << result["kernel"];
  }
}

TEST(Eval, RowsThatDifferByAShiftHaveOneExactResult) {
  const Json answer = eval("'1,2,3;4,5,6;7,8,9'");
  EXPECT_EQ(answer["exact"][0], answer["exact"][1]);
  EXPECT_EQ(answer["exact"][1], answer["exact"][2]);
  for (const Json& result : answer["results"]) {
    if (breaks_by_a_flag(result)) continue;
    for (int row = 0; row < 3; ++row)
      for (int j = 0; j < 3; ++j)
        EXPECT_NEAR(value(result["y"][row][j]), value(answer["exact"][0][j]), 2e-7)
            << result["kernel"];
  }
}

TEST(Eval, LargeLogitsAreRightForAllButNaive) {
  const Json answer = eval("123,456,789");
  for (const Json& result : answer["results"]) {
    const bool naive = result["kernel"].get<std::string>().starts_with("naive/");
    EXPECT_EQ(result["y"][0] == Json({"0x0p+0", "0x0p+0", "0x1p+0"}), !naive) << result["kernel"];
  }
}

TEST(Eval, TwoColumnSoftmaxIsSigmoid) {
  for (const char* t : {"-20", "-3.5", "-0x1p-24", "0", "0.75", "12"}) {
    const Json softmax = eval(std::string("--kernel max_shifted -- ") + t + ",0"),
               sigmoid = eval(std::string("--op sigmoid --kernel stable -- ") + t);
    EXPECT_EQ(softmax["exact"][0][0], sigmoid["exact"][0][0]) << t;
    EXPECT_NEAR(value(softmax["results"][0]["y"][0][0]) / value(sigmoid["results"][0]["y"][0][0]),
                1, 1e-6)
        << t;
  }
}

TEST(Eval, TheSigmoidsDerivativePeaksAtAQuarter) {
  const Json answer = eval("--op sigmoid_vjp --g 1,1,1 0.25,0.5,0.75");
  EXPECT_EQ(answer["exact"][0], Json({"0x1.8p-3", "0x1p-2", "0x1.8p-3"}));
  for (const Json& result : answer["results"])
    EXPECT_EQ(result["y"], answer["exact"]) << result["kernel"];
}

TEST(Eval, AnswersARequestOnStandardInput) {
  const Json answer = eval(
      "",
      R"({"op":"cross_entropy","dtype":"f64","x":[["0x1p+1",0,"-inf"]],"g":null,"labels":[2]})");
  EXPECT_EQ(answer["exact"], Json::parse(R"([["inf"]])"));
}

TEST(Eval, TellsWhetherTheDecisionChanged) {
  const Json answer = eval("100,0,0");
  EXPECT_EQ(answer["decision"][0], "argmax 0");
  for (const Json& result : answer["results"])
    // naive gives [nan, 0, 0], where nothing is the largest.
    EXPECT_EQ(result["decision_changed"].get<bool>(),
              result["kernel"].get<std::string>().starts_with("naive/"))
        << result["kernel"];
  EXPECT_EQ(eval("--op sigmoid --threshold 0.7 -- -1,0,1,2")["decision"][0], "labels 2,3");
  // -896 is beyond E4M3: NaN, and so no decision; the largest value where the kernel claims to
  // saturate, which is then what its decision is compared with.
  const Json saturated =
      eval("--op log_softmax --dtype f8_e4m3 --kernel scalar/log_softmax/f8_e4m3 -- -448,448");
  EXPECT_EQ(saturated["decision"][0], "argmax none (nan)");
  EXPECT_EQ(saturated["results"][0]["decision"][0], "argmax 1");
  EXPECT_EQ(saturated["results"][0]["decision_changed"], false);
}

// ln 2 and ln 2 cancel: an error of 0.4 of the bound is 4.7e14 ulp of a result of 3.6e-16.
TEST(Eval, ShowsSharesOfTheBoundAndUlpOfWellConditionedOutputsAlone) {
  const std::string kernel = "--op logsumexp --dtype f64 --kernel simd ";
  for (const char* format : {"--format brief ", "--format text "}) {
    const std::string one =
        run("eval " + kernel + format + "-- -0.69314718055994,-0.69314718055995").out;
    EXPECT_NE(one.find("(error/bound 0."), std::string::npos) << one;
    EXPECT_EQ(one.find("e+14"), std::string::npos) << one;
    EXPECT_NE(one.find("sane arithmetic"), std::string::npos) << one;
    const std::string many =
        run("eval " + kernel + format + "-- '-0.69314718055994,-0.69314718055995;1,2'").out;
    const auto table = many.substr(std::min(many.find("over all"), many.size()));
    EXPECT_LT(table.find("error/bound"), table.find("max ulp")) << many;
    EXPECT_EQ(table.find("simd/logsumexp/f64  "), table.rfind("simd/logsumexp/f64  ")) << many;
    EXPECT_EQ(many.find("e+14"), std::string::npos) << many;
    EXPECT_NE(many.find("sane arithmetic"), std::string::npos) << many;
  }
  const std::string well = run("eval --kernel simd --format brief 5,7,10").out;
  EXPECT_NE(well.find(" ulp)"), std::string::npos) << well;
  const Json answer = eval(kernel + "-- -0.69314718055994,-0.69314718055995");
  const Json& share = answer["results"][0]["error_over_bound"][0][0];
  EXPECT_GT(share, 0);
  EXPECT_LT(share, 1);
}

}  // namespace
}  // namespace softmark
