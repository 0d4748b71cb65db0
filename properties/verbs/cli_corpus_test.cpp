// SPDX-License-Identifier: Apache-2.0
// The corpus, replay and guided search as a user meets them.
#include "properties/verbs/cli_run.h"
#include "reports/document.h"

namespace softmark {
namespace {

Json verdicts(const std::string& arguments, int code) {
  const Ran ran = run("verify --effort quick --format json " + arguments);
  EXPECT_EQ(ran.code, code) << ran.err;
  return Json::parse(ran.out, nullptr, false);
}

TEST(Corpus, WhatFailsIsKeptAndTriedFirst) {
  const fs::path folder = scratch();
  const std::string arguments =
      "--kernel naive/softmax/f32 --property overflow_safety --known-failures none --corpus " +
      folder.string();
  const Json first = verdicts(arguments, 1);
  const std::string kept = text_of(folder / "softmax.f32.rows");
  EXPECT_EQ(kept.rfind("# naive/softmax/f32 fails overflow_safety, softmark ", 0), 0u) << kept;
  const auto lines = std::count(kept.begin(), kept.end(), '\n');  // a comment and the row
  EXPECT_GE(lines, 2);
  // The same row again, as the first case of all, and not written twice.
  const Json again = verdicts(arguments, 1);
  EXPECT_EQ(again["properties"][0]["counterexample"], first["properties"][0]["counterexample"]);
  EXPECT_LT(again["properties"][0]["cases"], first["properties"][0]["cases"]);
  EXPECT_EQ(text_of(folder / "softmax.f32.rows"), kept);
  // Alone, from where it stands.
  const std::string at = (folder / "softmax.f32.rows").string() + ":" + std::to_string(lines);
  const Json alone = verdicts(
      "--kernel naive/softmax/f32 --property overflow_safety --known-failures none --case @" + at,
      1);
  EXPECT_EQ(alone["properties"][0]["counterexample"], first["properties"][0]["counterexample"]);
  EXPECT_EQ(run("eval --case @" + at + " --kernel naive").code, 0);
}

TEST(Corpus, NothingIsWrittenUnasked) {
  const fs::path folder = scratch();
  write(folder / "softmax.f32.rows", "# by hand\n0x1.64p+6\n");
  const std::string before = text_of(folder / "softmax.f32.rows");
  verdicts("--kernel naive/softmax/f32 --property overflow_safety --known-failures none --case @" +
               (folder / "softmax.f32.rows").string(),
           1);
  verdicts(
      "--kernel max_shifted/softmax/f32 --property overflow_safety --known-failures none "
      "--corpus " +
          folder.string(),
      0);
  EXPECT_EQ(text_of(folder / "softmax.f32.rows"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
}

TEST(Corpus, ALineOfDataIsOneMoreCase) {
  const fs::path folder = scratch();
  const std::string kernel =
      "--kernel max_shifted/softmax/f32 --property sum_to_one --known-failures none --corpus " +
      folder.string();
  write(folder / "softmax.f32.rows", "# somebody's kernel fails sum_to_one, by hand\n1 2\n");
  const int cases = verdicts(kernel, 0)["properties"][0]["cases"];
  write(folder / "softmax.f32.rows",
        "# somebody's kernel fails sum_to_one, by hand\n1 2\n2 3\n# and not max_ulp\n3 4\n");
  EXPECT_EQ(verdicts(kernel, 0)["properties"][0]["cases"], cases + 1);
}

TEST(BadInput, Banks) {
  const fs::path folder = scratch();
  const std::string verify = "verify --effort quick --kernel naive/softmax/f32 --corpus ";
  expect_one_line(run(verify + "/no/such/corpus"), kUnreadable, "/no/such/corpus");
  write(folder / "notes.rows", "# what is this\n1\n");
  expect_one_line(run(verify + folder.string()), kUnreadable, "notes.rows");
  fs::remove(folder / "notes.rows");
  write(folder / "hardmax.f64.rows", "# found\n1 2 ; 3\n");
  expect_one_line(run(verify + folder.string()), kUnreadable, "hardmax.f64.rows:2: x[1]");
  expect_one_line(run("sweep worst --kernel naive/softmax/f32 --corpus " + folder.string()),
                  kUnreadable, "hardmax.f64.rows:2");
}

TEST(BadInput, CaseFiles) {
  const fs::path folder = scratch();
  write(folder / "rows", "# found\n1 2\n3 4\n");
  write(folder / "broken.json", "{\"x\":[[1,");
  const std::string verify = "verify --kernel naive/softmax/f32 --case @",
                    rows = (folder / "rows").string();
  expect_one_line(run(verify), kUsage, "name a file");
  expect_one_line(run(verify + "-"), kUsage, "name a file");
  expect_one_line(run(verify + "/no/such/file"), kUnreadable, "/no/such/file");
  expect_one_line(run(verify + (folder / "broken.json").string()), kUnreadable, "broken.json");
  expect_one_line(run(verify + rows + ":1"), kUnreadable, "rows:1: holds no case");
  expect_one_line(run(verify + rows + ":99"), kUnreadable, "holds no case");
  expect_one_line(run("eval --case @" + rows), kUsage, "holds 2 cases");
  EXPECT_EQ(run("eval --case @" + rows + ":3 --kernel naive").code, 0);
}

TEST(SweepWorst, BeatsThePromiseOfAWrongClaim) {
  const fs::path folder = scratch();
  const std::string plugin = std::string(" --plugin ") + SOFTMARK_PLUGINS + "/softmark_mutants.so ";
  const Ran ran =
      run("sweep worst --effort quick --format json --kernel promises_one_ulp/softmax/f32 --cols 4 "
          "--corpus " +
          folder.string() + plugin);
  EXPECT_EQ(ran.code, kGateFailed) << ran.err;
  const Json find = Json::parse(ran.out)["finds"][0];
  EXPECT_GT(find["max_ulp"].get<double>(), find["promised"].get<double>());
  EXPECT_EQ(find["case"]["x"][0].size(), 4u);
  // What it keeps and what it prints are the same row.
  const std::string repro = find["repro"];
  ASSERT_TRUE(repro.starts_with(SOFTMARK_BINARY " eval ")) << repro;
  const Ran again = run_command("cd / && " + repro + " --format json");
  const Json ulps = Json::parse(again.out)["results"][0]["ulp"][0];
  double most = 0;
  for (const Json& ulp : ulps) most = std::max(most, ulp.get<double>());
  EXPECT_EQ(most, find["max_ulp"].get<double>());
}

TEST(SweepWorst, ShardsMerge) {
  const fs::path folder = scratch();
  const std::string sweep =
      "sweep worst --effort quick --kernel max_shifted/softmax/f32 --cols 5 --format json";
  const std::string one = (folder / "1.json").string(), two = (folder / "2.json").string();
  EXPECT_EQ(run(sweep + " --shard 1/2 -o " + one).code, 0);
  EXPECT_EQ(run(sweep + " --shard 2/2 -o " + two).code, 0);
  const Json first = Json::parse(text_of(one))["finds"][0],
             second = Json::parse(text_of(two))["finds"][0];
  EXPECT_NE(first["case"], second["case"]);
  const Ran merged = run("sweep --format json --merge " + one + " --merge " + two);
  EXPECT_EQ(merged.code, 0) << merged.err;
  const Json find = Json::parse(merged.out)["finds"][0];
  EXPECT_EQ(find["max_ulp"],
            std::max(first["max_ulp"].get<double>(), second["max_ulp"].get<double>()));
  EXPECT_EQ(find["rows"], first["rows"].get<int>() + second["rows"].get<int>());
  write(two, "{\"schema\":\"softmark.sweep\"}");
  expect_one_line(run("sweep --merge " + one + " --merge " + two), kUnreadable, "2.json");
}

}  // namespace
}  // namespace softmark
