// SPDX-License-Identifier: Apache-2.0
// Runs the built program for tests and looks at what it said.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace softmark {

namespace fs = std::filesystem;

struct Ran {
  int code;
  std::string out, err;
};

/// A folder of the test's own inside the build folder, empty at its start.
inline fs::path scratch() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder =
      fs::path(SOFTMARK_SCRATCH) / (std::string(test->test_suite_name()) + "." + test->name());
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

inline const std::string kPartial =
    std::string("--plugin ") + SOFTMARK_PLUGINS + "/partial.so ";  // properties/test_plugins

inline std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

/// Runs a whole command line.
inline Ran run_command(const std::string& line, const std::string& input = "") {
  const fs::path folder = fs::path(SOFTMARK_SCRATCH) / ("io." + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "in") << input;
  const std::string command = "( " + line + " ) <" + (folder / "in").string() + " >" +
                              (folder / "out").string() + " 2>" + (folder / "err").string();
  const int status = std::system(command.c_str());
  const Ran ran{WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(folder / "out"),
                text_of(folder / "err")};
  fs::remove_all(folder);
  return ran;
}

inline Ran run(const std::string& arguments, const std::string& input = "") {
  return run_command(std::string(SOFTMARK_BINARY) + " " + arguments, input);
}

inline void expect_one_line(const Ran& ran, int code, const std::string& says) {
  EXPECT_EQ(ran.code, code) << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_NE(ran.err.find(says), std::string::npos) << ran.err;
  EXPECT_TRUE(ran.out.empty()) << ran.out;
}

/// A .npy file of version 1: its header, and zeros as data.
inline std::string npy(const std::string& dictionary, std::size_t data_bytes) {
  std::string header = dictionary;
  header.resize((header.size() + 1 + 10 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() % 256);
  text += static_cast<char>(header.size() / 256);
  return text + header + std::string(data_bytes, '\0');
}

}  // namespace softmark
