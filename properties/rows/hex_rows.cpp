// SPDX-License-Identifier: Apache-2.0
// A line is translated to a request's JSON, so that a single parser (case_from_json) checks shapes,
// types and labels.
#include "properties/rows/hex_rows.h"

#include <charconv>

#include "kernels/names.h"
#include "support/json_reader.h"

namespace softmark {
namespace {

// In one text: a damaged count must not exhaust the memory.
constexpr std::uint64_t kMostValues = std::uint64_t{1} << 26;
constexpr std::string_view kBlank = " \t\r";

struct Line {
  std::string where;  // "FILE:LINE"
  std::uint64_t values = 0;
};

[[noreturn]] void refuse(const Line& line, const std::string& why) {
  throw Error(kUnreadable, line.where + ": " + why);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == text.npos ? std::string_view()
                            : text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

/// Cuts off and returns the text before the first separator, or all of it.
std::string_view cut(std::string_view& rest, std::string_view separators) {
  const std::size_t end = std::min(rest.find_first_of(separators), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::uint64_t count_of(const Line& line, std::string_view digits) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size())
    refuse(line, "'" + std::string(digits) + "' is not a count");
  return count;
}

// "0x1p+0 0x1.8p+1*64", or "()" for a row without columns.
Json row_of(Line& line, std::string_view text) {
  Json row = Json::array();
  text = trimmed(text);
  if (text == "()") return row;
  if (text.empty()) refuse(line, "a row without values; a row of no columns is written ()");
  while (!(text = trimmed(text)).empty()) {
    std::string_view word = cut(text, kBlank);
    const bool repeats = word.find('*') != word.npos;
    const std::string value(cut(word, "*"));
    const std::uint64_t count = repeats ? count_of(line, word) : 1;
    if (count == 0 || count > kMostValues || (line.values += count) > kMostValues)
      refuse(line, "'" + value + "' stands 1 to 2^26 times, all lines together");
    const Json datum = hex(parse_value(Json(value), line.where));
    if (count == 1)
      row.push_back(datum);
    else
      row.push_back({{"value", datum}, {"repeat", count}});
  }
  return row;
}

Json rows_of(Line& line, std::string_view text) {
  Json rows = Json::array();
  do rows.push_back(row_of(line, cut(text, ";")));
  while (!trimmed(text).empty());
  return rows;
}

Json request_of(Line& line, std::string_view text, softmark_op op) {
  Json request = {{"x", Json::array()}};
  if (const std::string_view x = cut(text, "|"); !trimmed(x).empty())
    request["x"] = rows_of(line, x);
  while (!trimmed(text).empty()) {
    std::string_view section = trimmed(cut(text, "|"));
    const std::string key(cut(section, kBlank));
    section = trimmed(section);
    if (request.contains(key)) refuse(line, "gives " + key + " twice");
    if (key == "g") {
      request[key] = shape_of(op).takes_g_row ? row_of(line, section) : rows_of(line, section);
    } else if (key == "labels") {
      request[key] = Json::array();
      while (!(section = trimmed(section)).empty())
        request[key].push_back(count_of(line, cut(section, kBlank)));
    } else if (key == "cols") {
      request[key] = count_of(line, section);
    } else if (key == "layout") {
      request[key] = parse_json(section, line.where + ": layout");
      if (!request[key].is_object()) refuse(line, "layout must be a JSON object");
    } else {
      refuse(line, "unknown section '" + key + "': g, labels, cols or layout");
    }
  }
  return request;
}

std::string text_of_row(const Json& row) {
  std::string text;
  for (const Json& item : row) {
    if (!text.empty()) text += ' ';
    text += item.is_object() ? item["value"].get<std::string>() + "*" + item["repeat"].dump()
                             : item.get<std::string>();
  }
  return text.empty() ? "()" : text;
}

std::string text_of_rows(const Json& rows) {
  std::string text;
  for (const Json& row : rows) text += (text.empty() ? "" : " ; ") + text_of_row(row);
  return text;
}

}  // namespace

std::vector<CorpusCase> parse_corpus(std::string_view text, softmark_op op, softmark_dtype dtype,
                                     const std::string& where) {
  std::vector<CorpusCase> cases;
  Line line;
  std::string found;
  bool in_comment = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view content = trimmed(cut(text, "\n"));
    line.where = where + ":" + std::to_string(number);
    if (content.empty()) continue;
    if (content[0] == '#') {
      if (!in_comment) found.clear();
      found += (found.empty() ? "" : " ") + std::string(trimmed(content.substr(1)));
      in_comment = true;
      continue;
    }
    in_comment = false;
    try {
      cases.push_back({case_from_json(request_of(line, content, op), op, dtype), number, found});
    } catch (const Error& error) {
      const std::string why = error.what();
      throw Error(kUnreadable, why.rfind(line.where, 0) == 0 ? why : line.where + ": " + why);
    }
  }
  return cases;
}

std::string corpus_line(const Case& c, softmark_op op) {
  const Json request = case_to_json(c, op);
  std::string text = text_of_rows(request["x"]);
  if (c.rows == 0) text = "| cols " + std::to_string(c.cols);
  if (request.contains("g") && c.rows > 0)
    text += " | g " +
            (shape_of(op).takes_g_row ? text_of_row(request["g"]) : text_of_rows(request["g"]));
  if (request.contains("labels") && c.rows > 0) {
    text += " | labels";
    for (const Json& label : request["labels"]) text += " " + label.dump();
  }
  if (request.contains("layout")) text += " | layout " + request["layout"].dump();
  return text;
}

}  // namespace softmark
