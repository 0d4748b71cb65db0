// SPDX-License-Identifier: Apache-2.0
#include "reports/document.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "support/test_support.h"

namespace softmark {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Document, StartsIncompleteAndEndsAsTold) {
  Json document = new_document({"softmark", "verify"}, 0xfeedu);
  EXPECT_EQ(document["run"]["complete"], false);
  EXPECT_EQ(document["run"]["seed"], "0xfeed");
  EXPECT_EQ(document["run"]["argv"], (Json{"softmark", "verify"}));
  for (const char* section :
       {"kernels", "absent", "properties", "accuracy", "measurements", "ceilings", "warnings"})
    EXPECT_EQ(document[section], Json::array()) << section;
  finish_document(document, true);
  EXPECT_EQ(document["run"]["complete"], true);
  EXPECT_GT(document["run"]["seconds"].get<double>(), 0.0);
}

TEST(Document, SurvivesTheFile) {
  const Folder folder;
  Json document = new_document({"softmark"}, 1);
  document["warnings"].push_back(number(-0.0));
  write_file(folder / "d.json", to_text(document));
  const Json back = read_document(folder / "d.json");
  EXPECT_EQ(to_text(back), to_text(document));
  EXPECT_TRUE(std::signbit(back["warnings"][0].get<double>()));
}

TEST(Document, RefusesForeignInput) {
  const Folder folder;
  const auto refused = [&](const char* text, const char* says) {
    write_file(folder / "d.json", text);
    expect_error(kUnreadable, says, [&] { read_document(folder / "d.json"); });
  };
  refused("", "not JSON");
  refused("{\"schema\":\"softmark.report\",", "not JSON");
  refused("[]", "not a softmark document");
  refused("{\"schema\":\"pytest\"}", "not a softmark document");
  refused("{\"schema\":\"softmark.report\"}", "schema_version null");
  refused("{\"schema\":\"softmark.report\",\"schema_version\":\"3.0\"}",
          "schema_version 3.0 is unknown");
  refused("{\"schema\":\"softmark.report\",\"schema_version\":\"1.0\",\"kernels\":7}",
          "\"kernels\" is not a list");
  refused("{\"schema\":\"softmark.report\",\"schema_version\":\"1.0\",\"kernels\":[7]}",
          "\"kernels\" is not a list");
  refused("{\"schema\":\"softmark.report\",\"schema_version\":\"1.0\",\"run\":[]}",
          "\"run\" is not an object");
  expect_error(kUnreadable, "No such file", [&] { read_document(folder / "absent.json"); });
  expect_error(kUnreadable, "Is a directory", [&] { read_document(folder / "."); });
}

TEST(Document, ReadsANewerMinorVersion) {
  const Folder folder;
  Json document = new_document({}, 0);
  document["schema_version"] = "2.7";
  document["something_new"] = 3;
  write_file(folder / "d.json", to_text(document));
  EXPECT_EQ(read_document(folder / "d.json")["something_new"], 3);
}

TEST(Document, ReadsVersionOneUnderTodaysNames) {
  const Folder folder;
  const std::string path = folder / "old.json";
  write_file(path, R"({"schema":"softmark.report","schema_version":"1.0","properties":[
                      {"kernel":"k","judge":"bound","severity":"must"},{"kernel":"k","severity":"note"}]})");
  const Json document = read_document(path);
  EXPECT_EQ(document["schema_version"], "2.1");
  EXPECT_EQ(document["properties"][0].dump(),
            R"({"kernel":"k","severity":"error","criterion":"bound"})");
  EXPECT_EQ(document["properties"][1]["severity"], "note");
}

}  // namespace
}  // namespace softmark
