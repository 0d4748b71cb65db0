// SPDX-License-Identifier: Apache-2.0
#include "kernels/case.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"

namespace softmark {
namespace {

constexpr std::size_t kMostSpace = std::size_t{1} << 34;   // elements, padding included
constexpr std::size_t kMostValues = std::size_t{1} << 26;  // of x, and of g
constexpr std::size_t kFold = 8;  // shorter runs are easier to read when written out

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw Error(kUnreadable, where + ": " + why);
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

double value_at(const Json& datum, softmark_dtype dtype, const std::string& where) {
  const double value = parse_value(datum, where);
  // A decimal such as 0.1 means the type's nearest value; a value beyond the type's range is an
  // error in the request.
  const double rounded = round_to(dtype, value);
  if (std::isfinite(value) && !std::isfinite(rounded))
    refuse(where, "is beyond the largest finite " + std::string(name(dtype)));
  if (std::isinf(value) && std::isnan(rounded))
    refuse(where, "is infinite, and " + std::string(name(dtype)) + " has no infinities");
  return rounded;
}

std::vector<double> row_from_json(const Json& row, softmark_dtype dtype, const std::string& where) {
  if (!row.is_array()) refuse(where, "must be a list of numbers");
  std::vector<double> values;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string place = where + "[" + std::to_string(i) + "]";
    if (!row[i].is_object()) {
      values.push_back(value_at(row[i], dtype, place));
      continue;
    }
    if (!row[i].contains("value") || !row[i].contains("repeat") ||
        !row[i]["repeat"].is_number_unsigned() || row[i].size() > 2)
      refuse(place, "a run is {\"value\": number, \"repeat\": count}");
    const auto repeat = row[i]["repeat"].get<std::uint64_t>();
    if (repeat > kMostValues - std::min(kMostValues, values.size()))
      refuse(place, "more than 2^26 values in a row");
    values.insert(values.end(), repeat, value_at(row[i]["value"], dtype, place + ".value"));
  }
  return values;
}

// A matrix, or one row written without the outer brackets.
std::vector<std::vector<double>> rows_from_json(const Json& matrix, softmark_dtype dtype,
                                                const std::string& where) {
  if (!matrix.is_array()) refuse(where, "must be a list of rows");
  std::vector<std::vector<double>> rows;
  if (!matrix.empty() && !matrix[0].is_array()) return {row_from_json(matrix, dtype, where)};
  std::size_t total = 0;
  for (std::size_t r = 0; r < matrix.size(); ++r) {
    rows.push_back(row_from_json(matrix[r], dtype, where + "[" + std::to_string(r) + "]"));
    if ((total += rows.back().size()) > kMostValues) refuse(where, "holds more than 2^26 values");
  }
  for (std::size_t r = 1; r < rows.size(); ++r)
    if (rows[r].size() != rows[0].size())
      refuse(where + "[" + std::to_string(r) + "]", "has " + std::to_string(rows[r].size()) +
                                                        " columns, the first row has " +
                                                        std::to_string(rows[0].size()));
  return rows;
}

std::vector<double> flat(const std::vector<std::vector<double>>& rows) {
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return values;
}

const Json* member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

void read_labels(const Json& json, Case& c) {
  const Json* labels = member(json, "labels");
  if (!labels || !labels->is_array() || labels->size() != c.rows)
    refuse("labels", "this op needs one label per row (" + std::to_string(c.rows) + ")");
  for (std::size_t r = 0; r < c.rows; ++r) {
    const Json& label = (*labels)[r];
    const std::string where = "labels[" + std::to_string(r) + "]";
    if (!label.is_number_integer()) refuse(where, "must be an integer");
    const auto value = label.get<std::int64_t>();
    if (value < 0 || static_cast<std::uint64_t>(value) >= c.cols)
      refuse(where, std::to_string(value) + " is not a column (0 to " +
                        std::to_string(static_cast<long long>(c.cols) - 1) + ")");
    c.labels.push_back(value);
  }
}

Json matrix_to_json(const std::vector<double>& values, std::size_t rows, std::size_t cols) {
  Json matrix = Json::array();
  for (std::size_t r = 0; r < rows; ++r)
    matrix.push_back(row_to_json(values.data() + r * cols, cols));
  return matrix;
}

// A case without rows, described by its number of columns alone.
Case empty_case(const Json& json) {
  if (!json["cols"].is_number_unsigned() || json["cols"].get<std::uint64_t>() > (1u << 28))
    refuse("cols", "must be an integer from 0 to 2^28");
  Case c;
  c.rows = 0;
  c.cols = json["cols"].get<std::size_t>();
  if (const Json* layout = member(json, "layout")) c.layout = layout_from_json(*layout);
  return c;
}

}  // namespace

