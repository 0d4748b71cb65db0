// SPDX-License-Identifier: Apache-2.0
#include "support/schema.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace softmark {
namespace {

const Json kSchema = Json::parse(R"({
  "type": "object", "required": ["a"], "additionalProperties": false,
  "properties": {
    "a": {"type": "integer", "minimum": 0, "maximum": 9},
    "b": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true, "items": {"$ref": "#/$defs/word"}},
    "c": {"oneOf": [{"type": "null"}, {"type": "number", "exclusiveMinimum": 0}]},
    "d": {"enum": ["x", "y", null]},
    "e": {"type": "object", "additionalProperties": {"type": "boolean"}},
    "f": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"const": 1}}]}
  },
  "if": {"properties": {"d": {"const": "x"}}},
  "then": {"required": ["c"]},
  "$defs": {"word": {"type": "string", "pattern": "^[a-z]+$", "minLength": 1}}
})");

std::string fault(const char* text, UnknownKeys unknown = UnknownKeys::kRefused) {
  return schema_fault(kSchema, Json::parse(text), unknown);
}

TEST(Schema, AcceptsWhatKeepsToIt) {
  for (const char* text : {R"({"a":0,"d":"y"})", R"({"a":9,"b":["k","l"],"c":0.5,"d":"x"})",
                           R"({"a":1,"c":null,"d":null,"e":{"p":true,"q":false},"f":[1,1]})"})
    EXPECT_EQ(fault(text), "") << text;
}

TEST(Schema, NamesTheFirstFaultAndItsPlace) {
  EXPECT_EQ(fault("[]"), "must be of type object, not a list");
  EXPECT_EQ(fault("{}"), "lacks \"a\"");
  EXPECT_EQ(fault(R"({"a":"1"})"), "a: must be of type integer, not \"1\"");
  EXPECT_EQ(fault(R"({"a":1.5})"), "a: must be of type integer, not 1.5");
  EXPECT_EQ(fault(R"({"a":-1})"), "a: must be at least 0, not -1");
  EXPECT_EQ(fault(R"({"a":10})"), "a: must be at most 9, not 10");
  EXPECT_EQ(fault(R"({"a":0,"b":["k",7]})"), "b[1]: must be of type string, not 7");
  EXPECT_EQ(fault(R"({"a":0,"b":["K"]})"), "b[0]: \"K\" is not of the form ^[a-z]+$");
  EXPECT_EQ(fault(R"({"a":0,"b":[]})"), "b: must hold at least 1, not 0");
  EXPECT_EQ(fault(R"({"a":0,"b":["k","k"]})"), "b: \"k\" stands twice");
  EXPECT_EQ(fault(R"({"a":0,"c":0})"), "c: must be above 0, not 0");
  EXPECT_EQ(fault(R"({"a":0,"d":"z"})"), "d: \"z\" is none of x, y, null");
  EXPECT_EQ(fault(R"({"a":0,"d":"x"})"), "lacks \"c\"");
  EXPECT_EQ(fault(R"({"a":0,"e":{"p":1}})"), "e.p: must be of type boolean, not 1");
  EXPECT_EQ(fault(R"({"a":0,"f":[1,2]})"), "f[1]: must be 1, not 2");
  EXPECT_EQ(fault(R"({"a":0,"g":1})"), "unknown key \"g\"; did you mean a, b, c?");
}

TEST(Schema, IgnoresUnknownKeysWhereAsked) {
  EXPECT_EQ(fault(R"({"a":0,"d":"y","g":1})", UnknownKeys::kIgnored), "");
  EXPECT_NE(fault(R"({"a":-1,"d":"y","g":1})", UnknownKeys::kIgnored), "");
}

TEST(Schema, ALongTextIsNotMatched) {
  const Json value = {{"a", 0}, {"d", "y"}, {"b", {std::string(1 << 20, 'k')}}};
  EXPECT_EQ(schema_fault(kSchema, value, UnknownKeys::kRefused),
            "b[0]: is 1048576 bytes long; at most 1024 are read here");
}

TEST(Schema, AKeywordThatIsNotCheckedIsAnErrorOfTheSchema) {
  EXPECT_THROW(schema_fault({{"multipleOf", 2}}, 3, UnknownKeys::kRefused), std::logic_error);
}

}  // namespace
}  // namespace softmark
