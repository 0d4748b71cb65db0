// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "kernels/fingerprint.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "properties/corpus/corpus.h"
#include "properties/engine/counterexample.h"
#include "properties/engine/grade.h"
#include "properties/engine/known_failures.h"
#include "properties/engine/verdict.h"
#include "properties/engine/verify_process.h"
#include "support/channel.h"
#include "support/interrupts.h"
#include "support/progress.h"
#include "support/quote.h"
#include "support/ranks.h"
#include "support/shared_table.h"
#include "support/version.h"

namespace softmark {
namespace {

using Result = VerifyResult;

void check_properties(const std::vector<std::string>& names, const std::vector<Kernel>& kernels) {
  for (const auto& name : names)
    if (std::none_of(all_properties().begin(), all_properties().end(),
                     [&](const Property* p) { return p->name == name; }))
      throw Error(kUsage, "unknown property '" + name + "' (softmark list shows all)");
  const auto any_wanted = [&](const Kernel& kernel) {
    return std::any_of(all_properties().begin(), all_properties().end(),
                       [&](const Property* p) { return is_wanted(*p, kernel, names); });
  };
  if (std::none_of(kernels.begin(), kernels.end(), any_wanted))
    throw Error(kUsage, fmt::format("--property {}: does not apply to {}: nothing to verify",
                                    fmt::join(names, ", "),
                                    kernels.size() == 1 ? kernels[0].id : "any kernel chosen"));
}

/// A library's sum that loses more than one in blocks: a note.
Verdict verdict_on_sum(const Kernel& kernel, std::string note) {
  Verdict verdict;
  verdict.kernel = kernel.id;
  verdict.property = "summation";
  verdict.criterion = "bound";
  verdict.severity = "note";
  verdict.outcome = "fail";
  verdict.message = std::move(note);
  verdict.seconds = 0;  // the grade was found already
  return verdict;
}

/// An entry for each property that was to be checked and was not decided.
void add_undecided(const VerifyOptions& options, const Kernel& kernel, Result& result) {
  for (const Property* property : all_properties()) {
    const auto is_it = [&](const Verdict& v) { return v.property == property->name; };
    if (!is_wanted(*property, kernel, options.properties) ||
        std::any_of(result.properties.begin(), result.properties.end(), is_it))
      continue;
    Verdict& open = result.properties.emplace_back();
    open.kernel = kernel.id;
    open.property = property->name;
    open.criterion = kCriterionNames[static_cast<int>(property->criterion)];
    open.severity = property->severity == Severity::error ? "error" : "note";
    open.outcome = "incomplete";
    open.message = interrupted() ? "not decided: the run was interrupted"
                                 : "not decided: the process that verifies this kernel ended early";
    open.seconds = 0;
  }
}

std::string summary_of(const Result& result) {
  std::size_t failed = 0, passed = 0, skipped = 0;
  for (const Verdict& verdict : result.properties)
    ++(verdict.failed() ? failed : verdict.outcome == "pass" ? passed : skipped);
  return fmt::format("{} held, {} broken{}", passed, failed,
                     skipped ? fmt::format(", {} not tried", skipped) : "");
}

/// How many exact values the run's verdicts rest on, by the tier that proved them.
Json certificate_of(const std::vector<Result>& results) {
  Json sum = Json::object();
  for (const char* tier : kTierNames) {
    std::uint64_t outputs = 0;
    for (const Result& result : results)
      outputs += result.certificate.value(tier, std::uint64_t{0});
    sum[tier] = outputs;
  }
  return sum;
}

// A counterexample too long for a command line is replayed from where it now stands.
void keep(const std::string& folder, const Kernel& kernel, const Json& corpus,
          std::vector<Verdict>& properties) {
  for (const Json& entry : corpus) {
    const Case c = case_from_json(entry["case"], kernel.op, kernel.dtype);
    const std::string property = entry["property"];
    const CorpusPlace place =
        add_to_corpus(folder, kernel.op, kernel.dtype, c,
                      kernel.id + " fails " + property + ", softmark " + kVersion + ": " +
                          entry["message"].get<std::string>());
    for (Verdict& verdict : properties) {
      std::string& repro = verdict.repro;
      if (verdict.property == property && repro.find(" --case ") == repro.npos)
        repro = repro.substr(0, repro.find(" --effort ")) + " --case " +
                shell_quoted("@" + absolute_path(place.text));
    }
  }
}

/// A record between processes, and in a journal, has the index of its kernel.
std::size_t keep_record(const std::string& message, std::vector<Result>& results) {
  const auto entry = json_of_message(message);
  const std::size_t index = entry.at("index");
  results.at(index) = Result(entry.at("record"));
  return index;
}

/// The tables that kernels of one op and type share. Such kernels come one after another, so that
/// few tables serve at a time.
class TruthTables {
 public:
  TruthTables(const std::vector<Kernel>& kernels, std::size_t kept) : kept_(kept) {
    for (const Kernel& kernel : kernels) ++kernels_[class_of(kernel)];
  }
  ~TruthTables() {
    for (const Table& table : tables_) close(table.descriptor);
  }
  TruthTables(const TruthTables&) = delete;
  TruthTables& operator=(const TruthTables&) = delete;

