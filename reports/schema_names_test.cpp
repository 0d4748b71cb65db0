// SPDX-License-Identifier: Apache-2.0
// The schema names the ops, types, claims and policies that the contract's tables hold, no more and
// no less.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "kernels/names.h"

namespace softmark {
namespace {

using Json = nlohmann::ordered_json;

template <class Names>
Json words(const Names& names) {
  Json list = Json::array();
  for (const std::string_view word : names) list.push_back(word);
  return list;
}

TEST(Schema, NamesWhatTheContractHolds) {
  std::ifstream file(SOFTMARK_SCHEMA);
  const Json definitions = Json::parse(file).at("$defs");
  EXPECT_EQ(definitions["op"]["enum"], words(kOpNames));
  EXPECT_EQ(definitions["dtype"]["enum"], words(kDtypeNames));
  const Json& kernel = definitions["kernel"]["properties"];
  EXPECT_EQ(kernel["claims"]["items"]["enum"], words(kClaimNames));
  EXPECT_EQ(kernel["masked_row"]["enum"], words(kMaskedRowNames));
  std::string types;
  for (const std::string_view word : kDtypeNames)
    types.append(types.empty() ? "" : "|").append(word);
  EXPECT_EQ(definitions["kernel_id"]["pattern"], "^[^/]+/[^/]+/(" + types + ")$");
}

}  // namespace
}  // namespace softmark
