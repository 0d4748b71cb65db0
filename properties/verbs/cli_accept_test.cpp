// SPDX-License-Identifier: Apache-2.0
// `accept` as a user meets it: the one verb that changes a file of known failures.
#include "properties/verbs/cli_run.h"
#include "reports/document.h"

namespace softmark {
namespace {

TEST(Accept, WritesWhatFailsWithItsReasonAndNothingElse) {
  const fs::path folder = scratch();
  const std::string report = (folder / "report.json").string(),
                    known = (folder / "known.json").string();
  const std::string mine =
      "{ \"schema\": \"softmark.known_failures\", \"schema_version\": \"1.0\",\n\n  "
      "\"expected_failures\": [\n"
      "      { \"kernel\": \"other/*\",   \"property\": \"range\", \"reason\": \"as I like it\" "
      "}\n  ],\n  \"limits\": "
      "[] }\n";
  write(known, mine);
  const std::string verify =
      "verify --effort quick --kernel naive/softmax/f32 --property range --property "
      "overflow_safety --known-failures ";
  EXPECT_EQ(run(verify + known + " --format json -o " + report).code, kGateFailed);
  const std::string accept = "accept " + report + " --known-failures " + known;
  const Ran one = run(accept + " --property range --reason 'the textbook \"formula\"'");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_NE(one.out.find("naive/softmax/f32 may fail range"), std::string::npos) << one.out;
  const Json after = Json::parse(text_of(known));
  ASSERT_EQ(after["expected_failures"].size(), 2u);
  EXPECT_EQ(after["expected_failures"][1], Json({{"kernel", "naive/softmax/f32"},
                                                 {"property", "range"},
                                                 {"reason", "the textbook \"formula\""}}));
  // What was there stays first, as it was.
  EXPECT_EQ(after["expected_failures"][0].dump(), Json::parse(mine)["expected_failures"][0].dump());
  EXPECT_EQ(run(verify + known).code, kGateFailed);
  EXPECT_EQ(run(accept + " --reason 'the rest'").code, 0);
  EXPECT_EQ(run(verify + known).code, 0);
  // Once more: there is nothing left to say, and nothing is written.
  const auto written = fs::last_write_time(known);
  const Ran again = run(accept + " --reason again");
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.out.find("nothing to accept"), std::string::npos);
  EXPECT_EQ(fs::last_write_time(known), written);
}

TEST(Accept, RaisesLimitsAndMakesNewOnes) {
  const fs::path folder = scratch();
  const std::string report = (folder / "report.json").string(),
                    known = (folder / "known.json").string(),
                    fresh = (folder / "fresh.json").string();
  write(
      known,
      "{\"schema\":\"softmark.known_failures\",\"schema_version\":\"1.0\",\"expected_failures\":[],"
      "\"limits\":[{\"kernel\":\"max_shifted/hardmax/"
      "*\",\"max_ulp\":1,\"reason\":\"none\"},{\"kernel\":\"stable/"
      "sigmoid/*\",\"max_ulp\":0.25,\"reason\":\"hope\"}]}");
  const std::string verify = "verify --effort quick --kernel stable/sigmoid/f32 --known-failures ";
  EXPECT_EQ(run(verify + known + " --format json -o " + report).code, kGateFailed);
  EXPECT_EQ(run("accept " + report + " --known-failures " + known + " --reason measured").code, 0);
  const Json limits = Json::parse(text_of(known))["limits"];
  ASSERT_EQ(limits.size(), 2u);
  EXPECT_EQ(limits[0]["reason"], "none");
  EXPECT_GT(limits[1]["max_ulp"].get<double>(), 1);
  EXPECT_EQ(limits[1]["reason"], "measured");
  EXPECT_EQ(run(verify + known).code, 0);
  // A file that is not there is made; with --limits it holds kernels to what they showed.
  EXPECT_EQ(
      run("accept " + report + " --known-failures " + fresh + " --limits --reason 'as of today'")
          .code,
      0);
  const Json made = Json::parse(text_of(fresh));
  ASSERT_EQ(made["limits"].size(), 2u);  // its promise, and its grade
  for (const Json& limit : made["limits"]) EXPECT_EQ(limit["kernel"], "stable/sigmoid/f32");
  EXPECT_EQ(run(verify + fresh).code, 0);
}

TEST(Accept, WithLimitsOnlyExcusesNoFailure) {
  const fs::path folder = scratch();
  const std::string report = (folder / "report.json").string(),
                    known = (folder / "known.json").string();
  const std::string verify = "verify --effort quick " + kPartial + "--kernel loses_nan_fast_math ";
  EXPECT_EQ(run(verify + "--format json -o " + report).code, kGateFailed);
  const std::string accept =
      "accept " + report + " --known-failures " + known + " --reason 'as of today' ";
  EXPECT_EQ(run(accept + "--limits-only").code, 0);
  const Json file = Json::parse(text_of(known));
  EXPECT_TRUE(file["expected_failures"].empty()) << file;
  ASSERT_EQ(file["limits"].size(), 1u);
  EXPECT_EQ(file["limits"][0]["effort"], "quick");  // it promises nothing
  EXPECT_EQ(run(verify + "--known-failures " + known).code, kGateFailed);
  EXPECT_EQ(run(accept + "--property special_values --property crossed").code, 0);
  EXPECT_EQ(run(verify + "--known-failures " + known).code, 0);
  expect_one_line(run(accept + "--limits --limits-only"), kUsage, "--limits");
}

// What a kernel promises holds for every effort; a quick search does not find its worst row.
TEST(Accept, LimitsHoldFromOneEffortToTheNext) {
  const fs::path folder = scratch();
  const std::string report = (folder / "report.json").string(),
                    known = (folder / "known.json").string();
  const std::string kernels = " --kernel stable/sigmoid/f32 --kernel max_shifted/softmax/f32 ";
  EXPECT_EQ(run("verify --effort quick --format json -o " + report + kernels).code, 0);
  EXPECT_EQ(run("accept " + report + " --known-failures " + known + " --limits --reason r").code,
            0);
  const Json limits = Json::parse(text_of(known))["limits"];
  ASSERT_EQ(limits.size(), 3u);  // the promise of one and its grade have a limit each
  bool promise = false, grade = false, found_alone = false;
  for (const Json& limit : limits) {
    const bool promises = limit["kernel"] == "stable/sigmoid/f32";
    promise |= promises && limit.contains("max_ulp") && !limit.contains("effort");
    grade |= promises && limit.contains("grade") && limit["effort"] == "quick";
    found_alone |= !promises && limit.contains("max_ulp") && limit["effort"] == "quick";
  }
  EXPECT_TRUE(promise && grade && found_alone) << limits;
  const Ran standard =
      run("verify --effort standard --format json --known-failures " + known + kernels);
  EXPECT_EQ(standard.code, 0) << standard.out;
  // The largest error is that of a search, which random rows do not reach: 128 in 100000 of them.
  double found = 0;
  const Json document = Json::parse(standard.out);
  for (const Json& entry : document["accuracy"])
    if (entry["domain"] == "all" && entry["kernel"] == "max_shifted/softmax/f32")
      found = entry["max_ulp"];
  EXPECT_GT(found, 130);
}

TEST(BadInput, Accept) {
  const fs::path folder = scratch();
  const std::string report = (folder / "report.json").string(),
                    known = (folder / "known.json").string();
  EXPECT_EQ(run("verify --effort quick --kernel naive/softmax/f32 --property range "
                "--known-failures none --format json -o " +
                report)
                .code,
            kGateFailed);
  const std::string accept = "accept " + report + " --known-failures " + known;
  expect_one_line(run(accept), kUsage, "--reason");
  expect_one_line(run(accept + " --reason ' '"), kUsage, "--reason");
  expect_one_line(run("accept " + report + " --reason r"), kUsage, "--known-failures");
  expect_one_line(run("accept --known-failures c --reason r"), kUsage, "report");
  expect_one_line(run("accept /no/such.json --known-failures " + known + " --reason r"),
                  kUnreadable, "/no/such.json");
  expect_one_line(run(accept + " --reason r --kernel nave"), kUsage, "nave");
  expect_one_line(run(accept + " --reason r --property rnge"), kUsage, "rnge");
  EXPECT_FALSE(fs::exists(known));
  write(known, "{\"schema\":\"other\"}");
  expect_one_line(run(accept + " --reason r"), kUnreadable, known);
  EXPECT_EQ(text_of(known), "{\"schema\":\"other\"}");
}

}  // namespace
}  // namespace softmark