  /// A new descriptor, for the caller to close.
  int of(const Kernel& kernel) {
    const std::lock_guard lock(mutex_);
    const Class wanted = class_of(kernel);
    auto found = std::find_if(tables_.begin(), tables_.end(),
                              [&](const Table& t) { return t.of == wanted; });
    if (found == tables_.end()) {
      if (tables_.size() > kept_) {
        close(tables_.front().descriptor);
        tables_.erase(tables_.begin());
      }
      tables_.push_back({wanted, SharedTable::create(kernels_[wanted] > 1 ? most_bytes() : 0)});
      found = std::prev(tables_.end());
    }
    return dup(found->descriptor);
  }

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 31;  // at most, of each table

  /// All tables together take a quarter of the memory at most.
  std::size_t most_bytes() const {
    const auto memory = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                        static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return std::min(kBytes, memory / 4 / (kept_ + 1));
  }

  using Class = std::pair<softmark_op, softmark_dtype>;
  struct Table {
    Class of;
    int descriptor;
  };
  static Class class_of(const Kernel& kernel) { return {kernel.op, kernel.dtype}; }

  std::map<Class, std::size_t> kernels_;
  std::size_t kept_;
  std::vector<Table> tables_;
  std::mutex mutex_;
};

/// The kernels' indices, those of one op and type together.
std::vector<std::size_t> by_op_and_type(const std::vector<Kernel>& kernels) {
  std::vector<std::size_t> order(kernels.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(kernels[a].op, kernels[a].dtype) < std::pair(kernels[b].op, kernels[b].dtype);
  });
  return order;
}

/// All kernels side by side, as far as an interrupt lets them; one a piece.
std::vector<Result> verify_all(const VerifyOptions& options, const std::vector<Kernel>& kernels,
                               const std::vector<int>& descriptors, Journal* journal) {
  std::vector<Result> results(kernels.size());
  std::set<std::size_t> done;
  if (journal)
    for (const std::string& entry : journal->found()) done.insert(keep_record(entry, results));
  SharedWork work;
  work.identity = identity_of(options, kernels);
  for (const std::size_t i : by_op_and_type(kernels))
    if (!done.contains(i)) work.pieces.emplace_back(message_of(i));
  work.threads = options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  const auto pieces = static_cast<double>(work.pieces.size());
  const double estimate = estimated_seconds(work.pieces.size(), options.effort,
                                            work.threads * static_cast<unsigned>(rank_count()));
  std::optional<Progress> own;
  if (!options.progress) own.emplace("verify", pieces, options.one_case.empty() ? estimate : 0);
  Progress& progress = own ? *own : *options.progress;
  TruthTables tables(kernels, work.threads);
  work.run = [&](const std::string& piece) {
    std::size_t index = 0;
    parse_message(piece, index);
    std::vector<int> all = {tables.of(kernels[index])};
    all.insert(all.end(), descriptors.begin(), descriptors.end());
    const Json record = verify_in_process(options.of(kernels[index]), kernels[index], all);
    close(all.front());
    return json_message(Json{{"index", index}, {"record", record}});
  };
  work.take = [&](const std::string&, const std::string& message) {
    const std::size_t i = keep_record(message, results);
    progress.step(1);
    progress.print(fmt::format("{:<36} {:5.1f} s  {}", kernels[i].id, results[i].seconds,
                               summary_of(results[i])));
    progress.show();
    return true;
  };
  work.journal = journal;
  share(work);
  return results;
}

/// "kernels", "accuracy" and "certificate" of the document.
void add_sections(const std::vector<Kernel>& kernels, const std::vector<Result>& results,
                  Json& document) {
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    document["kernels"].push_back(kernel_to_json(kernels[i]));
    Json& entry_of_kernel = document["kernels"].back();
    if (results[i].seconds > 0) entry_of_kernel["verify_seconds"] = number(results[i].seconds);
    if (const Json coverage = results[i].coverage.summary(); coverage["calls"] != 0)
      entry_of_kernel["coverage"] = coverage;
    if (!results[i].grade.is_null()) entry_of_kernel["grade"] = results[i].grade;
    for (const Json& entry : results[i].accuracy) document["accuracy"].push_back(entry);
  }
  document["certificate"] = certificate_of(results);
}

