// SPDX-License-Identifier: Apache-2.0
#include "support/journal.h"

#include <fstream>

#include "support/files.h"
#include "support/test_support.h"

namespace softmark {
namespace {

TEST(Journal, IsGoneOnWith) {
  const Folder folder;
  const std::string path = folder / "a.journal", entry("two\0\n", 5);
  {
    Journal first(path, "mine", false);
    EXPECT_TRUE(first.found().empty());
    first.add("one");
    first.add(entry);
    EXPECT_EQ(first.entries(), 2u);
  }
  {
    Journal second(path, "mine", true);
    EXPECT_EQ(second.found(), (std::vector<std::string>{"one", entry}));
    second.add("three");
    EXPECT_EQ(second.entries(), 3u);
  }
  Journal third(path, "mine", true);
  EXPECT_EQ(third.found(), (std::vector<std::string>{"one", entry, "three"}));
  third.remove();
  EXPECT_EQ(folder.files(), 0u);
}

// Whatever length a killed process left, the whole entries count, and the next one follows them.
TEST(Journal, AHalfWrittenEntryDoesNotCount) {
  const Folder folder;
  const std::string path = folder / "a.journal";
  {
    Journal journal(path, "mine", false);
    journal.add("one");
    journal.add("two");
  }
  const std::string whole = read_file(path);
  for (std::size_t cut = 1; cut < 19; ++cut) {
    write_file(path, whole.substr(0, whole.size() - cut));
    {
      Journal journal(path, "mine", true);
      EXPECT_EQ(journal.found(), std::vector<std::string>{"one"}) << cut;
      journal.add("two");
    }
    EXPECT_EQ(read_file(path), whole) << cut;
  }
  std::string changed = whole;
  changed.back() = 'x';
  write_file(path, changed);
  EXPECT_EQ(Journal(path, "mine", true).found(), std::vector<std::string>{"one"});
}

TEST(Journal, RefusesWhatIsNotItsOwn) {
  const Folder folder;
  const std::string path = folder / "a.journal";
  { Journal journal(path, "mine", true); }
  expect_error(kUsage, "--resume", [&] { Journal(path, "mine", false); });
  expect_error(kUsage, "another run (", [&] { Journal(path, "other", true); });
  {
    const Journal journal(path, "mine", true);
    expect_error(kUsage, "another run writes", [&] { Journal(path, "mine", true); });
  }
  write_file(path, "text");
  for (const bool resumes : {false, true})
    expect_error(kUsage, "is no journal", [&] { Journal(path, "mine", resumes); });
  EXPECT_EQ(read_file(path), "text");
  expect_error(kNotMeasurable, "no/such", [&] { Journal(folder / "no/such", "mine", true); });
}

TEST(Journal, WithoutAFileKeepsNothing) {
  Journal journal;
  journal.add("one");
  journal.remove();
  EXPECT_TRUE(journal.found().empty());
}

}  // namespace
}  // namespace softmark
