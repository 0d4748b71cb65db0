// SPDX-License-Identifier: Apache-2.0
#include "support/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test_support.h"

namespace softmark {
namespace {

TEST(Files, AreReplacedWholeAndLeaveNothingBeside) {
  const Folder folder;
  write_file(folder / "a", "first");
  write_file(folder / "a", std::string(1 << 20, 'x'));
  EXPECT_EQ(read_file(folder / "a"), std::string(1 << 20, 'x'));
  EXPECT_EQ(folder.files(), 1u);
}

TEST(Files, KeepTheModeOfWhatTheyReplace) {
  const Folder folder;
  write_file(folder / "a", "first");
  ASSERT_EQ(::chmod((folder / "a").c_str(), 0640), 0);
  write_file(folder / "a", "second");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0640u);
}

TEST(Files, GoThroughASymbolicLink) {
  const Folder folder;
  write_file(folder / "real", "first");
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  write_file(folder / "link", "second");
  EXPECT_EQ(read_file(folder / "real"), "second");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
}

TEST(Files, SayInOneLineWhatWentWrong) {
  const Folder folder;
  expect_error(kNotMeasurable, "name a file inside it", [&] { write_file(folder / ".", "x"); });
  expect_error(kNotMeasurable, "create that folder first",
               [&] { write_file(folder / "no/such/folder", "x"); });
  expect_error(kNotMeasurable, "No space left on device", [] { write_file("/dev/full", "x"); });
  expect_error(kNotMeasurable, "", [&] { write_file("", "x"); });
  EXPECT_EQ(folder.files(), 0u);
}

TEST(Files, WriteToDevicesAndReadThem) {
  write_file("/dev/null", "x");
  EXPECT_EQ(read_file("/dev/null"), "");
}

}  // namespace
}  // namespace softmark