Json row_to_json(const double* values, std::size_t count) {
  Json row = Json::array();
  for (std::size_t i = 0; i < count;) {
    std::size_t run = 1;
    while (i + run < count && same(values[i], values[i + run])) ++run;
    if (run >= kFold) {
      row.push_back({{"value", hex(values[i])}, {"repeat", run}});
    } else {
      for (std::size_t k = 0; k < run; ++k) row.push_back(hex(values[i]));
    }
    i += run;
  }
  return row;
}

Json case_to_json(const Case& c, softmark_op op) {
  Json json = {{"x", matrix_to_json(c.x, c.rows, c.cols)}};
  if (c.rows == 0) json["cols"] = c.cols;
  const OpShape shape = shape_of(op);
  if (shape.takes_g) json["g"] = matrix_to_json(c.g, c.rows, c.cols);
  if (shape.takes_g_row) json["g"] = row_to_json(c.g.data(), c.g.size());
  if (shape.takes_labels) json["labels"] = c.labels;
  if (const Json layout = layout_to_json(c.layout); !layout.empty()) json["layout"] = layout;
  return json;
}

Case case_from_json(const Json& json, softmark_op op, softmark_dtype dtype) {
  if (!json.is_object())
    refuse("request",
           "must be a JSON object such as {\"op\":\"softmax\",\"dtype\":\"f32\",\"x\":[[5,7,10]]}");
  check_keys(json, {"op", "dtype", "x", "g", "labels", "layout", "cols"}, "");
  const Json* x = member(json, "x");
  if (!x) refuse("x", "is missing: give a list of rows");
  const auto rows = rows_from_json(*x, dtype, "x");
  Case c;
  if (rows.empty() && member(json, "cols")) return empty_case(json);
  if (rows.empty()) refuse("x", "holds no rows: give at least one");
  c.rows = rows.size();
  c.cols = rows.empty() ? 0 : rows[0].size();
  c.x = flat(rows);
  const OpShape shape = shape_of(op);
  const Json* g = member(json, "g");
  if ((shape.takes_g || shape.takes_g_row) && !g)
    refuse("g", "is missing: " + std::string(name(op)) + " needs the upstream gradient");
  if (shape.takes_g) {
    c.g = flat(rows_from_json(*g, dtype, "g"));
    if (c.g.size() != c.x.size()) refuse("g", "must have the shape of x");
  } else if (shape.takes_g_row) {
    c.g = row_from_json(*g, dtype, "g");
    if (c.g.size() != c.rows) refuse("g", "must hold one value per row");
  }
  if (shape.takes_labels) read_labels(json, c);
  if (const Json* layout = member(json, "layout")) c.layout = layout_from_json(*layout);
  const Layout& l = c.layout;
  // Wide gaps cost address space, not memory.
  if (c.rows * (c.cols + std::max({l.x_padding, l.g_padding, l.y_padding})) > kMostSpace)
    refuse("layout", "the padding of all rows takes more than 2^34 elements");
  return c;
}

}  // namespace softmark
