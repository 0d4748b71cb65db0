// SPDX-License-Identifier: Apache-2.0
// The manual page and the shells' completions, from the same texts as --help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace softmark {

/// `kind`: "man" (softmark.1), "bash", "zsh" or "fish". "" for any other.
std::string manual(const CLI::App& app, const std::string& kind, const std::string& version);

}  // namespace softmark
