// SPDX-License-Identifier: Apache-2.0
// Finished parts of long work, kept on disk until all of it is done.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace softmark {

/// A file of entries, each whole: one that a killed process left half written does not count.
class Journal {
 public:
  /// Without a file: keeps nothing.
  Journal() = default;
  /// Goes on with the file at `path`, where `resumes`, and starts one where there is none.
  /// `identity` says whose entries they are. Throws Error(kUsage) for the file of another identity,
  /// and for one that must not be lost because `resumes` is false; Error(kNotMeasurable) where it
  /// cannot be written.
  Journal(const std::string& path, std::string_view identity, bool resumes);
  ~Journal();
  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;

  /// Of an earlier run.
  const std::vector<std::string>& found() const { return found_; }
  void add(std::string_view entry);
  const std::string& path() const { return path_; }
  std::size_t entries() const { return entries_; }
  /// All is done, and its result written.
  void remove();

 private:
  void begin(std::string_view identity, bool resumes);
  void read(std::string_view text, std::string_view identity, bool resumes);

  std::string path_;
  int fd_ = -1;
  std::size_t entries_ = 0;
  std::vector<std::string> found_;
  std::chrono::steady_clock::time_point synced_;
};

}  // namespace softmark
