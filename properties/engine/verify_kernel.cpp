// SPDX-License-Identifier: Apache-2.0
// The process that verifies one kernel, which runs in a child of this one.
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "properties/corpus/corpus.h"
#include "properties/engine/accuracy.h"
#include "properties/engine/causes.h"
#include "properties/engine/check.h"
#include "properties/engine/counterexample.h"
#include "properties/engine/grade.h"
#include "properties/engine/verify.h"
#include "support/channel.h"
#include "support/strays.h"

namespace softmark {
namespace {

/// Sends results to the parent at once, so that even this process's sudden end loses only what was
/// still to come.
class Report {
 public:
  explicit Report(Channel& parent) : parent_(parent) {}
  void operator()(const char* section, const Json& entry) const {
    if (!parent_.send(json_message(Json{{"section", section}, {"entry", entry}})))
      std::exit(kNotMeasurable);
  }

 private:
  Channel& parent_;
};

// The user's rows, rounded to the kernel's type; cotangents of 1 and labels in turn where the op
// wants them. A Jacobian of every row would be cols times as large: its first rows are enough.
Case case_of_logits(const Logits& logits, const Kernel& kernel) {
  Case c;
  c.cols = logits.cols;
  constexpr std::size_t kMostOfMatrices = std::size_t{1} << 24;
  c.rows = gives_matrix(kernel.op)
               ? std::min({logits.rows, std::size_t{64}, kMostOfMatrices / c.cols / c.cols})
               : logits.rows;
  for (std::size_t i = 0; i < c.rows * c.cols; ++i)
    c.x.push_back(round_to(kernel.dtype, logits.values[i]));
  const OpShape shape = shape_of(kernel.op);
  if (shape.takes_g_row) c.g.assign(c.rows, 1);
  for (std::size_t r = 0; shape.takes_labels && r < c.rows; ++r)
    c.labels.push_back(static_cast<std::int64_t>(r % c.cols));
  return c;
}

// The user's rows before those that ship. Quick effort skips long rows.
void add_corpora(const Kernel& kernel, const std::string& folder, CheckOptions& options) {
  constexpr std::size_t kLong = std::size_t{1} << 14;
  if (!folder.empty()) options.corpus = corpus_of_folder(folder, kernel.op, kernel.dtype);
  for (CorpusCase& known : shipped_corpus(kernel.op, kernel.dtype))
    if (options.effort != Effort::quick || known.c.x.size() <= kLong)
      options.corpus.push_back(std::move(known));
}

CheckOptions options_of(const Json& request, const Kernel& kernel) {
  CheckOptions options;
  options.effort = static_cast<Effort>(request["effort"].get<int>());
  options.seed = request["seed"];
  options.call_timeout_seconds = request["call_timeout_seconds"];
  options.seconds = request["property_seconds"];
  options.rerun = request["rerun"];
  const std::string one_case = request["case"];
  options.only_replay = !one_case.empty();
  if (options.only_replay) options.replay = cases_of_argument(one_case, kernel.op, kernel.dtype);
  return options;
}

bool is_wanted(const Property& property, const Kernel& kernel, const Json& request) {
  const Json& done = request["done"];
  return is_wanted(property, kernel, request["properties"].get<std::vector<std::string>>()) &&
         std::find(done.begin(), done.end(), property.name) == done.end();
}

/// Checks properties of one kernel and reports each verdict.
class Verification {
 public:
  Verification(KernelSession& session, const CheckOptions& options, const Report& report,
               bool keeps_counterexamples)
      : session_(session), options_(options), report_(report), keeps_(keeps_counterexamples) {}

  void check(const Property& property) {
    report_("begin", property.name);
    CheckOptions options = options_;
    add_seen(property, options);
    Checked checked = check_property(session_, property, options);
    blame(property, checked);
    deliver(property, std::move(checked));
  }

  /// Wrong results are an error whatever the property that was asked for looks at: where nothing
  /// failed, plain rows are tried briefly, and reported where they fail.
  void check_values() {
    if (failed_ || was_checked(checks::error_bound::property.name)) return;
    Property values = checks::error_bound::property;
    values.seek = nullptr;
    CheckOptions brief = options_;
    brief.effort = Effort::quick;
    brief.seconds = std::min(brief.seconds, kSecondsForValues);
    report_("begin", values.name);
    Checked checked = check_property(session_, values, brief);
    if (checked.verdict.failed())
      deliver(values, std::move(checked));
    else
      report_("coverage", session_.take_coverage().to_json());
  }

  /// Once all properties were checked.
  void report_causes() {
    for (const auto& [property, cause] : causes_of(session_, broken_))
      report_("cause", {{"property", property}, {"cause", cause}});
  }

 private:
  static constexpr double kSecondsForValues = 2;
  static inline const std::optional<KernelSession::Seen> kNone;