/// Where most outputs of a run say little, what was compared with them does.
void add_doubt(const Kernel& kernel, const Result& result, Json& document) {
  const auto all = result.outputs.value("all", std::uint64_t{0}),
             trivial = result.outputs.value("trivial", std::uint64_t{0});
  if (op_info(kernel.op).selects || all == 0 || 2 * trivial <= all) return;
  document["warnings"].push_back(
      fmt::format("{}: doubtful: {:.0f} % of its {} outputs were 0, 1, infinite or NaN", kernel.id,
                  100.0 * static_cast<double>(trivial) / static_cast<double>(all), all));
}

/// The user's rows are not tried on types that cannot hold them; where none can, that is an error.
void warn_of_range(const Logits& logits, const std::string& path,
                   const std::vector<Kernel>& kernels, Json& document) {
  std::set<softmark_dtype> fit, beyond;
  for (const Kernel& kernel : kernels)
    (first_beyond(logits.values, kernel.dtype) ? beyond : fit).insert(kernel.dtype);
  for (const softmark_dtype dtype : beyond) {
    if (fit.empty()) check_range(logits.values, logits.cols, dtype, path);
    document["warnings"].push_back(
        fmt::format("{} has values that {} cannot hold: kernels of that type were not tried on it",
                    path, name(dtype)));
  }
}

}  // namespace

double estimated_seconds(std::size_t kernels, Effort effort, unsigned jobs) {
  constexpr double kTypicalSeconds[] = {2.7, 15, 300};  // of one kernel, softmax in f32
  return kTypicalSeconds[static_cast<std::size_t>(effort)] * static_cast<double>(kernels) /
         std::min<double>(jobs, static_cast<double>(std::max<std::size_t>(kernels, 1)));
}

std::string identity_of(const VerifyOptions& options, const std::vector<Kernel>& kernels) {
  Json identity = {"verify",         static_cast<int>(options.effort),
                   options.seed,     options.properties,
                   options.one_case, options.corpus,
                   options.logits,   options.call_timeout_seconds};
  if (!options.logits.empty()) identity.push_back(fingerprint_of(options.logits));
  for (const Kernel& kernel : kernels) identity.push_back(kernel_to_json(kernel));
  return identity.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool verify(const VerifyOptions& options, const Registry& registry,
            const std::vector<Kernel>& kernels, Json& document, Journal* journal) {
  check_properties(options.properties, kernels);
  // What is wrong with a file is reported once, before anything runs.
  std::optional<SharedLogits> logits;
  if (!options.logits.empty()) {
    const Logits read = read_npy(options.logits);
    if (read.values.empty()) throw Error(kUnreadable, options.logits + ": holds no logits");
    warn_of_range(read, options.logits, kernels, document);
    logits.emplace(read);
  }
  if (!options.corpus.empty()) check_corpus(options.corpus);
  KnownFailures known = read_known_failures(options.known_failures);
  std::vector<Result> results =
      verify_all(options, kernels,
                 logits ? std::vector<int>{logits->descriptor()} : std::vector<int>{}, journal);
  if (!is_leader()) return true;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    add_undecided(options.of(kernels[i]), kernels[i], results[i]);
    keep(options.corpus, kernels[i], results[i].corpus, results[i].properties);
  }
  add_sections(kernels, results, document);
  for (const Absent& absent : registry.absent)
    document["absent"].push_back({{"name", absent.name}, {"reason", absent.reason}});
  std::vector<Verdict> verdicts;
  for (const Result& result : results)
    verdicts.insert(verdicts.end(), result.properties.begin(), result.properties.end());
  for (std::size_t i = 0; i < kernels.size(); ++i)
    if (std::string note = summation_note(results[i].grade);
        kernels[i].provider == "peer" && !note.empty())
      verdicts.push_back(verdict_on_sum(kernels[i], std::move(note)));
  // What holds as far as it was tried, and why it was not tried further.
  for (std::size_t i = 0; i < kernels.size(); ++i) add_doubt(kernels[i], results[i], document);
  for (const Verdict& verdict : verdicts)
    if (verdict.outcome == "pass" && !verdict.message.empty())
      document["warnings"].push_back(verdict.kernel + " " + verdict.property + ": " +
                                     verdict.message);
  const bool whole_sweep = options.effort != Effort::quick && options.one_case.empty();
  for (const std::string& warning : apply_known_failures(known, document, whole_sweep, verdicts))
    document["warnings"].push_back(warning);
  for (const Verdict& verdict : verdicts) document["properties"].push_back(to_json(verdict));
  return !interrupted();
}

bool is_wanted(const Property& property, const Kernel& kernel,
               const std::vector<std::string>& names) {
  return (names.empty() || std::find(names.begin(), names.end(), property.name) != names.end()) &&
         property.applies(kernel);
}

}  // namespace softmark
