// SPDX-License-Identifier: Apache-2.0
#include "reports/brief.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "reports/measurements.h"
#include "reports/render.h"
#include "reports/sample.h"
#include "support/test_support.h"
#include "support/text.h"

namespace softmark {
namespace {

void expect_one_screen(const std::string& text) {
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 40) << text;
  EXPECT_FALSE(contains(text, "\033")) << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 160u) << line;
}

constexpr int kLibraries = 30;

/// The sample with thirty libraries more: each passes softmax in float32, is known to be wrong in
/// float64, refuses some calls, and is timed at all shapes. Much else is wrong as well.
Json crowded_document() {
  Json document = sample_document();
  const Json measurements = document["measurements"];
  const auto row_of = [&](const char* section, const std::string& kernel) {
    for (const Json& row : document[section])
      if (row.value("kernel", row.value("id", "")) == kernel) return row;
    return Json();
  };
  const Json kernel = row_of("kernels", "simd/softmax/f32"),
             passes = row_of("properties", "simd/softmax/f32"),
             accuracy = row_of("accuracy", "simd/softmax/f32");
  Json fails;
  for (const Json& row : document["properties"])
    if (row["expected"] == true) fails = row;
  for (int i = 0; i < kLibraries; ++i) {
    const std::string name = "a_library_with_a_name_" + std::to_string(i);
    for (const std::string dtype : {"f32", "f64"}) {
      Json added = kernel, property = dtype == "f32" ? passes : fails;
      added["id"] = property["kernel"] = name + "/softmax/" + dtype;
      added["name"] = name;
      added["dtype"] = dtype;
      added["provider"] = "peer";
      added["version"] = "1." + std::to_string(i) + "~git20220216.ae108ef-2";
      added["isa"] = "AVX-512 82 % + AVX2 17 %";
      added["coverage"] = {{"calls", 900}, {"refused", 8}, {"lengths", 10}, {"lengths_taken", 9}};
      property["brief"] = "flushes subnormal results and a good deal more, so that this is long";
      document["kernels"].push_back(added);
      document["properties"].push_back(property);
      document["accuracy"].push_back(accuracy);
      document["accuracy"].back()["kernel"] = added["id"];
    }
    for (Json row : measurements) {
      if (row["kernel"] != "simd/softmax/f32") continue;
      row["kernel"] = name + "/softmax/f32";
      for (const char* figure : {"median", "min"})
        row["ns_per_element"][figure] = row["ns_per_element"][figure].get<double>() * (2 + i);
      for (Json& end : row["ns_per_element"]["ci95"]) end = end.get<double>() * (2 + i);
      document["measurements"].push_back(row);
    }
    document["warnings"].push_back(name + ": " + std::string(200, 'w'));
    document["absent"].push_back({{"name", name}, {"reason", "its header was not found"}});
  }
  return document;
}

TEST(Brief, IsOneScreenWithTheDecisionFirst) {
  for (const Json& document : {sample_document(), failing_document(), odd_document()})
    expect_one_screen(render(document, "brief"));
  const std::string text = render(sample_document(), "brief");
  EXPECT_EQ(text.find("Use simd for softmax in f32: 0.213 ns per element"), text.find('\n') + 1)
      << text;
  EXPECT_TRUE(std::regex_search(text, std::regex("simd[^\n]*use this +0.213"))) << text;
  EXPECT_TRUE(contains(text, "Known to be wrong\n  naive (")) << text;
  EXPECT_TRUE(contains(text, "absent: xnnpack")) << text;
  EXPECT_TRUE(contains(text, " A simd\n")) << text;  // beside the picture
  EXPECT_TRUE(contains(render(failing_document(), "brief"), "log_sum_exp/softmax/f32 alignment"));
}

TEST(Brief, ShowsASingleFailureWhole) {
  Json document = failing_document();
  std::erase_if(document["properties"].get_ref<Json::array_t&>(), [](const Json& row) {
    return row["verdict"] != "pass" && row["verdict"] != "skip" &&
           row["property"] != "special_values";
  });
  const std::string text = render(document, "brief");
  EXPECT_TRUE(contains(text, "1 failure\n  FAIL onednn/softmax/f32 special_values")) << text;
  EXPECT_TRUE(contains(text, "    want   ")) << text;
}

TEST(Brief, NamesWhatIsKnownInAFewWords) {
  Json document = sample_document();
  for (Json& row : document["properties"])
    if (row["expected"] == true) row["brief"] = "overflows";
  EXPECT_TRUE(contains(render(document, "brief"), "  naive (2 kernels): overflows\n"))
      << render(document, "brief");
}

