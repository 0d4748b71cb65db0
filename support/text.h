// SPDX-License-Identifier: Apache-2.0
// How figures and words are written for people and for other formats, escaped for each.
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "support/json.h"

namespace softmark {

/// Three significant digits without an exponent where that is readable: "0.213", "9.81", "1230",
/// "1.2e+09"; "inf", "nan"; "-" for null and for anything else.
std::string figure(const Json& statistic);
std::string figure(double value);

/// Any JSON value on one line: text bare, floats short, lists and objects spelled out.
std::string plain(const Json& value);

std::string escape_html(
    std::string_view text);  // also right for XML text and attributes; control characters replaced
std::string escape_markdown(std::string_view text);  // one line, safe in a table cell
std::string one_line(
    std::string_view text);  // line breaks and other control characters become spaces

/// As documents tell times: "2000-01-01T00:00:00Z".
std::string utc_time(std::time_t time);

/// Columns padded to their widest cell (code points); the first left, figures right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// `left`: how many leading columns are words and stay left.
  std::string text(std::size_t left = 2) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace softmark
