// SPDX-License-Identifier: Apache-2.0
// A property: a sentence that must hold for every row, the rows that test it, and the fault it
// reports. Adding one takes a file that defines the Property, its line in
// properties/checks/list.def, and a mutant that it must kill.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/case.h"
#include "kernels/registry.h"
#include "kernels/wire.h"
#include "kernels/worker.h"
#include "properties/engine/coverage.h"
#include "properties/engine/truths.h"
#include "properties/rows/rows.h"
#include "reference/reference.h"
#include "support/effort.h"

namespace softmark {

enum class Criterion { contract, bound, claim };
enum class Severity { error, note };

inline constexpr std::string_view kCriterionNames[] = {"contract", "bound", "claim"};

/// How a case violates the property. `row` and `output` give the place, if there is one.
struct Fault {
  std::string message;
  std::optional<std::size_t> row, output;
  std::string verdict = "fail";  // or "crash", "timeout"
};

/// A kernel in a worker process, with the exact values and bounds of the rows it is run on.
class KernelSession {
 public:
  /// `truths`: of a SharedTable of the exact values and bounds that kernels of one op and type need
  /// alike; -1: none.
  KernelSession(const Kernel& kernel, Effort effort, double timeout_seconds, int truths = -1);

  const Kernel& kernel() const { return worker_.kernel(); }
  Effort effort() const { return effort_; }
  std::size_t outputs(const Case& c) const;

  /// The outputs, [rows * outputs]. Throws Stopped where the kernel crashed or hung, Refused where
  /// it declined the case or is too slow for it.
  std::vector<double> run(const Case& c);
  /// Of several cases, whose calls are made together where they are small.
  std::vector<std::vector<double>> run_all(std::span<const Case> cases);
  /// The same before anything is thrown, as far as the first call that crashed or hung: `checked`
  /// gives what run_watched would have given, and throws for that one.
  std::vector<CallResult> call_all(std::span<const Case> cases);
  CallResult checked(const Case& c, CallResult outcome);
  /// The outputs of one with everything else that was observed. Throws likewise.
  CallResult run_watched(const Case& c, int closely = 0);
  /// Whether the call of a case may be made ahead, together with others'.
  bool may_call_ahead(const Case& c) const { return calls_ahead_ && worker_.takes_slot(c); }
  /// Makes the calls of cases of which each may; at most kMostAhead. `run_watched` of the very same
  /// objects, as closely, then takes what came of them, until this is called again. Results of a
  /// kernel that crashes or hangs are forgotten, and no calls of it are made ahead any more.
  void call_ahead(std::span<const Case> cases, int closely);
  static constexpr std::size_t kMostAhead = wire::kSlots;
  /// The next call is the first of a fresh process.
  void start_afresh() { worker_.end(); }
  /// Cached for the rows tried last, because several properties try the same ones.
  const Truth& truth(const Case& c, std::size_t row);
  /// The same with least_bounds, until `truth` is asked for.
  const Truth& truth_with_least_bounds(const Case& c, std::size_t row);
  /// The exact values alone.
  std::span<const Exact> exact(const Case& c, std::size_t row);
  /// Of row `row` of a case with outputs `y`. Valid until other rows are asked for.
  JudgedRow& judged(const Case& c, std::size_t row, const std::vector<double>& y);

  /// The outputs decided so far for this kernel, by the tier that decided them; a cached row is
  /// counted once.
  const Certificate& certificate() const { return truths_->certificate(); }

  /// The calls since this was last asked, taken or refused. A kernel that is too slow for a row
  /// does not refuse it.
  Coverage take_coverage() { return std::exchange(coverage_, Coverage()); }
  const Coverage& coverage() const { return coverage_; }

  /// Outputs that were compared with something, an output twice where it was compared twice; a call
  /// that must give none counts as one. Rows whose truth is asked for are counted by `truth`.
  void count_judged(std::size_t outputs) { judged_ += outputs; }
  std::uint64_t take_judged() { return std::exchange(judged_, 0); }

  /// Outputs of all calls on no long rows so far, and those of them that say little: 0, 1, NaN,
  /// infinities.
  struct Outputs {
    std::uint64_t all = 0, trivial = 0;
  };
  const Outputs& outputs_seen() const { return outputs_seen_; }

  /// The first call of any property that changed what it must leave alone.
  struct Seen {
    Case c;
    std::string what;
  };
  const std::optional<Seen>& changed_environment() const { return changed_environment_; }
  const std::optional<Seen>& changed_memory() const { return changed_memory_; }

  /// The CPU time of this process and of the kernel's, so far. A busy machine does not count.
  double cpu_seconds() const;
  /// What a call of a few elements takes.
  double seconds_of_a_call();
  /// Whether fresh processes may still be started, where all together may take so long.
  bool may_start(double seconds_in_all);

