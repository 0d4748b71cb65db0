// SPDX-License-Identifier: Apache-2.0
// A sweep's result as text and as JSON, and back.
#include <fmt/format.h>

#include <cmath>

#include "properties/sweeps/sweep.h"
#include "support/error.h"
#include "support/json_reader.h"
#include "support/text.h"

namespace softmark {
namespace {

std::string hex_float(double value) {
  return std::isnan(value)   ? "nan"
         : std::isinf(value) ? (value > 0 ? "inf" : "-inf")
                             : fmt::format("{:a}", value);
}
double from_hex(const Json& text) { return std::strtod(text.get<std::string>().c_str(), nullptr); }

Json hex_list(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(hex_float(value));
  return list;
}
std::vector<double> from_hex_list(const Json& list) {
  std::vector<double> values;
  for (const auto& value : list) values.push_back(from_hex(value));
  return values;
}

std::string row_text(const std::vector<double>& row) {
  std::string text;
  for (const double value : row)
    text += (text.empty() ? "" : ", ") + fmt::format("{} ({})", hex_float(value), value);
  return "[" + text + "]";
}

}  // namespace

Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto number = [](const std::string& digits) -> std::uint64_t {
    const bool plain = !digits.empty() && digits.size() < 10 &&
                       digits.find_first_not_of("0123456789") == std::string::npos;
    return plain ? std::stoull(digits) : 0;
  };
  const std::uint64_t index = slash == std::string::npos ? 0 : number(text.substr(0, slash));
  const std::uint64_t count = slash == std::string::npos ? 0 : number(text.substr(slash + 1));
  if (index == 0 || index > count)
    throw Error(kUsage, "--shard " + text + ": is none; give i/n with 1 <= i <= n, such as 2/8");
  return {index - 1, count};
}

std::string sweep_text(const SweepResult& result) {
  const ErrorStatistics& e = result.errors;
  std::string text =
      fmt::format("{} over {}: {} of {} inputs{}\n", result.kernel, result.set, result.inputs,
                  result.total, result.complete() ? "" : " (incomplete)");
  if (!result.failure.empty()) text += "  ended early: " + result.failure + "\n";
  if (e.outputs == 0) return text;
  TextTable table({}, "<");
  table.add({"largest error",
             fmt::format("{:.4f} ulp at {}: got {}, want {}", e.max_ulp, row_text(result.worst_x),
                         hex_float(result.worst_got), hex_float(result.worst_want))});
  table.add({"mean, p50, p99", fmt::format("{:.4f}, {:.4f}, {:.4f} ulp", e.mean_ulp(),
                                           e.quantile(0.5), e.quantile(0.99))});
  table.add({"correctly rounded", fmt::format("{:.4f} % of {} outputs",
                                              100 * static_cast<double>(e.correctly_rounded) /
                                                  static_cast<double>(e.outputs),
                                              e.outputs)});
  table.add({"steps down",
             fmt::format(
                 "{}{}", result.non_monotone,
                 result.non_monotone ? ", the first at " + row_text(result.first_step_down) : "")});
  const auto& tiers = e.certificate.outputs;
  table.add({"certificate", fmt::format("table {}, float64 {}, double-double {}, intervals {}",
                                        tiers[0], tiers[1], tiers[2], tiers[3])});
  return text + table.text();
}

Json to_json(const SweepResult& result) {
  const ErrorStatistics& e = result.errors;
  Json json;
  json["schema"] = "softmark.sweep";
  json["schema_version"] = "1.0";
  json["set"] = result.set;
  json["kernel"] = result.kernel;
  json["shard"] = result.shard;
  json["shards"] = result.shards;
  json["inputs"] = result.inputs;
  json["total"] = result.total;
  json["complete"] = result.complete();
  json["failure"] = result.failure;
  json["outputs"] = e.outputs;
  json["correctly_rounded"] = e.correctly_rounded;
  json["not_finite"] = e.not_finite;
  json["max_ulp"] = hex_float(e.max_ulp);
  json["sum_ulp"] = hex_float(e.sum_ulp.rounded());
  json["worst"] = {{"x", hex_list(result.worst_x)},
                   {"got", hex_float(result.worst_got)},
                   {"want", hex_float(result.worst_want)}};
  json["non_monotone"] = result.non_monotone;
  json["first_step_down"] = hex_list(result.first_step_down);
  json["certificate"] = e.certificate.outputs;
  Json bins = Json::object();
  for (std::size_t bin = 0; bin < kBins; ++bin)
    if (e.count(bin)) bins[std::to_string(bin)] = e.count(bin);
  json["histogram"] = bins;
  return json;
}

std::string sweep_json(const SweepResult& result) { return to_text(to_json(result)); }

SweepResult sweep_from_json(const Json& json) {
  SweepResult result;
  ErrorStatistics& e = result.errors;
  result.set = json.at("set");
  result.kernel = json.at("kernel");
  result.shard = json.at("shard");
  result.shards = json.at("shards");
  result.inputs = json.at("inputs");
  result.total = json.at("total");
  result.failure = json.at("failure");
  e.outputs = json.at("outputs");
  e.correctly_rounded = json.at("correctly_rounded");
  e.not_finite = json.at("not_finite");
  e.max_ulp = from_hex(json.at("max_ulp"));
  e.sum_ulp += from_hex(json.at("sum_ulp"));
  result.worst_x = from_hex_list(json.at("worst").at("x"));
  result.worst_got = from_hex(json.at("worst").at("got"));
  result.worst_want = from_hex(json.at("worst").at("want"));
  result.non_monotone = json.at("non_monotone");
  result.first_step_down = from_hex_list(json.at("first_step_down"));
  for (std::size_t i = 0; i < std::size(e.certificate.outputs); ++i)
    e.certificate.outputs[i] = json.at("certificate").at(i);
  for (const auto& [bin, count] : json.at("histogram").items())
    e.histogram.at(std::stoul(bin) % kBins) = count;
  return result;
}

SweepResult read_sweep(const std::string& text, const std::string& where) {
  try {
    const Json json = parse_json(text, where);
    if (json.at("schema") != "softmark.sweep" ||
        json.at("schema_version").get<std::string>().substr(0, 2) != "1.")
      throw Error(kUnreadable, where +
                                   ": is no softmark.sweep of version 1; give the output of "
                                   "softmark sweep --format json");
    SweepResult result = sweep_from_json(json);
    if (result.shard >= result.shards)
      throw Error(kUnreadable, where + ": its shard is none of its shards; run it again");
    return result;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(kUnreadable, where + ": is no sweep result (" + error.what() +
                                 "); give the output of softmark sweep --format json");
  }
}

}  // namespace softmark
