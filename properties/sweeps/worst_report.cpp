// SPDX-License-Identifier: Apache-2.0
// The worst rows found: shards merged, and as text.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "kernels/names.h"
#include "properties/corpus/corpus.h"
#include "properties/sweeps/worst.h"
#include "support/schema.h"

namespace softmark {
namespace {

constexpr std::size_t kLongestRow = 2000;  // characters of a row that are shown

double figure(const Json& find, const char* key) {
  return find[key].is_null() ? -1 : parse_value(find[key], key);
}

// A kernel that promises nothing breaks no promise here, however wrong: that is what `verify` is
// for.
bool is_broken(const Json& find) {
  return find["promised"].is_number() &&
         !(figure(find, "max_ulp") <= find["promised"].get<double>());
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(kUnreadable, name + ": " + why + "; give what sweep worst --format json wrote");
}

constexpr const char* kPartSchema = R"({
  "type": "object", "required": ["schema", "schema_version", "finds"],
  "properties": {
    "schema": {"const": "softmark.worst"}, "schema_version": {"const": "1.0"},
    "complete": {"type": "boolean"},
    "finds": {"type": "array", "items": {
      "type": "object",
      "required": ["kernel", "op", "dtype", "promised", "status", "rows", "score", "max_ulp", "message", "case", "repro"],
      "properties": {
        "kernel": {"type": "string"}, "op": {"type": "string"}, "dtype": {"type": "string"},
        "promised": {"$ref": "#/$defs/figure"}, "status": {"type": "string"},
        "rows": {"type": "integer", "minimum": 0, "maximum": 9007199254740992},
        "score": {"$ref": "#/$defs/figure"}, "max_ulp": {"$ref": "#/$defs/figure"},
        "message": {"type": "string"}, "repro": {"type": "string"},
        "case": {"oneOf": [{"type": "null"}, {"type": "object"}]}
      }}}
  },
  "$defs": {"figure": {"oneOf": [{"type": "number"}, {"enum": ["inf", "-inf", "nan", null]}]}}
})";

void check_part(const Json& part, const std::string& name) {
  static const Json schema = Json::parse(kPartSchema);
  if (const std::string fault = schema_fault(schema, part, UnknownKeys::kIgnored); !fault.empty())
    refuse(name, fault);
  for (const Json& find : part["finds"]) {
    const auto op = find_op(find["op"].get<std::string>());
    const auto dtype = find_dtype(find["dtype"].get<std::string>());
    if (!op || !dtype || find["case"].is_null()) continue;
    try {
      case_from_json(find["case"], *op, *dtype);
    } catch (const Error& error) {
      refuse(name, error.what());
    }
  }
}

/// Of two finds of one kernel the worse, with the rows of both.
void keep_worse(Json& known, const Json& find) {
  const auto rows = find["rows"].get<std::uint64_t>() + known["rows"].get<std::uint64_t>();
  if (figure(find, "score") > figure(known, "score")) known = find;
  known["rows"] = rows;
}

void add_part(Json& whole, const Json& part) {
  whole["complete"] =
      whole.value("complete", Json()) == true && part.value("complete", Json()) == true;
  Json& finds = whole["finds"];
  for (const Json& find : part["finds"]) {
    const auto known = std::find_if(finds.begin(), finds.end(), [&](const Json& other) {
      return other["kernel"] == find["kernel"];
    });
    if (known == finds.end())
      finds.push_back(find);
    else
      keep_worse(*known, find);
  }
}

}  // namespace

Json merge_worst(const std::vector<Json>& parts, const std::vector<std::string>& names) {
  Json whole;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    check_part(parts[i], names[i]);
    if (i == 0)
      whole = parts[0];
    else
      add_part(whole, parts[i]);
  }
  return whole;
}

std::string worst_text(const Json& result) {
  std::string text;
  for (const Json& find : result["finds"]) {
    const bool promises = find["promised"].is_number();
    text += fmt::format(
        "{}: {}\n  {} rows tried{}{}\n", find["kernel"].get<std::string>(),
        find["message"].get<std::string>(), find["rows"].dump(),
        promises ? ", its entry promises at most " + find["promised"].dump() + " ulp" : "",
        is_broken(find) ? ": BROKEN" : "");
    if (find["case"].is_null()) continue;
    const auto op = find_op(find["op"].get<std::string>());
    const auto dtype = find_dtype(find["dtype"].get<std::string>());
    std::string row = op && dtype ? corpus_line(case_from_json(find["case"], *op, *dtype), *op)
                                  : find["case"].dump();
    if (row.size() > kLongestRow)
      row = row.substr(0, kLongestRow) +
            fmt::format(" ... ({} more characters; --format json and --corpus DIR have all)",
                        row.size() - kLongestRow);
    text += "  " + row + "\n";
    if (find["repro"] != "") text += "  " + find["repro"].get<std::string>() + "\n";
  }
  return text + (result.value("complete", true) ? "" : "(incomplete)\n");
}

bool has_broken_promise(const Json& result) {
  for (const Json& find : result["finds"])
    if (find["status"] != "ok" || is_broken(find)) return true;
  return false;
}

}  // namespace softmark
