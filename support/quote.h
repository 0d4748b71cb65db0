// SPDX-License-Identifier: Apache-2.0
// Names as they are given on a command line: any bytes, made safe for a shell, for text and for
// messages that suggest another one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace softmark {

/// The text with every byte that is no UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

/// One word for a POSIX shell, quoted only where it has to be. Control characters and bytes that
/// are no UTF-8 are written as $'\n' and $'\xff' (bash, zsh, POSIX 2024), so that the word is one
/// line of printable text.
std::string shell_quoted(std::string_view word);

/// This program's path, absolute; "softmark" where it cannot be read.
std::string program_path();
/// Its folder, where its plugins are: with a slash at the end, or empty.
std::string program_folder();

/// The path made absolute, without resolving links.
std::string absolute_path(const std::string& path);

/// The up to three names nearest to a misspelt one: "softmax, hardmax, sigmoid".
std::string nearest_names(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace softmark
