// SPDX-License-Identifier: Apache-2.0
// `eval`: kernels on rows that the user gives; outputs beside the exact values, ulp errors, and
// whether the decision (the argmax, the labels above a threshold) is still the exact one.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "kernels/verbs/flags.h"
#include "properties/corpus/corpus.h"
#include "properties/engine/property.h"
#include "support/files.h"

namespace softmark {
namespace {

struct EvalVerb {
  KernelChoice choice;
  OutputChoice output;
  std::string op = "softmax", dtype = "f32", values, logits, one_case, g, labels;
  double threshold = 0.5;
};

/// What one kernel made of the rows.
struct Evaluated {
  Kernel kernel;
  std::string status;  // empty: y holds the outputs
  std::vector<double> y, ulp;
};

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

// Rows on the command line are separated by ';' or '/', numbers by ','.
Json request_of_arguments(const EvalVerb& verb) {
  Json request = {{"op", verb.op}, {"dtype", verb.dtype}, {"x", Json::array()}};
  const auto rows_of = [](const std::string& text) {
    Json rows = Json::array();
    std::size_t from = 0;
    for (;;) {
      const std::size_t end = std::min(text.find(';', from), text.size());
      rows.push_back(list_of(text.substr(from, end - from)));
      if (end == text.size()) return rows;
      from = end + 1;
    }
  };
  request["x"] = rows_of(verb.values);
  if (!verb.g.empty())
    request["g"] = shape_of(*find_op(verb.op)).takes_g_row ? list_of(verb.g) : rows_of(verb.g);
  if (!verb.labels.empty()) {
    request["labels"] = Json::array();
    for (const Json& label : list_of(verb.labels))
      request["labels"].push_back(static_cast<std::int64_t>(parse_value(label, "labels")));
  }
  return request;
}

Json request_of_file(const EvalVerb& verb) {
  const Logits logits = read_npy(verb.logits);
  if (logits.rows == 0 || logits.cols == 0)
    throw Error(kUnreadable, verb.logits + ": holds no logits (shape " +
                                 std::to_string(logits.rows) + " x " + std::to_string(logits.cols) +
                                 ")");
  Json request = {{"op", verb.op}, {"dtype", verb.dtype}, {"x", Json::array()}};
  const auto dtype = *find_dtype(verb.dtype);
  for (std::size_t r = 0; r < logits.rows; ++r) {
    std::vector<double> row(logits.values.begin() + static_cast<long>(r * logits.cols),
                            logits.values.begin() + static_cast<long>((r + 1) * logits.cols));
    for (double& v : row) v = round_to(dtype, v);
    request["x"].push_back(row_to_json(row.data(), row.size()));
  }
  return request;
}

Json request_of_input() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  std::string why;
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    why = "at byte " + std::to_string(error.byte);
  }
  throw Error(
      kUnreadable,
      "standard input: is not JSON (" + why +
          "); give a request such as {\"op\":\"softmax\",\"dtype\":\"f32\",\"x\":[[5,7,10]]}");
}

std::string text_member(const Json& request, const char* key, const std::string& fallback) {
  if (!request.is_object() || !request.contains(key)) return fallback;
  if (!request[key].is_string()) throw Error(kUnreadable, std::string(key) + ": must be a string");
  return request[key];
}

void check_names(const std::string& op, const std::string& dtype, ExitCode code) {
  if (!find_op(op)) throw Error(code, "unknown op '" + op + "' (softmark list shows all)");
  if (!find_dtype(dtype))
    throw Error(code, "unknown dtype '" + dtype + "': " + comma_list(kDtypeNames));
}

Evaluated evaluate(const Kernel& kernel, const Case& c, const std::vector<Truth>& truths) {
  Evaluated result{kernel, "", {}, {}};
  Worker worker(kernel);
  CallResult outcome = worker.run(c);
  if (outcome.kind != CallResult::done) {
    result.status =
        outcome.kind == CallResult::unsupported
            ? "unsupported: " + outcome.message
            : (outcome.kind == CallResult::timeout ? "timeout: " : "crash: ") + outcome.message;
    return result;
  }
  result.y = std::move(outcome.y);
  const std::size_t outputs = outputs_of(kernel.op, c.cols);
  for (std::size_t r = 0; r < c.rows; ++r) {
    // A kernel that declares something of its own is held to that.
    const Problem own = problem_of(kernel, c, r);
    const bool differs = own.saturates || own.masked_row != SOFTMARK_MASKED_NAN;
    const auto exact = differs ? exact_row(own) : truths[r].exact;
    for (std::size_t j = 0; j < outputs; ++j)
      result.ulp.push_back(ulp_error(exact[j], result.y[r * outputs + j], kernel.dtype));
  }
  return result;
}

std::size_t argmax(const double* values, std::size_t n) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isnan(values[i])) return i;
    if (values[i] > values[best]) best = i;
  }
  return best;
}

