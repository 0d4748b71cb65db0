// SPDX-License-Identifier: Apache-2.0
#include "reports/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

const Json kNothing;

/// How many values one item of a list stands for: a datum, a run, or a row.
std::size_t item_size(const Json& item) {
  if (item.is_array()) return data_size(item);
  if (item.is_object()) return static_cast<std::size_t>(std::max(count_of(item, "repeat"), 0ll));
  return 1;
}

/// A reader shows what it cannot read; refusing would lose all else that the document says.
std::optional<double> readable(const Json& datum) {
  try {
    if (datum.is_string()) return parse_value(datum, "");
  } catch (const Error&) {
  }
  return std::nullopt;
}

std::string value_text(const Json& datum, bool as_hex) {
  const std::optional<double> value = as_hex ? std::nullopt : readable(datum);
  return value ? fmt::format("{:.9g}", *value) : plain(datum);
}

/// The items of a list and, through their own brackets, of its rows; `budget` counts down to 0.
std::string items_text(const Json& data, std::size_t& budget, bool as_hex) {
  std::string text;
  for (const Json& item : data) {
    if (!text.empty()) text += ", ";
    if (budget == 0) return text + "...";
    if (item.is_array()) {
      text += fmt::format("[{}]", items_text(item, budget, as_hex));
      continue;
    }
    --budget;
    if (item.is_object())
      text +=
          fmt::format("{} ({} times)", value_text(field(item, "value"), as_hex), item_size(item));
    else
      text += value_text(item, as_hex);
  }
  return text;
}

/// x of the place, where the outputs are those of a row: at [row, column].
const Json& input_at(const Json& example, long long row, long long column) {
  const long long cols = count_of(example, "cols");
  const bool a_column =
      static_cast<long long>(data_size(field(example, "got"))) == cols && column < cols;
  if (!a_column && cols != 1) return kNothing;
  return data_at(field(example, "x"),
                 static_cast<std::size_t>(row * cols + (a_column ? column : 0)));
}

}  // namespace

std::size_t data_size(const Json& data) {
  std::size_t size = 0;
  if (data.is_array())
    for (const Json& item : data) size += item_size(item);
  return size;
}

const Json& data_at(const Json& data, std::size_t index) {
  if (!data.is_array()) return kNothing;
  for (const Json& item : data) {
    const std::size_t size = item_size(item);
    if (index < size)
      return item.is_array()    ? data_at(item, index)
             : item.is_object() ? field(item, "value")
                                : item;
    index -= size;
  }
  return kNothing;
}

std::string data_list(const Json& data, std::size_t most, bool as_hex) {
  if (!data.is_array()) return "-";
  if (data.size() == 1 && data[0].is_array())
    return data_list(data[0], most, as_hex);  // one row needs no outer brackets
  std::size_t budget = most;
  const std::string items = items_text(data, budget, as_hex);
  const std::size_t size = data_size(data);
  return items.ends_with("...") || items.ends_with("...]")
             ? fmt::format("[{} {} in all]", items, size)
             : fmt::format("[{}]", items);
}

std::string decimal_and_hex(const Json& datum) {
  const std::optional<double> value = readable(datum);
  if (!value) return plain(datum);
  return std::isfinite(*value) ? fmt::format("{:.9g} ({})", *value, hex(*value)) : hex(*value);
}

std::string spot(const Json& example) {
  const Json& at = field(example, "at");
  if (!at.is_array() || at.empty()) return "";
  std::string text = fmt::format("at {}", data_list(at, 3, true));
  const char* separator = ": ";
  const auto add = [&](const std::string& words) {
    text += separator + words;
    separator = ", ";
  };
  const long long row = at[0].is_number_integer() ? at[0].get<long long>() : -1;
  const long long output = at.size() == 1              ? 0
                           : at[1].is_number_integer() ? at[1].get<long long>()
                                                       : -1;
  const bool known = row >= 0 && output >= 0 && row < count_of(example, "rows");
  const auto add_datum = [&](const char* name, const Json& datum) {
    if (!datum.is_null()) add(fmt::format("{} {}", name, decimal_and_hex(datum)));
  };
  if (known) {
    add_datum("x", input_at(example, row, output));
    add_datum("got", data_at(field(example, "got"), static_cast<std::size_t>(output)));
    add_datum("want", data_at(field(example, "want"), static_cast<std::size_t>(output)));
  }
  if (figure(field(example, "ulp")) != "-") add(figure(field(example, "ulp")) + " ulp");
  if (figure(field(example, "bound")) != "-") add("bound " + figure(field(example, "bound")));
  return text;
}

std::string clipped(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most - 3;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace softmark
