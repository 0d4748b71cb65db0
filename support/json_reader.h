// SPDX-License-Identifier: Apache-2.0
// JSON that people or other programs hand over, read with limits: whatever the bytes are, the
// answer is a value or one clear line.
#pragma once

#include <string>
#include <string_view>

#include "support/files.h"
#include "support/json.h"

namespace softmark {

inline constexpr std::size_t kMostJsonDepth = 100;   // of nested lists and objects
inline constexpr std::size_t kMostJsonKeys = 10000;  // of one object
inline constexpr std::size_t kFreeJsonBytes = std::size_t{128} << 20;  // see parse_json

/// The value of a JSON text; it takes at most 128 MiB of memory, or three times the text where that
/// is more. Throws Error(code) with one line, "WHERE: what is wrong", for anything but JSON, for a
/// key that stands twice in an object, a number beyond float64, and for what exceeds the limits.
Json parse_json(std::string_view text, const std::string& where, ExitCode code = kUnreadable);

/// The same of a file ("-" is standard input) of at most kMostFileBytes (support/files.h).
Json read_json(const std::string& path);

/// A path as messages have it: "measurements[3].samples[0]".
std::string json_place(const std::string& parent, std::string_view key);
std::string json_place(const std::string& parent, std::size_t index);

}  // namespace softmark
