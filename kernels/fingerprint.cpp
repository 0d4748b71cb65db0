// SPDX-License-Identifier: Apache-2.0
#include "kernels/fingerprint.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <vector>

#include "kernels/plugin_argument.h"
#include "support/hash.h"

namespace softmark {
namespace {

namespace fs = std::filesystem;

/// The file that holds the code: "mine.py" of "python:mine.py:softmax".
fs::path file_of(const std::string& library) {
  if (!library.starts_with(kPython)) return library;
  const std::size_t end = library.rfind(".py:");
  return end == library.npos ? "" : library.substr(kPython.size(), end + 3 - kPython.size());
}

/// The file itself, then its builds for other instruction sets by name.
std::vector<fs::path> files_of(const fs::path& file) {
  std::vector<fs::path> files = {file};
  if (file.extension() != ".so") return files;
  std::set<fs::path> builds;
  const std::string stem = file.stem().string() + ".";
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(file.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(stem) && entry.path().extension() == ".so" && entry.path() != file)
      builds.insert(entry.path());
  }
  files.insert(files.end(), builds.begin(), builds.end());
  return files;
}

}  // namespace

std::string fingerprint_of(const std::string& library) {
  const fs::path file = file_of(library);
  std::error_code ignored;
  if (file.empty() || !fs::is_regular_file(file, ignored)) return "";
  std::uint64_t hash = kFnvStart;
  std::vector<char> block(1 << 16);
  for (const fs::path& one : files_of(file)) {
    std::ifstream bytes(one, std::ios::binary);
    while (bytes.read(block.data(), static_cast<std::streamsize>(block.size())), bytes.gcount() > 0)
      hash = fnv1a({block.data(), static_cast<std::size_t>(bytes.gcount())}, hash);
  }
  return fmt::format("{:#x}", hash);
}

}  // namespace softmark
