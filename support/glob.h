// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fnmatch.h>

#include <string>

namespace softmark {

/// Whether the glob ("simd/*") describes the whole text. A slash is a character like any other.
inline bool matches_glob(const std::string& glob, const std::string& text) {
  return fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

}  // namespace softmark
