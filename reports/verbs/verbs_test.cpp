// SPDX-License-Identifier: Apache-2.0
// The verbs as they are called: arguments in, files and exit codes out.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <set>

#include "kernels/names.h"
#include "kernels/registry.h"
#include "properties/engine/property.h"
#include "reports/compare.h"
#include "reports/render.h"
#include "reports/sample.h"
#include "support/files.h"
#include "support/test_support.h"

namespace softmark {

void add_report(CLI::App& app, int& exit_code);
void add_choose(CLI::App& app, int& exit_code);

namespace {

/// Runs a verb and gives the exit code; what it printed lands in `printed`.
int call(std::vector<std::string> arguments, std::string& printed) {
  CLI::App app;
  int exit_code = -1;
  add_report(app, exit_code);
  add_choose(app, exit_code);
  std::vector<std::string> files;
  bool strict = false;
  CLI::App* compare = app.add_subcommand("compare");
  compare->add_option("files", files)->expected(2);
  compare->add_flag("--strict", strict);
  compare->callback([&] { exit_code = compare_files(files[0], files[1], strict); });
  std::reverse(arguments.begin(), arguments.end());
  testing::internal::CaptureStdout();
  try {
    app.parse(arguments);
  } catch (...) {
    testing::internal::GetCapturedStdout();
    throw;
  }
  printed = testing::internal::GetCapturedStdout();
  return exit_code;
}

struct Verbs : testing::Test {
  Verbs() {
    write_file(good, to_text(sample_document()));
    write_file(bad, to_text(failing_document()));
    ::unsetenv("GITHUB_STEP_SUMMARY");
  }
  Folder folder;
  std::string good = folder / "good.json", bad = folder / "bad.json", printed;
};

TEST_F(Verbs, ReportTakesItsFormatFromTheName) {
  EXPECT_EQ(call({"report", good, "-o", folder / "page.html"}, printed), kPass);
  EXPECT_EQ(read_file(folder / "page.html").substr(0, 15), "<!DOCTYPE html>");
  EXPECT_EQ(call({"report", good, bad, "-o", folder / "junit.xml"}, printed), kPass);
  EXPECT_EQ(read_file(folder / "junit.xml").substr(0, 5), "<?xml");
  EXPECT_EQ(call({"report", good, "-o", folder / "odd.name", "--format", "markdown"}, printed),
            kPass);
  EXPECT_EQ(read_file(folder / "odd.name").substr(0, 2), "##");
  EXPECT_EQ(call({"report", good}, printed), kPass);
  EXPECT_EQ(printed, render(sample_document(), "brief"));
  EXPECT_EQ(call({"report", good, "--verbose"}, printed), kPass);
  EXPECT_EQ(printed, render(sample_document(), "text"));
}

TEST_F(Verbs, GithubAlsoWritesTheStepSummary) {
  write_file(folder / "summary.md", "before\n");
  ::setenv("GITHUB_STEP_SUMMARY", (folder / "summary.md").c_str(), 1);
  EXPECT_EQ(call({"report", bad, "--format", "github"}, printed), kPass);
  ::unsetenv("GITHUB_STEP_SUMMARY");
  EXPECT_EQ(printed.substr(0, 8), "::error ");
  EXPECT_EQ(read_file(folder / "summary.md"), "before\n" + render(failing_document(), "markdown"));
}

TEST_F(Verbs, BadInputIsOneClearLineAndNothingIsWritten) {
  write_file(folder / "broken.json", "{\"schema\":");
  const std::size_t files = folder.files();
  expect_error(kUnreadable, "broken.json: is not JSON", [&] {
    call({"report", folder / "broken.json", "-o", folder / "x.html"}, printed);
  });
  expect_error(kUnreadable, "No such file", [&] {
    call({"report", folder / "absent.json"}, printed);
  });
  expect_error(kNotMeasurable, "No space left", [&] {
    call({"report", good, "-o", "/dev/full"}, printed);
  });
  expect_error(kNotMeasurable, "directory", [&] {
    call({"report", good, "-o", folder / "."}, printed);
  });
  EXPECT_THROW(call({"report"}, printed), CLI::ParseError);
  EXPECT_THROW(call({"report", good, "--format", "pdf"}, printed), CLI::ParseError);
  expect_error(kUsage, "end the name in .txt, .json, .md, .html, .htm, .xml, .sarif", [&] {
    call({"report", good, "-o", folder / "page.pdf"}, printed);
  });
  EXPECT_EQ(folder.files(), files);
}

TEST_F(Verbs, ChooseAnswersByExitCodeToo) {
  EXPECT_EQ(call({"choose", "--cols", "4096", "--rows", "64", good}, printed), kPass);
  EXPECT_EQ(printed.substr(0, 13), "Use simd for ");
  EXPECT_EQ(call({"choose", "--cols", "4096", "--max-ulp", "0.1", good}, printed), kGateFailed);
  expect_error(kNotMeasurable, "no measurement", [&] {
    call({"choose", "--dtype", "f16", good}, printed);
  });
}

TEST_F(Verbs, CompareAnswersByExitCodeToo) {
  EXPECT_EQ(call({"compare", good, good}, printed), kPass);
  EXPECT_EQ(call({"compare", good, bad}, printed), kGateFailed);
  Json shorter = sample_document();
  shorter["properties"].erase(shorter["properties"].begin() + 1);
  write_file(folder / "shorter.json", to_text(shorter));
  EXPECT_EQ(call({"compare", good, folder / "shorter.json"}, printed), kPass);
  EXPECT_EQ(call({"compare", "--strict", good, folder / "shorter.json"}, printed), kUndecided);
}

TEST_F(Verbs, AComparisonIsJsonToo) {
  const std::string path = folder / "comparison.json";
  EXPECT_EQ(compare_files(good, bad, false, path, "json"), kGateFailed);
  const Json comparison = Json::parse(read_file(path));
  const Json& findings = comparison["findings"];
  const auto broken = std::count_if(findings.begin(), findings.end(), [](const Json& finding) {
    return finding["finding"] == "BROKEN" && finding["property"] == "special_values" &&
           finding["kernel"] == "onednn/softmax/f32" && finding["repro"] != "";
  });
  EXPECT_EQ(broken, 1);
  EXPECT_EQ(comparison["regressions"], 3) << comparison["findings"];
  EXPECT_EQ(comparison["new"]["machine"], sample_document()["machine"]["key"]);
}

// Peers are named from other machines too; all else in the samples is what this program has.
TEST(Samples, NameKernelsAndPropertiesThatExist) {
  std::set<std::string> kernels, properties;
  for (const softmark_kernel* kernel : builtin_kernels())
    kernels.insert(std::string(kernel->name)
                       .append("/")
                       .append(name(kernel->op))
                       .append("/")
                       .append(name(kernel->dtype)));
  for (const Property* property : all_properties()) properties.insert(std::string(property->name));
  const Json document = sample_document();
  for (const Json& kernel : document["kernels"])
    EXPECT_TRUE(kernel["provider"] == "peer" || kernels.contains(kernel["id"])) << kernel["id"];
  for (const Json& verdict : document["properties"])
    EXPECT_TRUE(properties.contains(verdict["property"])) << verdict["property"];
}

}  // namespace
}  // namespace softmark
