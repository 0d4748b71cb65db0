// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/worst.h"

#include <fmt/format.h>

#include <cmath>

#include "kernels/names.h"
#include "kernels/plugin_argument.h"
#include "kernels/worker.h"
#include "properties/corpus/corpus.h"
#include "properties/engine/counterexample.h"
#include "support/quote.h"
#include "support/version.h"

namespace softmark {
namespace {

constexpr std::size_t kLongestCommand = 4000;  // characters of a case

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
  return command_for("eval", kernel) + " --op " + std::string(name(kernel.op)) + " --dtype " +
         std::string(name(kernel.dtype)) + " --case " + shell_quoted(argument);
}

void add_case(Json& find, const Kernel& kernel, const Case& c, const WorstOptions& options) {
  const Json json = case_to_json(c, kernel.op);
  find["case"] = json;
  std::string argument = json.dump();
  if (!options.corpus.empty()) {
    const std::string how = find["message"].get<std::string>();
    argument = "@" + absolute_path(add_to_corpus(options.corpus, kernel.op, kernel.dtype, c,
                                                 kernel.id + ", guided search, softmark " +
                                                     kVersion + ": " + how)
                                       .text);
  }
  find["repro"] = argument.size() > kLongestCommand ? "" : replay_of(kernel, argument);
}

}  // namespace

Json find_worst(const Kernel& kernel, const WorstOptions& options, const SearchProgress& progress) {
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

Json worst_document(const std::vector<Json>& finds, bool is_complete) {
  return {{"schema", kWorstSchema},
          {"schema_version", "1.0"},
          {"complete", is_complete},
          {"finds", finds}};
}

}  // namespace softmark