/// What a user of the outputs would decide, per row, as text; empty for ops that decide nothing.
std::vector<std::string> decisions(softmark_op op, const std::vector<double>& y, std::size_t rows,
                                   double threshold) {
  std::vector<std::string> decided;
  const std::size_t cols = rows ? y.size() / rows : 0;
  for (std::size_t r = 0; r < rows && cols > 0; ++r) {
    const double* row = y.data() + r * cols;
    if (keeps_argmax(op)) decided.push_back("argmax " + std::to_string(argmax(row, cols)));
    if (!maps_logits(op) || !op_info(op).elementwise) continue;
    std::string labels;
    for (std::size_t i = 0; i < cols; ++i)
      if (row[i] > threshold) labels += (labels.empty() ? "" : ",") + std::to_string(i);
    decided.push_back("labels " + (labels.empty() ? "none" : labels));
  }
  return decided;
}

std::vector<double> rounded(const std::vector<Truth>& truths) {
  std::vector<double> values;
  for (const Truth& t : truths)
    for (const Exact& e : t.exact) values.push_back(e.rounded);
  return values;
}

Json matrix(const std::vector<double>& values, std::size_t outputs, bool as_hex) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % outputs == 0) rows.push_back(Json::array());
    rows.back().push_back(as_hex ? Json(hex(values[i])) : number(values[i]));
  }
  return rows;
}

Json answer_json(const Case& c, const std::vector<Truth>& truths,
                 const std::vector<Evaluated>& results, softmark_op op, double threshold) {
  const auto exact = rounded(truths);
  const std::size_t outputs = outputs_of(op, c.cols);
  Json answer = {{"exact", matrix(exact, outputs, true)}};
  const auto want = decisions(op, exact, c.rows, threshold);
  if (!want.empty()) answer["decision"] = want;
  answer["results"] = Json::array();
  for (const Evaluated& e : results) {
    Json result = {{"kernel", e.kernel.id}};
    if (!e.status.empty()) {
      result["status"] = e.status;
    } else {
      result["y"] = matrix(e.y, outputs, true);
      result["ulp"] = matrix(e.ulp, outputs, false);
      if (const auto got = decisions(op, e.y, c.rows, threshold); !got.empty()) {
        result["decision"] = got;
        result["decision_changed"] = got != want;
      }
    }
    answer["results"].push_back(result);
  }
  return answer;
}

std::string decimals(softmark_dtype dtype, double v) {
  if (std::isnan(v)) return "nan";  // not the "-nan" of a set sign bit
  return fmt::format("{:.{}g}", v, type_info(dtype).digits);
}

constexpr std::size_t kShownRows = 4, kShownColumns = 12;

// Small inputs are shown element by element; of large ones the first rows and, for all, the worst
// and mean error.
std::string answer_text(const Case& c, const std::vector<Truth>& truths,
                        const std::vector<Evaluated>& results, softmark_op op, softmark_dtype dtype,
                        double threshold) {
  const auto exact = rounded(truths);
  const std::size_t outputs = outputs_of(op, c.cols);
  const auto want = decisions(op, exact, c.rows, threshold);
  std::string text = fmt::format("{} {}, {} x {}\n", name(op), name(dtype), c.rows, c.cols);
  for (std::size_t r = 0; r < std::min(c.rows, kShownRows); ++r) {
    text += fmt::format("\nrow {}{}\n", r, want.empty() ? "" : ": exact " + want[r]);
    const auto line = [&](std::string_view who, const double* y, const double* ulp,
                          const std::string& decision) {
      text += fmt::format("  {:<34}", who);
      for (std::size_t j = 0; j < std::min(outputs, kShownColumns); ++j) {
        text += " " + decimals(dtype, y[j]);
        if (ulp) text += fmt::format(" ({:.3g} ulp)", ulp[j]);
      }
      if (outputs > kShownColumns) text += fmt::format(" ... {} more", outputs - kShownColumns);
      text += decision + "\n";
    };
    line("exact", exact.data() + r * outputs, nullptr, "");
    for (const Evaluated& e : results) {
      if (!e.status.empty()) {
        if (r == 0) text += fmt::format("  {:<34} {}\n", e.kernel.id, e.status);
        continue;
      }
      const auto got = decisions(op, e.y, c.rows, threshold);
      line(e.kernel.id, e.y.data() + r * outputs, e.ulp.data() + r * outputs,
           got.empty() || got[r] == want[r] ? "" : "   DECISION CHANGED: " + got[r]);
    }
  }
  if (c.rows > kShownRows)
    text += fmt::format("\n... {} more rows (--format json has all)\n", c.rows - kShownRows);
  text += fmt::format("\nover all {} outputs\n  {:<34} {:>10} {:>10} {:>12}\n", exact.size(),
                      "kernel", "max ulp", "mean ulp", want.empty() ? "" : "decisions changed");
  for (const Evaluated& e : results) {
    if (!e.status.empty()) continue;
    double most = 0, sum = 0;
    for (double u : e.ulp) most = std::max(most, u), sum += u;
    std::size_t changed = 0;
    const auto got = decisions(op, e.y, c.rows, threshold);
    for (std::size_t r = 0; r < got.size(); ++r) changed += got[r] != want[r];
    text +=
        fmt::format("  {:<34} {:>10.3g} {:>10.3g} {:>12}\n", e.kernel.id, most,
                    sum / static_cast<double>(e.ulp.size()),
                    want.empty() ? "" : std::to_string(changed) + " of " + std::to_string(c.rows));
  }
  return text;
}

