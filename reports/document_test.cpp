// SPDX-License-Identifier: Apache-2.0
#include "reports/document.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <random>

#include "reports/sample.h"
#include "support/non_finite.h"
#include "support/test_support.h"

namespace softmark {
namespace {

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
  document["build"]["zero"] = number(-0.0);
  write_file(folder / "d.json", to_text(document));
  const Json back = read_document(folder / "d.json");
  EXPECT_EQ(to_text(back), to_text(document));
  EXPECT_TRUE(std::signbit(back["build"]["zero"].get<double>()));
}

TEST(Document, RefusesForeignInput) {
  const Folder folder;
  const auto refused = [&](const char* text, const char* says) {
    write_file(folder / "d.json", text);
    expect_error(kUnreadable, says, [&] { read_document(folder / "d.json"); });
  };
  refused("", "is not JSON");
  refused("{\"schema\":\"softmark.report\",", "is not JSON");
  refused("[]", "not a softmark document");
  refused("{\"schema\":\"pytest\"}", "not a softmark document");
  refused("{\"schema\":\"softmark.report\"}", "schema_version (no text)");
  refused("{\"schema\":\"softmark.report\",\"schema_version\":\"3.0\"}",
          "schema_version 3.0 is unknown");
  expect_error(kUnreadable, "No such file", [&] { read_document(folder / "absent.json"); });
  expect_error(kUnreadable, "Is a directory", [&] { read_document(folder / "."); });
}

/// Why a changed sample is refused; "" where it is read.
std::string refusal(const std::function<void(Json&)>& change) {
  const Folder folder;
  Json document = sample_document();
  change(document);
  write_file(folder / "d.json", to_text(document));
  try {
    read_document(folder / "d.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code, kUnreadable);
    return std::string(error.what()).substr((folder / "d.json").size() + 2);
  }
  return "";
}

TEST(Document, IsCheckedAgainstItsSchema) {
  EXPECT_EQ(refusal([](Json&) {}), "");
  EXPECT_EQ(refusal([](Json& d) { d["properties"][3]["verdict"] = "banana"; }),
            "properties[3].verdict: \"banana\" is none of pass, fail, skip, crash, timeout, error, "
            "inconclusive, incomplete");
  EXPECT_EQ(refusal([](Json& d) { d["measurements"][1]["cols"] = -3; }),
            "measurements[1].cols: must be at least 0, not -3");
  EXPECT_EQ(refusal([](Json& d) { d["measurements"][0]["ns_per_element"]["median"] = -5; }),
            "measurements[0].ns_per_element.median: must be above 0, not -5");
  EXPECT_EQ(refusal([](Json& d) { d.erase("machine"); }), "lacks \"machine\"");
  EXPECT_EQ(refusal([](Json& d) { d["run"]["compete"] = true; }),
            "run: unknown key \"compete\"; did you mean complete, effort, seed?");
}

TEST(Document, NamesNoKernelThatItLacks) {
  EXPECT_EQ(refusal([](Json& d) { d["accuracy"][2]["kernel"] = "ghost/softmax/f32"; }),
            "accuracy[2].kernel: \"ghost/softmax/f32\" is none of the document's kernels");
  EXPECT_EQ(refusal([](Json& d) { d["kernels"][1] = d["kernels"][0]; }),
            "kernels[1].id: stands twice");
}

TEST(Document, IgnoresWhatANewerMinorVersionAdds) {
  const auto newer = [](Json& d) {
    d["schema_version"] = "2.7";
    d["something_new"] = d["run"]["more"] = 3;
  };
  EXPECT_EQ(refusal(newer), "");
  EXPECT_EQ(refusal([&](Json& d) {
              newer(d);
              d["kernels"] = 7;
            }),
            "kernels: must be of type array, not 7");
}

TEST(Document, ReadsVersionOneUnderTodaysNames) {
  const Folder folder;
  Json old = sample_document();
  old["schema_version"] = "1.0";
  for (Json& verdict : old["properties"]) {
    verdict["judge"] = verdict["criterion"];
    verdict.erase("criterion");
    if (verdict["severity"] == "error") verdict["severity"] = "must";
  }
  write_file(folder / "old.json", to_text(old));
  const Json document = read_document(folder / "old.json");
  EXPECT_EQ(document["schema_version"], "2.2");
  EXPECT_EQ(document["properties"][0]["criterion"], old["properties"][0]["judge"]);
  EXPECT_EQ(document["properties"][0]["severity"], "error");
  EXPECT_FALSE(document["properties"][0].contains("judge"));
}

TEST(Document, IsUtf8WhateverAKernelPrints) {
  Json document = new_document({"softmark", "\xff"}, 1);
  document["warnings"].push_back("it printed: \xc3");
  finish_document(document, true);
  EXPECT_EQ(document["run"]["argv"][1], "\uFFFD");
  EXPECT_EQ(document["warnings"][0], "it printed: \uFFFD");
}

}  // namespace
}  // namespace softmark
