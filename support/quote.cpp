// SPDX-License-Identifier: Apache-2.0
#include "support/quote.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

namespace softmark {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

/// Bytes of the well-formed code point at the start (Unicode 15, table 3-7); 0 where there is none.
std::size_t code_point(std::string_view text) {
  const unsigned char lead = byte_at(text, 0), next = byte_at(text, 1);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xc2   ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte_at(text, i) & 0xc0) != 0x80) return 0;
  // Overlong forms, surrogates, and beyond U+10FFFF.
  if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) ||
      (lead == 0xf0 && next < 0x90) || (lead == 0xf4 && next > 0x8f))
    return 0;
  return length;
}

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("_-./:,@%+=").find(c) != std::string_view::npos;
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Letters edited to make one of the other; upper and lower case are the same.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1,
                                                 diagonal + (lower(a[i - 1]) != lower(b[j - 1]))}));
  }
  return row.back();
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const std::size_t length = code_point(text);
    valid += length ? text.substr(0, length) : "\uFFFD";
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

std::string shell_quoted(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);
  std::string plain, escaped;
  bool printable = true;
  while (!word.empty()) {
    const std::size_t length = code_point(word);
    const auto lead = static_cast<unsigned char>(word[0]);
    if (length == 0 || lead < 0x20 || lead == 0x7f) {
      printable = false;
      escaped += fmt::format("\\x{:02x}", lead);
    } else {
      const std::string_view character = word.substr(0, length);
      plain += character == "'" ? "'\\''" : character;
      if (character == "'" || character == "\\") escaped += '\\';
      escaped += character;
    }
    word.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return printable ? "'" + plain + "'" : "$'" + escaped + "'";
}

std::string program_path() {
  std::error_code error;
  std::string path = std::filesystem::read_symlink("/proc/self/exe", error).string();
  // Linux marks a program that was replaced while it runs; the path is what names its successor.
  if (constexpr std::string_view kDeleted = " (deleted)"; path.ends_with(kDeleted))
    path.resize(path.size() - kDeleted.size());
  return error ? "softmark" : path;
}

std::string program_folder() {
  const std::string path = program_path();
  return path.substr(0, path.rfind('/') + 1);
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error).lexically_normal().string();
  return error || path.empty() ? path : absolute;
}

std::string nearest_names(std::string_view wanted, const std::vector<std::string>& names) {
  // The distance to a text that is longer than any name says nothing and takes long.
  wanted = wanted.substr(0, 100);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& name : names) ranked.emplace_back(edit_distance(name, wanted), name);
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> nearest;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, ranked.size()); ++i)
    nearest.push_back(ranked[i].second);
  return fmt::format("{}", fmt::join(nearest, ", "));
}

}  // namespace softmark
