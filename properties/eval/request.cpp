// SPDX-License-Identifier: Apache-2.0
#include "properties/eval/request.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "kernels/type_words.h"
#include "properties/corpus/corpus.h"
#include "support/json_reader.h"
#include "support/quote.h"

namespace softmark {
namespace {

Json list_of(const std::string& text) {
  Json row = Json::array();
  std::size_t from = 0;
  while (from <= text.size() && !text.empty()) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    row.push_back(hex(parse_value(text.substr(from, comma - from))));
    from = comma + 1;
  }
  return row;
}

// Rows are separated by ';', numbers by ','.
Json rows_of(const std::string& text) {
  Json rows = Json::array();
  std::size_t from = 0;
  for (;;) {
    const std::size_t end = std::min(text.find(';', from), text.size());
    rows.push_back(list_of(text.substr(from, end - from)));
    if (end == text.size()) return rows;
    from = end + 1;
  }
}

/// A label given as text; what is no column number is refused.
std::int64_t label_of(const Json& datum) {
  const double value = parse_value(datum, "--labels");
  if (value >= 0 && value <= 9007199254740992 && std::trunc(value) == value)
    return static_cast<std::int64_t>(value);
  throw Error(kUsage, fmt::format("--labels: {:g} is not the number of a column", value));
}

Json request_of_arguments(const EvalSource& source) {
  Json request = {{"x", rows_of(source.values)}};
  if (!source.g.empty())
    request["g"] =
        shape_of(*find_op(source.op)).takes_g_row ? list_of(source.g) : rows_of(source.g);
  if (source.labels.empty()) return request;
  request["labels"] = Json::array();
  for (const Json& label : list_of(source.labels)) request["labels"].push_back(label_of(label));
  return request;
}

Json request_of_file(const EvalSource& source, softmark_dtype dtype) {
  const Logits logits = read_npy(source.logits);
  if (!source.round) check_range(logits.values, logits.cols, dtype, source.logits);
  if (logits.rows == 0 || logits.cols == 0)
    throw Error(kUnreadable, source.logits + ": holds no logits (shape " +
                                 std::to_string(logits.rows) + " x " + std::to_string(logits.cols) +
                                 ")");
  Json request = {{"x", Json::array()}};
  for (std::size_t r = 0; r < logits.rows; ++r) {
    std::vector<double> row(logits.values.begin() + static_cast<long>(r * logits.cols),
                            logits.values.begin() + static_cast<long>((r + 1) * logits.cols));
    if (source.round)
      for (double& v : row) v = round_to(dtype, v);
    request["x"].push_back(row_to_json(row.data(), row.size()));
  }
  return request;
}

Json request_of_input() {
  try {
    return read_json("-");
  } catch (const Error& error) {
    throw Error(
        error.code,
        std::string(error.what()) +
            "; give a request such as {\"op\":\"softmax\",\"dtype\":\"f32\",\"x\":[[5,7,10]]}");
  }
}

std::string text_member(const Json& request, const char* key, const std::string& fallback) {
  if (!request.is_object() || !request.contains(key)) return fallback;
  if (!request[key].is_string()) throw Error(kUnreadable, std::string(key) + ": must be a string");
  return request[key];
}

struct OpAndType {
  softmark_op op;
  softmark_dtype dtype;
};

OpAndType find_names(const std::string& op, const std::string& dtype, ExitCode code) {
  const auto unknown = [code](const char* what, const std::string& word,
                              const std::string& nearest) {
    return Error(code, fmt::format("{}: '{}' is unknown; did you mean {}?", what,
                                   word.substr(0, 60), nearest));
  };
  if (!find_op(op))
    throw unknown("op", op, nearest_names(op, {std::begin(kOpNames), std::end(kOpNames)}));
  if (!find_dtype(dtype)) throw unknown("dtype", dtype, nearest_dtypes(dtype));
  return {*find_op(op), *find_dtype(dtype)};
}

Case only_case(const std::string& argument, softmark_op op, softmark_dtype dtype) {
  auto cases = cases_of_argument(argument, op, dtype);
  if (cases.size() > 1)
    throw Error(kUsage, "--case " + argument + ": holds " + std::to_string(cases.size()) +
                            " cases; name one as @FILE:LINE");
  return std::move(cases[0]);
}

EvalRequest read_input(const EvalSource& source) {
  if (isatty(STDIN_FILENO))
    throw Error(kUsage,
                "no rows: give them as arguments (5,7,10), with --logits FILE.npy, or as JSON on "
                "standard input");
  return request_from_json(request_of_input(), source.op, source.dtype);
}

EvalRequest read_source(const EvalSource& source) {
  const int given = !source.values.empty() + !source.logits.empty() + !source.one_case.empty();
  if (given > 1) throw Error(kUsage, "give rows, --logits or --case, only one of them");
  if (given == 0) return read_input(source);
  const auto [op, dtype] = find_names(source.op, source.dtype, kUsage);
  if (!source.one_case.empty()) return {op, dtype, only_case(source.one_case, op, dtype)};
  if (!source.logits.empty())
    return {op, dtype, case_from_json(request_of_file(source, dtype), op, dtype)};
  try {
    return {op, dtype, case_from_json(request_of_arguments(source), op, dtype)};
  } catch (const Error& error) {
    throw Error(kUsage, error.what());
  }
}

/// Refuses a request whose exact values would not fit into memory.
EvalRequest within_memory(EvalRequest request) {
  constexpr double kMostOutputs = 1 << 26;  // their exact values take 2 GiB
  const double outputs = static_cast<double>(request.rows.rows) *
                         static_cast<double>(outputs_of(request.op, request.rows.cols));
  if (outputs > kMostOutputs)
    throw Error(kUnreadable, "x: gives more than 2^26 outputs; give fewer rows or columns");
  return request;
}

}  // namespace

EvalRequest request_from_json(const Json& request, const std::string& given_op,
                              const std::string& given_dtype) {
  const auto [op, dtype] = find_names(text_member(request, "op", given_op),
                                      text_member(request, "dtype", given_dtype), kUnreadable);
  return within_memory({op, dtype, case_from_json(request, op, dtype)});
}

EvalRequest read_request(const EvalSource& source) { return within_memory(read_source(source)); }

}  // namespace softmark
