// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/json_edit.h"

#include <algorithm>

#include "support/json.h"

namespace softmark {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::size_t skip_blank(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlank, at), text.size());
}

std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
  return std::min(at + 1, text.size());
}

// Brackets inside strings do not count.
std::size_t skip_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  if (text[at] == '"') return skip_string(text, at);
  if (text[at] != '{' && text[at] != '[')
    return std::min(text.find_first_of(" \t\r\n,]}", at), text.size());
  std::size_t depth = 0;
  while (at < text.size()) {
    if (text[at] == '"') {
      at = skip_string(text, at);
      continue;
    }
    if (text[at] == '{' || text[at] == '[') ++depth;
    if ((text[at] == '}' || text[at] == ']') && --depth == 0) return at + 1;
    ++at;
  }
  return text.size();
}

// What stands between the start of the element's line and the element.
std::string indentation_of(std::string_view text, std::size_t element) {
  const std::size_t line = text.rfind('\n', element);
  const std::string_view before =
      line == text.npos ? std::string_view() : text.substr(line + 1, element - line - 1);
  return before.find_first_not_of(kBlank) == before.npos ? std::string(before) : "";
}

}  // namespace

JsonSpan json_root(std::string_view text) {
  const std::size_t begin = skip_blank(text, 0);
  return {begin, skip_value(text, begin)};
}

std::optional<JsonSpan> json_member(std::string_view text, JsonSpan object, std::string_view key) {
  std::size_t at = skip_blank(text, object.begin + 1);
  while (at < object.end && text[at] == '"') {
    const std::size_t name_end = skip_string(text, at), colon = skip_blank(text, name_end),
                      value = skip_blank(text, colon + 1);
    const JsonSpan span{value, skip_value(text, value)};
    const Json name = Json::parse(text.substr(at, name_end - at), nullptr, false);
    if (name.is_string() && name.get_ref<const std::string&>() == key) return span;
    at = skip_blank(text, span.end);
    if (at < object.end && text[at] == ',') at = skip_blank(text, at + 1);
  }
  return std::nullopt;
}

std::optional<JsonSpan> json_element(std::string_view text, JsonSpan array, std::size_t index) {
  std::size_t at = skip_blank(text, array.begin + 1);
  for (; at + 1 < array.end; --index) {
    const JsonSpan span{at, skip_value(text, at)};
    if (index == 0) return span;
    at = skip_blank(text, span.end);
    if (at < array.end && text[at] == ',') at = skip_blank(text, at + 1);
  }
  return std::nullopt;
}

void json_append(std::string& text, JsonSpan array, std::string_view element) {
  const auto first = json_element(text, array, 0);
  const std::string indentation = first && !indentation_of(text, first->begin).empty()
                                      ? indentation_of(text, first->begin)
                                      : "    ";
  std::string added = (first ? ",\n" : "\n") + indentation;
  for (char byte : element) {
    added += byte;
    if (byte == '\n') added += indentation;
  }
  // Behind the last element, before the blanks that lead to the bracket; an empty list gets a line
  // for its bracket.
  const std::size_t last = text.find_last_not_of(kBlank, array.end - 2);
  if (!first) added += "\n" + indentation.substr(0, indentation.size() / 2);
  text.replace(last + 1, first ? 0 : array.end - 1 - (last + 1), added);
}

}  // namespace softmark
