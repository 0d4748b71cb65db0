// SPDX-License-Identifier: Apache-2.0
// A property: a sentence that must hold for every row, the rows that test it, and the check of one
// case. Adding one is a file that defines a Property named like the file, and its line in
// properties/checks/list.def.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/case.h"
#include "kernels/registry.h"
#include "kernels/worker.h"
#include "properties/rows/rows.h"
#include "reference/reference.h"
#include "support/effort.h"

namespace softmark {

enum class Criterion { contract, bound, claim };
enum class Severity { error, note };

inline constexpr std::string_view kCriterionNames[] = {"contract", "bound", "claim"};

/// How a case broke the property. `row` and `output` say where, when it is a place.
struct Fault {
  std::string message;
  std::optional<std::size_t> row, output;
  std::string verdict = "fail";  // or "crash", "timeout"
};

/// The exact outputs of one row and the largest sane error of each, in ulps.
struct Truth {
  std::vector<Exact> exact;
  std::vector<double> bound;
};

/// One kernel on session: runs it, and knows the truth.
class KernelSession {
 public:
  KernelSession(const Kernel& kernel, Effort effort, double timeout_seconds);

  const Kernel& kernel() const { return worker_.kernel(); }
  Effort effort() const { return effort_; }
  std::size_t outputs(const Case& c) const;

  /// The outputs, [rows * outputs]. Leaves by an exception where the kernel crashed, hung or
  /// refused the case.
  std::vector<double> run(const Case& c);
  /// The same with everything that was seen besides.
  CallResult run_watched(const Case& c, bool closely = false);
  /// Kept for the rows tried last, since several properties try the same ones.
  const Truth& truth(const Case& c, std::size_t row);

  /// The outputs decided so far for this kernel, by what decided them; a row kept is counted once.
  const Certificate& certificate() const { return certificate_; }

  /// Thrown by run: caught where properties are checked. The outcome is a timeout where the kernel
  /// is not hung but too slow for a row of this length, which is no defect.
  struct Refused {
    CallResult outcome;
  };
  struct Stopped {
    Fault fault;
  };

 private:
  bool is_too_slow(const Case& c);

  Worker worker_;
  Effort effort_;
  double timeout_;
  std::size_t too_slow_cols_ = SIZE_MAX;  // rows of this length and longer are not tried again
  Certificate certificate_;
  struct Cache;
  std::shared_ptr<Cache> cache_;
};

/// One row of a case as a problem for the reference.
Problem problem_of(softmark_op op, softmark_dtype dtype, const Case& c, std::size_t row,
                   softmark_masked_row masked_row = SOFTMARK_MASKED_NAN);

using Sink = std::function<bool(const Case&)>;  // false: enough

struct Property {
  std::string_view name;
  std::string_view sentence;
  Criterion criterion;
  Severity severity;
  bool (*applies)(const Kernel&);
  /// What is wrong with this case, or nothing.
  std::optional<Fault> (*fault)(KernelSession&, const Case&);
  /// The fixed sweep, in order; stops when the sink says so.
  void (*sweep)(const Kernel&, Effort, const Sink&);
  /// What random exploration draws its rows from; empty: none.
  std::span<const Family> families;
  /// Led by the kernel's own errors to a case that may break the property; counts the rows it
  /// tried. Null: none.
  std::optional<Case> (*seek)(KernelSession&, std::uint64_t seed, std::size_t& rows) = nullptr;
};

// Declared here from the list, so that a property that is not listed is an unused constant: a
// warning at once.
#define SOFTMARK_PROPERTY(file) extern const Property file;
#include "properties/checks/list.def"
#undef SOFTMARK_PROPERTY

std::span<const Property* const> all_properties();

// ---- shared by the properties' files ----

bool any_kernel(const Kernel&);
/// Every output within its bound (and exactly what the contract fixes). The common core of several
/// properties.
std::optional<Fault> exceeds_bound(KernelSession& session, const Case& c,
                                   const std::vector<double>& y);
/// "x[2] of row 0 ..." for messages.
Fault fault_at(std::size_t row, std::size_t output, std::string message);
std::string decimal(double value);  // for messages: 9 digits

/// Lengths 1..130, around powers of two, and some more, crossed with rows 1, 2, 3, 5, families in
/// turn.
void sweep_lengths(const Kernel& kernel, Effort effort, std::span<const Family> families,
                   const Sink& sink);
/// The exact value of an output as the nearest long double, residual included.
long double exact_value(const Exact& e, softmark_dtype dtype);

}  // namespace softmark
