// SPDX-License-Identifier: Apache-2.0
#include "support/json_reader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/test_support.h"

namespace softmark {
namespace {

TEST(JsonReader, ReadsWhatNlohmannReads) {
  for (const char* text :
       {R"({"a":[1,-2,3.5,true,null,"x\u00e9"],"b":{"c":[],"d":{}},"":18446744073709551615})", "7",
        "[]", "\"\"", R"([[[["deep"]]]])"})
    EXPECT_EQ(parse_json(text, "t"), Json::parse(text)) << text;
}

TEST(JsonReader, RefusesWithThePlace) {
  const auto refused = [](const std::string& text, const char* says) {
    expect_error(kUnreadable, says, [&] { parse_json(text, "f.json"); });
  };
  refused("", "f.json: is not JSON");
  refused("{\"a\":", "f.json: is not JSON: parse error at line 1, column 6");
  refused("[1,2]x", "is not JSON");
  refused("[NaN]", "is not JSON");
  refused("\"\xff\"", "is not JSON");
  refused(std::string("[1,\0]", 5), "is not JSON");
  refused("{\"a\":[0,{\"b\":1e999}]}", "f.json: a[1].b: '1e999' is beyond the range of float64");
  refused("{\"a\":[{\"b\":1,\"c\":2,\"b\":3}]}", "f.json: a[0]: gives \"b\" twice");
  refused("{\"a\":\"" + std::string(100000, 'y'), "is not JSON");
}

TEST(JsonReader, LimitsDepthAndKeysAndMemory) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(kMostJsonDepth), "t").is_array());
  expect_error(kUnreadable, "nests deeper than 100 levels",
               [&] { parse_json(nested(kMostJsonDepth + 1), "t"); });
  expect_error(kUnreadable, "nests deeper", [] { parse_json(std::string(100000, '['), "t"); });
  std::string keys = "{";
  for (std::size_t i = 0; i <= kMostJsonKeys; ++i) keys += "\"" + std::to_string(i) + "\":0,";
  expect_error(kUnreadable, "more than 10000 keys", [&] { parse_json(keys, "t"); });
  // An empty list takes three bytes of text and forty of memory.
  std::string dense = "[";
  for (int i = 0; i < 4 << 20; ++i) dense += "[],";
  expect_error(kUnreadable, "more than 128 MiB of memory", [&] { parse_json(dense, "t"); });
}

TEST(JsonReader, AFileHasALargestSize) {
  const Folder folder;
  std::ofstream(folder / "large.json") << "[]";
  std::filesystem::resize_file(folder / "large.json", kMostFileBytes + 1);
  expect_error(kUnreadable, "holds more than 64 MiB", [&] { read_json(folder / "large.json"); });
  expect_error(kUnreadable, "holds more than 64 MiB", [] { read_json("/dev/zero"); });
  expect_error(kUnreadable, "No such file", [&] { read_json(folder / "absent.json"); });
}

TEST(JsonReader, MessagesKeepAnyBytes) {
  const Json json = {{"path", "/tmp/\xff\xfe"}, {"limit", 0.1}};
  EXPECT_EQ(json_of_message(json_message(json)), json);
}

}  // namespace
}  // namespace softmark
