// SPDX-License-Identifier: Apache-2.0
#include "properties/verbs/sweep_worst.h"

#include <fmt/format.h>

#include <cmath>

#include "kernels/names.h"
#include "kernels/worker.h"
#include "properties/corpus/corpus.h"
#include "support/interrupts.h"
#include "support/version.h"

namespace softmark {
namespace {

constexpr std::string_view kSchema = "softmark.worst";
constexpr std::size_t kLongestRow = 2000;  // characters of a row that are shown

struct Died {
  CallResult::Kind kind;
  std::string message;
  Case c;
};

SearchRunner runner_of(Worker& worker) {
  return [&worker](const Case& c) -> std::optional<std::vector<double>> {
    CallResult outcome = worker.run(c);
    if (outcome.kind == CallResult::unsupported) return std::nullopt;
    if (outcome.kind != CallResult::done) throw Died{outcome.kind, outcome.message, c};
    return std::move(outcome.y);
  };
}

std::string replay_of(const Kernel& kernel, const std::string& argument) {
  return "softmark eval" + (kernel.provider == "plugin" ? " --plugin " + kernel.library : "") +
         " --kernel " + kernel.id + " --op " + std::string(name(kernel.op)) + " --dtype " +
         std::string(name(kernel.dtype)) + " --case '" + argument + "'";
}

void add_case(Json& find, const Kernel& kernel, const Case& c, const WorstOptions& options) {
  const Json json = case_to_json(c, kernel.op);
  find["case"] = json;
  std::string argument = json.dump();
  if (!options.corpus.empty()) {
    const std::string how = find["message"].get<std::string>();
    argument = "@" + add_to_corpus(options.corpus, kernel.op, kernel.dtype, c,
                                   kernel.id + ", guided search, softmark " + kVersion + ": " + how)
                         .text;
  }
  find["repro"] = argument.size() > 2 * kLongestRow ? "" : replay_of(kernel, argument);
}

Json find_for(const Kernel& kernel, const WorstOptions& options, const SearchProgress& progress) {
  SearchOptions search = options.search;
  search.seed += options.shard.index;
  Json find = {{"kernel", kernel.id},
               {"op", name(kernel.op)},
               {"dtype", name(kernel.dtype)},
               {"promised", number(kernel.max_ulp)},
               {"status", "ok"},
               {"rows", 0},
               {"score", nullptr},
               {"max_ulp", nullptr},
               {"message", ""},
               {"case", nullptr},
               {"repro", ""}};
  Worker worker(kernel, options.call_timeout);
  try {
    const SearchResult result = search_worst(kernel, search, runner_of(worker), progress);
    find["rows"] = result.rows;
    if (!result.worst) {
      find["status"] = "unsupported";
      find["message"] = "takes none of the rows tried";
      return find;
    }
    const WorstRow& worst = *result.worst;
    find["score"] = number(worst.score);
    find["max_ulp"] = number(worst.ulp);
    find["message"] =
        fmt::format("off by {:.6g} ulp at output {} of a row of {}{}: got {}, want {}", worst.ulp,
                    worst.output, worst.c.cols,
                    worst.c.rows > 1 ? fmt::format(" (row {} of {})", worst.row, worst.c.rows) : "",
                    hex(worst.got), hex(worst.want));
    if (options.search.over_bound)
      find["message"] =
          find["message"].get<std::string>() + fmt::format(", {:.4g} of its bound", worst.score);
    add_case(find, kernel, worst.c, options);
  } catch (const Died& died) {
    find["status"] = died.kind == CallResult::timeout ? "timeout" : "crash";
    find["score"] = find["max_ulp"] = "inf";
    find["message"] = died.message;
    add_case(find, kernel, died.c, options);
  }
  return find;
}

double figure(const Json& find, const char* key) {
  return find[key].is_null() ? -1 : parse_value(find[key], key);
}

// A kernel that promises nothing breaks no promise here, however wrong: that is what `verify` is
// for.
bool is_broken(const Json& find) {
  return find["promised"].is_number() &&
         !(figure(find, "max_ulp") <= find["promised"].get<double>());
}

}  // namespace

Json find_worst(const std::vector<Kernel>& kernels, const WorstOptions& options,
                const SearchProgress& progress) {
  Json result = {
      {"schema", kSchema}, {"schema_version", "1.0"}, {"complete", true}, {"finds", Json::array()}};
  std::size_t before = 0;
  for (const Kernel& kernel : kernels) {
    if (interrupted()) break;
    result["finds"].push_back(find_for(
        kernel, options, [&](std::size_t rows) { return !progress || progress(before + rows); }));
    before += options.search.rows;
  }
  result["complete"] = !interrupted();
  return result;
}

Json merge_worst(const std::vector<Json>& parts, const std::vector<std::string>& names) {
  Json whole;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Json& part = parts[i];
    const auto broken = [&](const char* why) {
      throw Error(kUnreadable,
                  names[i] + ": " + why + "; give what sweep worst --format json wrote");
    };
    if (!part.is_object() || part.value("schema", Json()) != kSchema || !part.contains("finds") ||
        !part["finds"].is_array())
      broken("holds no worst rows");
    if (part.value("schema_version", Json()) != "1.0") broken("has an unknown schema_version");
    for (const Json& find : part["finds"])
      for (const char* key : {"kernel", "op", "dtype", "promised", "status", "rows", "score",
                              "max_ulp", "message", "case", "repro"})
        if (!find.is_object() || !find.contains(key))
          broken((std::string("has a find without its ") + key).c_str());
    if (i == 0) {
      whole = part;
      continue;
    }
    whole["complete"] =
        whole.value("complete", Json()) == true && part.value("complete", Json()) == true;
    for (const Json& find : part["finds"]) {
      auto known =
          std::find_if(whole["finds"].begin(), whole["finds"].end(),
                       [&](const Json& other) { return other["kernel"] == find["kernel"]; });
      if (known == whole["finds"].end()) {
        whole["finds"].push_back(find);
        continue;
      }
      if (!find["rows"].is_number_unsigned() || !(*known)["rows"].is_number_unsigned())
        broken("has no number of rows");
      const auto rows = find["rows"].get<std::uint64_t>() + (*known)["rows"].get<std::uint64_t>();
      if (figure(find, "score") > figure(*known, "score")) *known = find;
      (*known)["rows"] = rows;
    }
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
    if (find["status"] == "crash" || find["status"] == "timeout" || is_broken(find)) return true;
  return false;
}

}  // namespace softmark
