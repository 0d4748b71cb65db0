// SPDX-License-Identifier: Apache-2.0
#include "support/shared_table.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

namespace softmark {
namespace {

SharedTable::Bytes bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text(const std::optional<SharedTable::Entry>& entry) {
  if (!entry) return "none";
  return {reinterpret_cast<const char*>(entry->value.data()), entry->value.size()};
}

/// A table that is mapped twice, as in two processes.
class SharedTables : public testing::Test {
 protected:
  explicit SharedTables(std::size_t size = 1 << 20) : descriptor_(SharedTable::create(size)) {}
  ~SharedTables() override { close(descriptor_); }

  int descriptor_;
  SharedTable table_{descriptor_}, other_{descriptor_};
};

TEST_F(SharedTables, ShowWhatWasAddedThroughAnother) {
  EXPECT_EQ(text(other_.find(7, {bytes("row")})), "none");
  const auto added = table_.add(7, {bytes("row")}, bytes("exact values"));
  ASSERT_TRUE(added);
  const auto found = other_.find(7, {bytes("row")});
  EXPECT_EQ(text(found), "exact values");
  EXPECT_EQ(found->id, added->id);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found->value.data()) % 16, 0u);
}

TEST_F(SharedTables, TellKeysOfOneHashApart) {
  for (const char* key : {"a", "b", "ab", ""})
    ASSERT_TRUE(table_.add(3, {bytes(key)}, bytes(std::string("of ") + key)));
  for (const char* key : {"a", "b", "ab", ""})
    EXPECT_EQ(text(other_.find(3, {bytes(key)})), std::string("of ") + key);
  EXPECT_EQ(text(other_.find(3, {bytes("c")})), "none");
  EXPECT_EQ(text(other_.find(3, {bytes("a"), bytes("b")})), "of ab");
}

TEST_F(SharedTables, HoldWhatAnotherProcessAdded) {
  const pid_t child = fork();
  if (child == 0) {
    SharedTable mine(descriptor_);
    bool added = true;
    for (std::uint64_t i = 0; i < 300; ++i)
      added = added && mine.add(i, {bytes(std::to_string(i))}, bytes(std::to_string(i * i)));
    _exit(added ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  for (std::uint64_t i = 0; i < 300; ++i)
    ASSERT_EQ(text(table_.find(i, {bytes(std::to_string(i))})), std::to_string(i * i));
}

TEST_F(SharedTables, RefuseWhatDoesNotFit) {
  const std::string value(100000, 'v');
  std::uint64_t added = 0;
  while (added < 100 && table_.add(added, {bytes(std::to_string(added))}, bytes(value))) ++added;
  EXPECT_GT(added, 5u);
  EXPECT_LT(added, 11u);
  EXPECT_FALSE(table_.add(1000, {bytes("much")}, bytes(std::string(1 << 21, 'v'))));
  for (std::uint64_t i = 0; i < added; ++i)
    EXPECT_EQ(text(other_.find(i, {bytes(std::to_string(i))})), value);
  EXPECT_EQ(text(other_.find(added, {bytes(std::to_string(added))})), "none");
}

TEST(SharedTable, HoldsNothingWithoutAFile) {
  const int none = SharedTable::create(0);
  SharedTable empty(none), absent(-1);
  close(none);
  for (SharedTable* table : {&empty, &absent}) {
    EXPECT_FALSE(table->add(1, {bytes("key")}, bytes("value")));
    EXPECT_FALSE(table->find(1, {bytes("key")}));
    EXPECT_EQ(table->bytes_used(), 0u);
  }
}

}  // namespace
}  // namespace softmark