  /// Thrown by run and caught where properties are checked. Also for a kernel that does not hang
  /// but is too slow for rows of this length, which is no defect: then the outcome is a timeout.
  struct Refused {
    CallResult outcome;
  };
  struct Stopped {
    Fault fault;
  };
  /// Thrown by a property where a case would take this kernel too long: no refusal of the kernel's.
  struct LeftOut : Refused {};

 private:
  CallResult run_until_met(const Case& c, int closely);
  CallResult call(const Case& c, int closely);
  std::optional<CallResult> take_ahead(const Case& c);
  std::pair<double, CallResult::Kind> least_seconds_of(const Case& c);
  bool is_too_slow(const Case& c);
  void note(const Case& c, const CallResult& outcome);

  Worker worker_;
  bool calls_ahead_ = true;
  std::vector<std::pair<const Case*, CallResult>> ahead_;
  int ahead_closely_ = 0;
  Effort effort_;
  double timeout_;
  std::size_t too_slow_cols_ = SIZE_MAX;  // rows of this length and longer are not tried again
  Coverage coverage_;
  std::uint64_t judged_ = 0;
  Outputs outputs_seen_;
  std::optional<Seen> changed_environment_, changed_memory_;
  double seconds_of_a_call_ = -1, seconds_of_starts_ = 0, last_start_ = 0;
  std::unique_ptr<Truths> truths_;
};

/// One row of a case as a problem for the reference.
Problem problem_of(softmark_op op, softmark_dtype dtype, const Case& c, std::size_t row,
                   softmark_masked_row masked_row = SOFTMARK_MASKED_NAN);
/// The same with what the kernel's entry declares.
Problem problem_of(const Kernel& kernel, const Case& c, std::size_t row);

using Sink = std::function<bool(const Case&)>;  // false: stop

struct Property {
  std::string_view name;
  std::string_view sentence;
  Criterion criterion;
  Severity severity;
  bool (*applies)(const Kernel&);
  /// The fault of this case, or nothing.
  std::optional<Fault> (*fault)(KernelSession&, const Case&);
  /// The fixed sweep, in order; ends when the sink returns false. Calls may be made ahead of
  /// `fault` (`calls_ahead`).
  void (*sweep)(const Kernel&, Effort, const Sink&);
  /// The families from which random rows are drawn; empty: none.
  std::span<const Family> families;
  /// A search, guided by the kernel's own errors, for a case that violates the property; adds the
  /// number of rows tried to `rows`. Null: none.
  std::optional<Case> (*seek)(KernelSession&, std::uint64_t seed, std::size_t& rows) = nullptr;
  /// What the cases of the sweep covered together, for the document; `judged` says which of them
  /// were. Null: nothing to say.
  Json (*covers)(const Kernel&, Effort, const std::vector<bool>& judged) = nullptr;
  /// Whether `fault` runs the case itself, and no matter what was called before. Calls of several
  /// cases then share one exchange with the child.
  bool calls_ahead = true;
  /// How closely `fault` watches them, as Worker::run has it.
  int closely = 0;
};

// Declared from the list, so that a property missing from it is an unused constant, which the
// compiler reports.
#define SOFTMARK_PROPERTY(file)   \
  namespace checks::file {        \
  extern const Property property; \
  }
#include "properties/checks/list.def"
#undef SOFTMARK_PROPERTY

std::span<const Property* const> all_properties();

// ---- shared by the files of properties ----

bool any_kernel(const Kernel&);
/// Checks that every output is within its bound (and exactly what the contract prescribes). Many
/// properties build on it.
std::optional<Fault> exceeds_bound(KernelSession& session, const Case& c,
                                   const std::vector<double>& y);
/// Whether a row's results are within the least bounds, which cost less than those of `truth` and
/// are nowhere above them. What follows from the bounds holds for such a row; most rows are.
bool is_surely_within(KernelSession& session, const Case& c, const std::vector<double>& y,
                      std::size_t row);
/// The same for results of a row whose exact values are known.
bool is_surely_within(const Problem& problem, std::span<const Exact> exact,
                      std::span<const double> y);
/// A fault where the contract's table requires +0 and the kernel gives -0.
std::optional<Fault> wrong_zero(KernelSession& session, const Case& c,
                                const std::vector<double>& y);
/// A fault at one output; messages read "x[2] of row 0 ...".
Fault fault_at(std::size_t row, std::size_t output, std::string message);
std::string decimal(double value);  // for messages: 9 digits

/// Lengths 1..130, around powers of two, and some more, combined with rows 1, 2, 3, 5 and the
/// families in turn.
void sweep_lengths(const Kernel& kernel, Effort effort, std::span<const Family> families,
                   const Sink& sink);
}  // namespace softmark
