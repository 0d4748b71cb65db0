// SPDX-License-Identifier: Apache-2.0
// Changes a value inside JSON text and leaves every other byte as a person wrote it. The text must
// be valid JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace softmark {

/// Where a value stands: [begin, end) of the text.
struct JsonSpan {
  std::size_t begin = 0, end = 0;
};

/// The whole document, a member of an object, an element of an array; nothing where it is not
/// there.
JsonSpan json_root(std::string_view text);
std::optional<JsonSpan> json_member(std::string_view text, JsonSpan object, std::string_view key);
std::optional<JsonSpan> json_element(std::string_view text, JsonSpan array, std::size_t index);

/// Adds an element at an array's end, on a line of its own in the array's indentation; `element` is
/// JSON whose further lines are indented by `element`'s own blanks and the array's.
void json_append(std::string& text, JsonSpan array, std::string_view element);

}  // namespace softmark
