// SPDX-License-Identifier: Apache-2.0
// Files read and written whole.
#pragma once

#include <string>
#include <string_view>

#include "support/error.h"

namespace softmark {

/// The bytes of a file; "-" is standard input. Throws Error(kUnreadable) with one line: what,
/// where, why.
std::string read_file(const std::string& path);

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

}  // namespace softmark
