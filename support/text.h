// SPDX-License-Identifier: Apache-2.0
// How figures and words are written for people and for other formats, escaped for each.
#pragma once

#include <algorithm>
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

std::string escape_html(std::string_view text);  // control characters replaced
/// Control characters but line breaks and tabs become U+FFFD, which XML cannot hold otherwise.
std::string printable(std::string_view text);
std::string escape_markdown(std::string_view text);  // one line, safe in a table cell
std::string one_line(
    std::string_view text);  // line breaks and other control characters become spaces

/// As documents write times: "2000-01-01T00:00:00Z".
std::string utc_time(std::time_t time);

/// Columns of a line: those of the terminal that standard output is, within 80 and 120; else 120.
std::size_t line_width();

/// Columns padded to their widest cell, in code points.
class TextTable {
 public:
  /// `align`: '<' or '>' for each column, the last for all further ones. An empty head is not
  /// printed.
  explicit TextTable(std::vector<std::string> head = {}, std::string_view align = "<<>")
      : columns_(head.size()), rows_{std::move(head)}, align_(align) {}
  /// The last cell of a row that is shorter than the longest row takes the rest of its line.
  void add(std::vector<std::string> row) {
    columns_ = std::max(columns_, row.size());
    rows_.push_back(std::move(row));
  }
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;

 private:
  bool takes_the_rest(const std::vector<std::string>& row, std::size_t column) const {
    return column + 1 == row.size() && row.size() < columns_;
  }
  std::size_t columns_;
  std::vector<std::vector<std::string>> rows_;  // the head first
  std::string align_;
};

}  // namespace softmark