Case only_case(const std::string& argument, softmark_op op, softmark_dtype dtype) {
  auto cases = cases_of_argument(argument, op, dtype);
  if (cases.size() > 1)
    throw Error(kUsage, "--case " + argument + ": holds " + std::to_string(cases.size()) +
                            " cases; name one as @FILE:LINE");
  return std::move(cases[0]);
}

int run_eval(EvalVerb& verb) {
  if (!verb.values.empty() + !verb.logits.empty() + !verb.one_case.empty() > 1)
    throw Error(kUsage, "give rows, --logits or --case, only one of them");
  const bool from_input = verb.values.empty() && verb.logits.empty() && verb.one_case.empty();
  if (from_input && isatty(STDIN_FILENO))
    throw Error(kUsage,
                "no rows: give them as arguments (5,7,10), with --logits FILE.npy, or as JSON on "
                "standard input");
  if (!from_input) check_names(verb.op, verb.dtype, kUsage);
  const Json request = from_input               ? request_of_input()
                       : !verb.one_case.empty() ? Json::object()
                       : verb.logits.empty()    ? request_of_arguments(verb)
                                                : request_of_file(verb);
  const std::string op_word = text_member(request, "op", verb.op),
                    dtype_word = text_member(request, "dtype", verb.dtype);
  if (from_input) check_names(op_word, dtype_word, kUnreadable);
  const auto op = *find_op(op_word);
  const auto dtype = *find_dtype(dtype_word);
  const Case c = verb.one_case.empty() ? case_from_json(request, op, dtype)
                                       : only_case(verb.one_case, op, dtype);

  const Registry registry = verb.choice.registry();
  const auto kernels = select_kernels(registry, verb.choice.kernels, {op_word}, {dtype_word});
  std::vector<Truth> truths;
  for (std::size_t r = 0; r < c.rows; ++r)
    truths.push_back({exact_row(problem_of(op, dtype, c, r)), {}});
  std::vector<Evaluated> results;
  for (const Kernel& kernel : kernels) results.push_back(evaluate(kernel, c, truths));
  const std::string text = verb.output.format == "json"
                               ? answer_json(c, truths, results, op, verb.threshold).dump() + "\n"
                               : answer_text(c, truths, results, op, dtype, verb.threshold);
  write_file(verb.output.path, text);
  return kPass;
}

}  // namespace

void add_eval(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<EvalVerb>();
  CLI::App* sub = app.add_subcommand(
      "eval", "kernels on rows you give: outputs, exact values, ulp errors, decisions");
  sub->add_option("rows", verb->values,
                  "logits: 5,7,10 (rows separated by ';'); hex floats, inf and nan are fine; "
                  "without it JSON on standard input")
      ->type_name("X,X,...");
  sub->add_option("--logits", verb->logits, "rows from a NumPy file (1-D or 2-D, float16/32/64)")
      ->type_name("FILE.npy");
  sub->add_option(
         "--case", verb->one_case,
         "one case: JSON as counterexamples are replayed, or @FILE, @FILE:LINE of a corpus")
      ->type_name("JSON|@FILE");
  sub->add_option("--op", verb->op, comma_list(kOpNames))->type_name("OP")->capture_default_str();
  sub->add_option("--dtype", verb->dtype, comma_list(kDtypeNames))
      ->type_name("TYPE")
      ->capture_default_str();
  sub->add_option("--g", verb->g, "upstream gradient, in the shape of the rows, for the VJPs")
      ->type_name("X,X,...");
  sub->add_option("--labels", verb->labels, "one column a row, for the cross-entropy ops")
      ->type_name("N,N,...");
  sub->add_option("--threshold", verb->threshold, "a sigmoid above it sets the label")
      ->capture_default_str();
  add_plugins(*sub, verb->choice.plugins);
  sub->add_option("--kernel", verb->choice.kernels, "kernels by id or name, as a glob (repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  verb->output.add_to(*sub, {"text", "json"});
  sub->allow_extras(false);
  sub->callback([verb, &exit_code] { exit_code = run_eval(*verb); });
}

}  // namespace softmark
