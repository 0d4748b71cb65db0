// SPDX-License-Identifier: Apache-2.0
#include "kernels/type_words.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/names.h"
#include "support/quote.h"

namespace softmark {
namespace {

/// In lower case, without the module before a dot and without what separates the parts.
std::string bare(std::string_view word) {
  std::string text;
  for (char c : word.substr(word.rfind('.') + 1))  // npos + 1 is 0
    if (c != '_' && c != '-' && c != ' ')
      text += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

/// The word in our manner, where it is built like ours: "f32" of "float32", "f8e4m3" of "fp8_e4m3".
std::string in_our_manner(std::string_view word) {
  static constexpr std::pair<const char*, const char*> kWords[] = {
      {"float", "f32"},  {"single", "f32"},  {"double", "f64"}, {"half", "f16"},
      {"brain", "bf16"}, {"bfloat", "bf16"}, {"bf", "bf16"}};
  std::string text = bare(word);
  for (const auto& [whole, ours] : kWords)
    if (text == whole) return ours;
  for (const char* start : {"float", "fp", "real"})
    for (const std::string before : {"", "b"})
      if (text.starts_with(before + start))
        return before + "f" + text.substr(before.size() + std::string_view(start).size());
  return text;
}

std::string letters_of(std::string_view word) {
  std::string letters(word);
  std::sort(letters.begin(), letters.end());
  return letters;
}

}  // namespace

std::string nearest_dtypes(std::string_view word) {
  word = word.substr(0, 60);
  const std::string ours = in_our_manner(word);
  std::vector<std::string_view> meant, swapped;
  for (std::string_view name : kDtypeNames) {
    const std::string plain = bare(name);
    if (ours.size() > 1 && (ours.starts_with(plain) || plain.starts_with(ours) ||
                            (ours.size() > 3 && plain.ends_with(ours))))
      meant.push_back(name);
    if (letters_of(plain) == letters_of(ours)) swapped.push_back(name);
  }
  if (!meant.empty()) return comma_list(meant);
  if (!swapped.empty()) return comma_list(swapped);
  return nearest_names(word, {kDtypeNames.begin(), kDtypeNames.end()});
}

}  // namespace softmark
