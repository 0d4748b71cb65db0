// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/json_edit.h"

#include <gtest/gtest.h>

#include "support/json.h"

namespace softmark {
namespace {

constexpr std::string_view kText = R"({ "a" : [ 1, {"b]": "x\"]}", "c": [ ] }, -2.5e3 ],
  "list": [
      {"k": 1}
  ],
  "empty": [] , "last": null})";

std::string at(std::string_view text, std::optional<JsonSpan> span) {
  return span ? std::string(text.substr(span->begin, span->end - span->begin)) : "nothing";
}

TEST(JsonEdit, FindsMembersAndElements) {
  const JsonSpan root = json_root(kText);
  EXPECT_EQ(at(kText, root), kText);
  const auto a = json_member(kText, root, "a");
  ASSERT_TRUE(a);
  EXPECT_EQ(at(kText, json_element(kText, *a, 0)), "1");
  EXPECT_EQ(at(kText, json_element(kText, *a, 2)), "-2.5e3");
  EXPECT_EQ(at(kText, json_element(kText, *a, 3)), "nothing");
  const auto object = json_element(kText, *a, 1);
  ASSERT_TRUE(object);
  EXPECT_EQ(at(kText, json_member(kText, *object, "b]")), R"("x\"]}")");
  EXPECT_EQ(at(kText, json_member(kText, *object, "c")), "[ ]");
  EXPECT_EQ(at(kText, json_member(kText, *object, "a")), "nothing");
  EXPECT_EQ(at(kText, json_member(kText, root, "last")), "null");
  EXPECT_EQ(at(kText, json_element(kText, *json_member(kText, root, "empty"), 0)), "nothing");
}

TEST(JsonEdit, AppendsAndLeavesTheRestAsItStands) {
  std::string text(kText);
  json_append(text, *json_member(text, json_root(text), "list"), "{\n  \"k\": 2\n}");
  EXPECT_NE(text.find("      {\"k\": 1},\n      {\n        \"k\": 2\n      }\n  ],\n"),
            std::string::npos)
      << text;
  json_append(text, *json_member(text, json_root(text), "empty"), "7");
  json_append(text, *json_member(text, json_root(text), "a"), "8");
  Json want = Json::parse(kText);
  want["list"].push_back({{"k", 2}});
  want["empty"].push_back(7);
  want["a"].push_back(8);
  EXPECT_EQ(Json::parse(text), want) << text;
  EXPECT_EQ(text.substr(0, 20), kText.substr(0, 20));
}

}  // namespace
}  // namespace softmark
