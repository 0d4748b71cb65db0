// SPDX-License-Identifier: Apache-2.0
// An emulator that runs this program's children: a script here. The children's roles stand in
// child_test.cpp.
#include "support/emulation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/channel.h"
#include "support/child.h"
#include "support/error.h"
#include "support/files.h"
#include "support/role.h"

namespace softmark {
namespace {

/// It says what it runs, and gives way to it. The spaces are part of its name.
class Emulator : public testing::Test {
 protected:
  Emulator() {
    std::filesystem::create_directories(folder_);
    write_file(program_, "#!/bin/sh\nRUN_BY=\"emulator of ${1##*/}, $# words\" exec \"$@\"\n");
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
    setenv("SOFTMARK_EMULATOR", program_.c_str(), 1);
  }
  ~Emulator() override {
    unsetenv("SOFTMARK_EMULATOR");
    std::filesystem::remove_all(folder_);
  }

  /// The only reply of a child of this program.
  static std::string reply_of(const char* role, const std::vector<int>& descriptors = {}) {
    std::string only;
    const ChildResult result = run_child(
        role, "", 30, [&](const std::string& reply) { only += reply; }, descriptors);
    EXPECT_TRUE(result.ok()) << result.ending << result.output;
    return only;
  }

  const std::string folder_ = testing::TempDir() + "softmark emulator " + std::to_string(getpid()),
                    program_ = folder_ + "/an emulator";
};

TEST_F(Emulator, RunsThisProgramAsAChild) {
  EXPECT_EQ(reply_of("test-emulator"), "emulator of support_test, 2 words");
}

TEST_F(Emulator, PassesTheDescriptorsOn) {
  int descriptors = 0;
  ASSERT_TRUE(parse_message(reply_of("test-descriptors", {0, 0}), descriptors));
  EXPECT_EQ(descriptors, 6);  // the standard three, the channel, and the two given
}

TEST_F(Emulator, RunsNoOtherProgram) {
  ChildStart start;
  start.program = "sh";
  start.arguments = {"-c", "echo run by \"${RUN_BY:-none}\""};
  ChildProcess child(start);
  ASSERT_TRUE(child.wait_end(deadline_after(30)));
  EXPECT_EQ(child.output(), "run by none\n");
}

TEST_F(Emulator, ThatIsEmptyIsNone) {
  setenv("SOFTMARK_EMULATOR", "", 1);
  EXPECT_EQ(reply_of("test-emulator"), "");
}

TEST_F(Emulator, ThatIsNotThereIsAnError) {
  setenv("SOFTMARK_EMULATOR", "/no/such/emulator", 1);
  try {
    reply_of("test-emulator");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, kNotMeasurable);
    EXPECT_NE(std::string(error.what()).find("/no/such/emulator"), std::string::npos);
  }
}

// A script gives way to the program, which the CPU itself runs: times are times, and limits stay.
TEST_F(Emulator, ThatGivesWayEmulatesNothing) {
  EXPECT_FALSE(is_emulated());
  EXPECT_EQ(emulation_allowance(), 1);
  EXPECT_NO_THROW(refuse_emulation());
}

}  // namespace
}  // namespace softmark
