// SPDX-License-Identifier: Apache-2.0
#include "properties/corpus/corpus.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <optional>
#include <sstream>

#include "kernels/names.h"
#include "properties/corpus/corpus_text.h"
#include "properties/engine/cases.h"
#include "support/files.h"
#include "support/json_reader.h"

namespace softmark {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".rows";

std::string file_name(softmark_op op, softmark_dtype dtype) {
  return std::string(name(op)) + "." + std::string(name(dtype)) + std::string(kEnding);
}

struct OpAndType {
  softmark_op op;
  softmark_dtype dtype;
};

std::optional<OpAndType> meaning_of(const std::string& file) {
  for (const softmark_op op : kAllOps)
    for (const softmark_dtype dtype : kAllDtypes)
      if (file == file_name(op, dtype)) return OpAndType{op, dtype};
  return std::nullopt;
}

// Cuts the line number off "FILE:LINE"; 0 where there is none.
std::size_t split_line(std::string& path) {
  const std::size_t colon = path.rfind(':');
  const std::string digits = colon == path.npos ? "" : path.substr(colon + 1);
  if (digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != digits.npos || fs::exists(path))
    return 0;
  path.erase(colon);
  return std::stoul(digits);
}

/// A comment of lines of at most 100 columns, which parse_corpus joins again.
std::string comment_of(const std::string& found) {
  constexpr std::size_t kColumns = 100;
  std::string text = "#", word;
  std::size_t columns = 1;
  for (std::istringstream words(found); words >> word; columns += 1 + word.size()) {
    if (columns > 1 && columns + 1 + word.size() > kColumns) text += "\n#", columns = 1;
    text += " " + word;
  }
  return text + "\n";
}

}  // namespace

std::vector<CorpusCase> shipped_corpus(softmark_op op, softmark_dtype dtype) {
  const std::string file = file_name(op, dtype);
  for (const auto& [shipped, text] : kCorpusFiles)
    if (shipped == file) return parse_corpus(text, op, dtype, "the built-in corpus's " + file);
  return {};
}

std::vector<CorpusCase> corpus_of_folder(const std::string& folder, softmark_op op,
                                         softmark_dtype dtype) {
  const fs::path path = fs::path(folder) / file_name(op, dtype);
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  return parse_corpus(read_file(path), op, dtype, path);
}

bool concerns(const CorpusCase& known, softmark_op op, std::string_view property) {
  if (property == "max_ulp" || property == "correctly_rounded") return true;
  const bool finite =
      std::all_of(known.c.x.begin(), known.c.x.end(), [](double v) { return std::isfinite(v); });
  if (property == (finite || !takes_logits(op) ? "error_bound" : "special_values")) return true;
  const std::string marked = "fails " + std::string(property);
  for (std::size_t at = 0; (at = known.found.find(marked, at)) != known.found.npos;
       at += marked.size()) {
    const char next =
        at + marked.size() < known.found.size() ? known.found[at + marked.size()] : ' ';
    if (next != '_' && !std::isalnum(static_cast<unsigned char>(next))) return true;
  }
  return false;
}

void check_corpus(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == kEnding) files.push_back(at->path());
  if (error)
    throw Error(kUnreadable, folder + ": cannot be read as a corpus: " + error.message() +
                                 "; --corpus takes a folder, make it first");
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const auto meaning = meaning_of(file.filename());
    if (!meaning)
      throw Error(
          kUnreadable,
          file.string() +
              ": is named after no op and type; name it OP.DTYPE.rows, such as softmax.f32.rows");
    corpus_of_folder(folder, meaning->op, meaning->dtype);
  }
  if (access(folder.c_str(), W_OK) != 0)
    throw Error(kNotMeasurable,
                folder + ": cannot be written to; --corpus adds what fails to this folder");
}

CorpusPlace add_to_corpus(const std::string& folder, softmark_op op, softmark_dtype dtype,
                          const Case& c, const std::string& found) {
  const std::string path = fs::path(folder) / file_name(op, dtype), line = corpus_line(c, op);
  const FolderLock lock(path);
  for (const CorpusCase& known : corpus_of_folder(folder, op, dtype))
    if (corpus_line(known.c, op) == line) return {path + ":" + std::to_string(known.line), false};
  std::string text = fs::exists(path) ? read_file(path) : "";
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += comment_of(found) + line + "\n";
  write_file(path, text);
  return {path + ":" + std::to_string(std::count(text.begin(), text.end(), '\n')), true};
}

std::vector<Case> cases_of_argument(const std::string& argument, softmark_op op,
                                    softmark_dtype dtype) {
  const bool is_file = argument.starts_with('@');
  std::string path = argument.substr(is_file);
  if (is_file && (path.empty() || path == "-"))
    throw Error(kUsage, "--case " + argument + ": name a file behind the @");
  const std::size_t line = is_file ? split_line(path) : 0;
  const std::string text = is_file ? read_file(path) : argument;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (!is_file || (first != text.npos && text[first] == '{')) {
    const std::string where = is_file ? path : "--case";
    const ExitCode code = is_file ? kUnreadable : kUsage;
    const Json json = parse_json(text, where, code);
    try {
      return {case_from_json(json, op, dtype)};
    } catch (const Error& error) {
      throw Error(code, where + ": " + error.what());
    }
  }
  std::vector<Case> cases;
  for (CorpusCase& known : parse_corpus(text, op, dtype, path))
    if (line == 0 || known.line == line) cases.push_back(std::move(known.c));
  if (cases.empty())
    throw Error(kUnreadable, path + (line ? ":" + std::to_string(line) : "") + ": holds no case");
  return cases;
}

}  // namespace softmark
