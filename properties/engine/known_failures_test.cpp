// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/known_failures.h"

#include <gtest/gtest.h>

#include "properties/engine/known_failures_text.h"

namespace softmark {
namespace {

TEST(KnownFailures, ShipInTheLayoutThatAcceptWrites) {
  const std::string shipped = kKnownFailuresText;
  EXPECT_EQ(known_failures_text(Json::parse(shipped)), shipped);
}

TEST(KnownFailures, KeepTheOrderOfWhatTheyHold) {
  const std::string text = R"({"limits": [{"reason": "b", "kernel": "a"}], "schema": "c"})";
  EXPECT_EQ(Json::parse(known_failures_text(Json::parse(text))).dump(), Json::parse(text).dump());
}

}  // namespace
}  // namespace softmark
