// SPDX-License-Identifier: Apache-2.0
#include "support/progress.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace softmark {
namespace {

using std::chrono::milliseconds;

// What a test captures is no terminal.
TEST(Progress, InAPipeIsALineFromTimeToTime) {
  testing::internal::CaptureStderr();
  {
    Progress progress("verify", 4, 0, milliseconds(20));
    progress.show("too early");
    progress.step(1);
    std::this_thread::sleep_for(milliseconds(30));
    progress.show("a kernel");
    progress.show("too early again");
    progress.print("stays on a terminal");
  }
  const std::string printed = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 1) << printed;
  EXPECT_TRUE(printed.starts_with("verify  25 %")) << printed;
  EXPECT_TRUE(printed.ends_with("  a kernel\n")) << printed;
}

TEST(Progress, InAPipeOnlyLongWorkIsEstimated) {
  testing::internal::CaptureStderr();
  { Progress progress("bench", 1, 2); }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  { Progress progress("bench", 1, 300); }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "bench: about 5 min\n");
}

}  // namespace
}  // namespace softmark
