// SPDX-License-Identifier: Apache-2.0
#include "support/quote.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

namespace softmark {
namespace {

/// What bash makes of a quoted word.
std::string by_shell(const std::string& quoted) {
  FILE* pipe = popen(("bash -c " + shell_quoted("printf '%s' " + quoted)).c_str(), "r");
  std::string text;
  for (int c; (c = fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  pclose(pipe);
  return text;
}

TEST(Quote, AShellReadsTheWordBack) {
  for (const std::string word :
       {"plain", "with space", "a'b", "\"", "$(touch x)", "`id`", "a;b", "*", "new\nline",
        "\xff\xfe", "back\\slash'\x01", "\u00e9", "-n"}) {
    const std::string quoted = shell_quoted(word);
    EXPECT_EQ(valid_utf8(quoted), quoted);
    EXPECT_EQ(quoted.find('\n'), quoted.npos);
    EXPECT_EQ(by_shell(quoted), word) << quoted;
  }
  EXPECT_EQ(shell_quoted("simd/softmax/f32"), "simd/softmax/f32");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(Quote, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(valid_utf8("a\xc3\xa9\xf0\x9f\x98\x80"), "a\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(valid_utf8("\xff"
                       "a\xc3"),
            "\uFFFDa\uFFFD");
  EXPECT_EQ(valid_utf8("\xc0\x80"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(Quote, SuggestsNearNames) {
  EXPECT_EQ(nearest_names("kernal", {"threads", "kernel", "format", "op"}),
            "kernel, format, threads");
  EXPECT_EQ(nearest_names(std::string(1 << 20, 'x'), {"a"}), "a");
  EXPECT_EQ(nearest_names("x", {}), "");
}

TEST(Quote, NamesTheProgram) {
  EXPECT_TRUE(std::filesystem::exists(program_path()));
  EXPECT_EQ(absolute_path("/a/../b"), "/b");
  EXPECT_EQ(absolute_path("x.so"), (std::filesystem::current_path() / "x.so").string());
}

}  // namespace
}  // namespace softmark
