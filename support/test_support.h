// SPDX-License-Identifier: Apache-2.0
// For tests: a folder of one's own, and the expectation of an Error with its code and
// words.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "support/error.h"

namespace softmark {

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A fresh folder below the current one (ctest runs in the build folder), gone with the object.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::current_path() / "reports_test_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

inline void expect_error(ExitCode code, const std::string& says,
                         const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error; wanted one that says: " << says;
  } catch (const Error& error) {
    EXPECT_EQ(error.code, code) << error.what();
    EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos)
        << "one line: " << error.what();
  }
}

}  // namespace softmark
