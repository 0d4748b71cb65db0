// SPDX-License-Identifier: Apache-2.0
#include "support/text.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace softmark {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Code points, not bytes: a continuation byte starts with 10.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string padded(const std::string& text, std::size_t to, bool left) {
  const std::string space(to - width(text), ' ');
  return left ? text + space : space + text;
}

}  // namespace

std::string figure(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value == 0) return "0";
  const double size = std::fabs(value);
  if (size >= 99.95 && size < 999999.5) return fmt::format("{:.0f}", value);
  return size >= 1e-4 && size < 1e6 ? fmt::format("{:#.3g}", value) : fmt::format("{:.2e}", value);
}

std::string figure(const Json& statistic) {
  if (statistic.is_number()) return figure(statistic.get<double>());
  if (statistic == "inf" || statistic == "-inf" || statistic == "nan")
    return statistic.get<std::string>();
  return "-";
}

std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "unknown";
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_structured()) return value.dump();
  std::string list;
  for (const auto& item : value.items()) {
    if (!list.empty()) list += ", ";
    list += value.is_object() ? item.key() + ": " + plain(item.value()) : plain(item.value());
  }
  return list;
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      case '\n':
        escaped += "&#10;";
        break;  // kept through an attribute's normalisation
      case '\t':
        escaped += "&#9;";
        break;
      default:
        if (is_control(c))
          escaped += "\uFFFD";
        else
          escaped += c;
    }
  }
  return escaped;
}

std::string printable(std::string_view text) {
  std::string printed;
  for (char c : text)
    if (is_control(c) && c != '\n' && c != '\t')
      printed += "\uFFFD";
    else
      printed += c;
  return printed;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (char c : text)
    if (!is_control(c))
      line += c;
    else if (!line.ends_with(' '))
      line += ' ';
  return line;
}

std::string escape_markdown(std::string_view text) {
  const std::string line = one_line(text);
  const auto in_word = [&](std::size_t i) {
    return i < line.size() && std::isalnum(static_cast<unsigned char>(line[i]));
  };
  std::string escaped;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool inside =
        c == '_' && i > 0 && in_word(i - 1) && in_word(i + 1);  // "sum_to_one" emphasises nothing
    if (std::string_view("\\`*_[]|~#").find(c) != std::string_view::npos && !inside)
      escaped += '\\';
    if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '&')
      escaped += "&amp;";
    else
      escaped += c;
  }
  return escaped;
}

std::string utc_time(std::time_t time) {
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[sizeof "2000-01-01T00:00:00Z"];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::size_t line_width() {
  constexpr std::size_t kLeast = 80, kMost = 120;
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
      size.ws_col == 0)
    return kMost;
  return std::clamp<std::size_t>(size.ws_col, kLeast, kMost);
}

std::string TextTable::text() const {
  std::vector<std::size_t> wide(columns_, 0);
  for (const auto& row : rows_)
    for (std::size_t column = 0; column < row.size(); ++column)
      if (!takes_the_rest(row, column)) wide[column] = std::max(wide[column], width(row[column]));
  std::string text;
  for (const auto& row : rows_) {
    if (row.empty()) continue;
    std::string line = " ";
    for (std::size_t column = 0; column < row.size(); ++column)
      line += " " +
              (takes_the_rest(row, column)
                   ? row[column]
                   : padded(row[column], wide[column],
                            align_[std::min(column, align_.size() - 1)] == '<')) +
              " ";
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (&row != &rows_.front()) continue;
    std::size_t total = 0;
    for (std::size_t w : wide) total += w + 2;
    text += fmt::format("  {:-<{}}\n", "", total - 2);
  }
  return text;
}

}  // namespace softmark
