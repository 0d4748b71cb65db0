// SPDX-License-Identifier: Apache-2.0
// What was refused, or not decided before the run ended, is not verified, and every format says so.
#include "properties/verbs/cli_run.h"
#include "reports/document.h"
#include "support/test_support.h"

namespace softmark {
namespace {

/// The document in each format.
std::string as(const fs::path& document, const std::string& format) {
  return run("report " + document.string() + " --format " + format).out;
}

TEST(Refusals, AKernelThatRefusesEveryCallIsUnsupported) {
  const fs::path path = scratch() / "document.json";
  for (const char* kernel : {"refuses_all", "only_empty"}) {
    const Ran ran = run("verify --effort quick --format json -o " + path.string() + " " + kPartial +
                        "--kernel " + kernel);
    EXPECT_EQ(ran.code, kGateFailed) << ran.err;
    const Json document = read_document(path.string());
    EXPECT_EQ(document["kernels"][0]["verdict"], "unsupported");
    EXPECT_EQ(document["kernels"][0]["coverage"]["lengths_taken"], 0);
    for (const Json& property : document["properties"])
      EXPECT_TRUE(property["verdict"] == "skip" || property["property"] == "empty") << property;
    EXPECT_TRUE(document["accuracy"].empty());
    for (const char* format : {"text", "markdown", "html", "junit", "sarif", "github"})
      EXPECT_TRUE(contains(as(path, format), "unsupported")) << format;
    EXPECT_TRUE(contains(as(path, "text"), "took 0 of")) << as(path, "text");
    EXPECT_TRUE(contains(as(path, "junit"), "<error type=\"unsupported\"")) << as(path, "junit");
  }
}

TEST(Refusals, NarrowingARunDoesNotHideThem) {
  for (const char* property : {"environment", "error_bound", "empty", "reproducible"}) {
    const Ran ran =
        run("verify --effort quick " + kPartial + "--kernel refuses_all --property " + property);
    EXPECT_EQ(ran.code, kGateFailed) << property << ran.out;
    EXPECT_TRUE(contains(ran.out, "unsupported")) << property << ran.out;
    EXPECT_FALSE(contains(ran.out, "  pass ")) << property << ran.out;
  }
  EXPECT_EQ(run("verify " + kPartial +
                "--kernel refuses_all --property range --case "
                "'{\"x\":[[1,2]]}'")
                .code,
            kGateFailed);
}

TEST(Refusals, ThePatternOfThoseOfSomeLengthsIsReported) {
  const fs::path path = scratch() / "document.json";
  const std::string verify = "verify --effort quick --format json -o " + path.string() + " " +
                             kPartial + "--kernel sixteens ";
  EXPECT_EQ(run(verify).code, 0);
  const Json kernel = read_document(path.string())["kernels"][0];
  const Json& coverage = kernel["coverage"];
  EXPECT_EQ(kernel["verdict"], "pass");
  EXPECT_EQ(coverage["refused_where"], "cols % 16 != 0");
  EXPECT_GT(coverage["lengths_taken"], 10);
  EXPECT_GT(coverage["lengths"], 100);
  const std::string sentence = "took " + coverage["lengths_taken"].dump() + " of " +
                               coverage["lengths"].dump() + " lengths; refused cols % 16 != 0";
  for (const char* format : {"text", "html"})
    EXPECT_TRUE(contains(as(path, format), sentence)) << as(path, format);
  EXPECT_TRUE(contains(as(path, "markdown"), "lengths; refused")) << as(path, "markdown");
  EXPECT_TRUE(contains(as(path, "text"), "pass on " + coverage["lengths_taken"].dump() + " of "));
  EXPECT_EQ(run(verify + "--strict").code, kGateFailed);
  EXPECT_EQ(run("verify --strict --effort quick --property range " + kPartial +
                "--kernel loses_nan_fast_math")
                .code,
            0);
}

TEST(Refusals, ASearchThatFoundNoRowIsNoSuccess) {
  const Ran ran = run("sweep worst --effort quick " + kPartial + "--kernel refuses_all");
  EXPECT_EQ(ran.code, kGateFailed) << ran.out;
  EXPECT_TRUE(contains(ran.out, "takes none of the rows tried")) << ran.out;
}

TEST(Refusals, ThoseOfSomeNumbersOfRowsToo) {
  const Ran ran = run("verify --effort quick --format json " + kPartial + "--kernel single_row");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(Json::parse(ran.out)["kernels"][0]["coverage"]["refused_where"], "2 rows and more");
}

TEST(Incomplete, AnInterruptedRunHasThatVerdictInEveryFormat) {
  const fs::path path = scratch() / "document.json";
  // In the foreground, or timeout signals the group as well, and a second signal ends the run.
  const std::string verify = std::string("timeout --foreground -s INT 2 ") + SOFTMARK_BINARY +
                             " verify --effort standard --format json -o " + path.string() +
                             " --plugin " + SOFTMARK_PLUGINS + "/wounded.so 2>/dev/null";
  EXPECT_NE(std::system(verify.c_str()), 0);
  const Json document = read_document(path.string());
  EXPECT_EQ(document["run"]["complete"], false);
  ASSERT_EQ(document["kernels"].size(), 5u);
  for (const Json& kernel : document["kernels"])
    EXPECT_TRUE(kernel["verdict"] == "incomplete" || kernel["verdict"] == "fail") << kernel;
  std::size_t open = 0;
  for (const Json& property : document["properties"]) open += property["verdict"] == "incomplete";
  EXPECT_GT(open, 20u);
  for (const char* format : {"text", "markdown", "html"}) {
    EXPECT_TRUE(contains(as(path, format), "incomplete")) << format;
    EXPECT_FALSE(contains(as(path, format), ">pass<")) << format;
  }
  EXPECT_TRUE(contains(as(path, "junit"), "<error type=\"incomplete\"")) << as(path, "junit");
  EXPECT_TRUE(contains(as(path, "sarif"), "\"kind\": \"open\"")) << as(path, "sarif");
  EXPECT_TRUE(contains(as(path, "github"), "incomplete")) << as(path, "github");
}

// One defect is one finding, with the simplest row; the other properties that it breaks are named.
TEST(Causes, OneDefectIsOneFinding) {
  const auto findings_of = [](const std::string& kernel) {
    const Ran ran = run("verify --effort quick --known-failures none --plugin " +
                        std::string(SOFTMARK_PLUGINS) + "/" + kernel);
    EXPECT_EQ(ran.code, kGateFailed) << ran.err;
    std::size_t findings = 0;
    for (std::size_t at = 0; (at = ran.out.find("\n  FAIL ", at)) != std::string::npos; ++at)
      ++findings;
    EXPECT_TRUE(contains(ran.out, "    also   ")) << ran.out;
    EXPECT_LE(std::count(ran.out.begin(), ran.out.end(), '\n'), 45) << ran.out;
    return findings;
  };
  EXPECT_EQ(findings_of("partial.so --kernel forty_two"), 1u);
  EXPECT_EQ(findings_of("wounded.so --kernel tail_of_seven"), 1u);
  EXPECT_EQ(findings_of("wounded.so --kernel diagonal_only"), 1u);
  EXPECT_EQ(findings_of("faulty.so --kernel segfault"), 1u);
  // Finite rows that overflow, and rows with an infinity beside a number.
  EXPECT_EQ(findings_of("wounded.so --kernel no_shift"), 2u);
}

}  // namespace
}  // namespace softmark
