// SPDX-License-Identifier: Apache-2.0
// Files read and written whole.
#pragma once

#include <string>
#include <string_view>

#include "support/error.h"

namespace softmark {

inline constexpr std::size_t kMostFileBytes = std::size_t{64} << 20;

/// The bytes of a file; "-" is standard input. Throws Error(kUnreadable) with one line: what,
/// where, why; also for a file of more than `most_bytes` and for a named pipe without a writer.
std::string read_file(const std::string& path, std::size_t most_bytes = kMostFileBytes);

/// Throws what write_file would throw for a directory, a missing folder or a lack of permission:
/// asked before long work, so that its result is not lost.
void check_writable(const std::string& path);

/// Writes the whole text or nothing: temporary file beside `path`, flush, rename. "-" is standard
/// output; a device such as /dev/full is written directly. Every failure (full disk, directory, no
/// permission) is Error(kNotMeasurable).
void write_file(const std::string& path, std::string_view text);

/// Adds to the end of a file (a log that others write too), made where it is missing. Throws
/// Error(kNotMeasurable).
void append_file(const std::string& path, std::string_view text);

/// Held while a file is read, changed and written whole: other softmark processes that change a
/// file of the same folder wait. Locks the folder itself, because the file is replaced; leaves
/// nothing behind.
class FolderLock {
 public:
  /// Throws Error(kNotMeasurable) where the folder of `path` cannot be opened or locked.
  explicit FolderLock(const std::string& path);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

/// Gives descriptors 0, 1 and 2 a place where they are closed, so that no file is opened under
/// their numbers and written to by mistake; reading and writing them fails then.
void reserve_standard_descriptors();

}  // namespace softmark