  /// The first call of whichever property that left something changed; null: none did.
  const KernelSession::Seen* seen_for(const Property& property) const {
    const auto& seen = property.name == checks::environment::property.name
                           ? session_.changed_environment()
                       : property.name == checks::memory::property.name ? session_.changed_memory()
                                                                        : kNone;
    return seen ? &*seen : nullptr;
  }
  /// It is tried first: as the first of its process, and as it was.
  void add_seen(const Property& property, CheckOptions& options) const {
    const KernelSession::Seen* seen = seen_for(property);
    if (!seen || options.only_replay) return;
    options.replay.insert(options.replay.begin(), 2, seen->c);
    options.replay[0].layout.fresh = true;
  }
  /// What was seen once is a failure, even where it does not come again.
  void blame(const Property& property, Checked& checked) const {
    const KernelSession::Seen* seen = seen_for(property);
    if (!seen || checked.verdict.failed()) return;
    checked.verdict.outcome = "fail";
    checked.verdict.message = "seen once: " + seen->what;
    checked.counterexample = seen->c;
    checked.verdict.counterexample = counterexample_of(session_, seen->c, Fault{});
    checked.verdict.repro = replay_command(session_.kernel(), property, seen->c, options_.rerun);
  }

  bool was_checked(std::string_view name) const {
    return std::find(checked_.begin(), checked_.end(), name) != checked_.end();
  }

  void deliver(const Property& property, Checked checked) {
    checked_.push_back(property.name);
    const Verdict& verdict = checked.verdict;
    report_("coverage", session_.take_coverage().to_json());
    report_("properties", to_json(verdict));
    if (!checked.counterexample) return;
    if (keeps_)
      report_("corpus", {{"kernel", verdict.kernel},
                         {"property", property.name},
                         {"message", verdict.message},
                         {"case", case_to_json(*checked.counterexample, session_.kernel().op)}});
    if (property.severity != Severity::error) return;
    failed_ = true;
    broken_.push_back({&property, verdict.outcome, std::move(*checked.counterexample)});
  }

  KernelSession& session_;
  const CheckOptions& options_;
  const Report& report_;
  bool keeps_, failed_ = false;
  std::vector<std::string_view> checked_;
  std::vector<BrokenProperty> broken_;
};

void verify_as_asked(const Json& request, const Report& report) {
  Kernel kernel = kernel_from_json(request["kernel"]);
  kernel.library = request["library"];
  kernel.index = request["index"];
  CheckOptions options = options_of(request, kernel);
  std::optional<Case> logits_case;
  if (request["has_logits"] == true && takes_logits(kernel.op)) {
    const Logits logits = read_shared_logits(kLogitsDescriptor);
    if (logits.cols > 0 && !first_beyond(logits.values, kernel.dtype))
      logits_case.emplace(case_of_logits(logits, kernel));
    if (logits_case && logits_case->rows == 0) logits_case.reset();  // a matrix of one is too large
    if (logits_case) options.replay.push_back(*logits_case);
  }
  const std::string corpus = request["corpus"];
  if (!options.only_replay) add_corpora(kernel, corpus, options);
  KernelSession session(kernel, options.effort, options.call_timeout_seconds, kTruthsDescriptor);
  Verification verification(session, options, report, !corpus.empty());
  for (const Property* property : all_properties())
    if (is_wanted(*property, kernel, request)) verification.check(*property);
  if (!request["properties"].empty() && request["done"].empty()) verification.check_values();
  verification.report_causes();
  const bool whole = !options.only_replay && request["properties"].empty();
  if (whole) try {
      for (const Json& entry : measure_accuracy(session, options.seed)) report("accuracy", entry);
      if (logits_case) report("accuracy", measure_accuracy_on(session, *logits_case, "logits"));
      if (const Json grade = measure_grade(session, options.seed); !grade.is_null())
        report("grade", grade);
    } catch (const KernelSession::Refused&) {
    } catch (const KernelSession::Stopped&) {
      // The properties reported it; a kernel that dies on ordinary rows has no accuracy.
    }
  Json certificate = Json::object();
  for (std::size_t tier = 0; tier < std::size(kTierNames); ++tier)
    certificate[kTierNames[tier]] = session.certificate().outputs[tier];
  report("certificate", certificate);
  const KernelSession::Outputs& outputs = session.outputs_seen();
  report("outputs", {{"all", outputs.all}, {"trivial", outputs.trivial}});
}

/// Case after case takes rows of the same sizes: giving them back to the system and taking them
/// anew costs as much as everything else.
void keep_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 28);
  mallopt(M_TRIM_THRESHOLD, 1 << 29);
#endif
}

}  // namespace

int verify_kernel_main(Channel& parent) {
  adopt_strays();
  keep_memory();
  std::string request;
  if (!parent.receive(request)) return kNotMeasurable;
  verify_as_asked(json_of_message(request), Report(parent));
  kill_strays();  // the kernel's own process has ended with its KernelSession
  return kPass;
}

}  // namespace softmark