TEST(Brief, IsOneScreenForManyKernels) {
  const Json document = crowded_document();
  const std::string text = render(document, "brief");
  expect_one_screen(text);
  for (const char* part :
       {"Use simd for softmax in f32", "use this", "Known to be wrong\n  naive (",
        "more: --verbose", "kernels refused some calls", " A simd\n", "absent: "})
    EXPECT_TRUE(contains(text, part)) << part << "\n" << text;
  EXPECT_FALSE(contains(text, "took 9 of 10")) << text;  // a peer's refusals are counted alone

  Json timed = document;  // as after `bench`: nothing was verified
  timed["properties"] = timed["accuracy"] = Json::array();
  expect_one_screen(render(timed, "brief"));
  Json verified = document;  // as after `verify`
  verified["measurements"] = Json::array();
  const std::string verdicts = render(verified, "brief");
  expect_one_screen(verdicts);
  EXPECT_TRUE(std::regex_search(verdicts, std::regex("softmax +3[0-9] +3[0-9] "))) << verdicts;
}

TEST(Brief, IsOneScreenOfANarrowTerminalToo) {
  for (const Json& document : {sample_document(), crowded_document()}) {
    BriefRequest request;
    request.width = 80;
    const std::string text = brief(document, request);
    expect_one_screen(text);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
    EXPECT_TRUE(contains(text, "use this")) << text;
  }
}

TEST(Brief, SaysOfAbsentLibrariesWhyOrAtLeastWhich) {
  Json document = sample_document();
  EXPECT_TRUE(
      contains(render(document, "brief"), "\nabsent: xnnpack: libxnnpack-dev is not installed\n"));
  for (const char* name : {"sleef", "eigen", "onednn"})
    document["absent"].push_back({{"name", name}, {"reason", "its header was not found"}});
  EXPECT_TRUE(contains(render(document, "brief"),
                       "\nabsent: xnnpack, sleef, eigen, onednn (softmark list says why"));
}

TEST(Brief, NamesWhatItHasNoLineFor) {
  const Json document = crowded_document();
  EXPECT_TRUE(std::regex_search(render(document, "brief"),
                                std::regex("and [0-9]+ more: --verbose: a_library_with_a_name_")));
}

TEST(Brief, IsOneScreenWhereManyFail) {
  Json document = crowded_document();
  for (Json& row : document["properties"])
    if (row["expected"] == true) row["expected"] = false;
  const std::string text = render(document, "brief");
  expect_one_screen(text);
  EXPECT_TRUE(contains(text, " failures\n  naive/softmax/f32 ")) << text;
  Json mine = document;  // of a plugin, what it refused is news
  for (Json& row : mine["kernels"])
    if (row["id"] == "a_library_with_a_name_7/softmax/f32") row["provider"] = "plugin";
  EXPECT_TRUE(contains(render(mine, "brief"), "a_library_with_a_name_7/softmax/f32: took 9 of 10"));
}

TEST(Brief, IsOneScreenForManyNeeds) {
  BriefRequest request;
  request.needs.resize(30);
  const std::string text = brief(crowded_document(), request);
  expect_one_screen(text);
  EXPECT_TRUE(contains(text, "more: --verbose")) << text;
}

TEST(Brief, GivesTheGradeOfEachKernel) {
  const std::string text = render(sample_document(), "brief");
  EXPECT_TRUE(
      std::regex_search(text, std::regex("kernel .*error/bound +max ulp +of ceiling +grade")))
      << text;
  EXPECT_TRUE(std::regex_search(text, std::regex("\n  simd[^\n]*(wide|blocked|sequential)\n")))
      << text;
}

TEST(Brief, MeasurementsAreOneScreen) {
  Json document = crowded_document();
  expect_one_screen(measurements_brief(document));
  EXPECT_TRUE(contains(measurements_brief(document), "more: --verbose"))
      << measurements_brief(document);
  const Json first = document["measurements"][0];
  std::erase_if(document["measurements"].get_ref<Json::array_t&>(), [&](const Json& row) {
    return row["workload"] != first["workload"] || row["threads"] != 1 ||
           row["cache"] != first["cache"] || row["dtype"] != "f32";
  });
  const std::string one = measurements_brief(document);
  expect_one_screen(one);
  EXPECT_TRUE(contains(one, "95 % interval")) << one;
  EXPECT_TRUE(contains(one, "more: --verbose")) << one;
}

}  // namespace
}  // namespace softmark
