// SPDX-License-Identifier: Apache-2.0
// The known failures: failures that are known and explained, and accuracy limits. Written by
// people, by hand or with `accept`; nothing else changes the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "properties/engine/verdict.h"
#include "support/grade.h"
#include "support/json.h"

namespace softmark {

/// Where a kernel comes from, as the document's "kernels" has it.
struct Origin {
  std::string id, provider, version;
};
/// Of a kernel of the document; only the id where it has no such entry.
Origin origin_of(const Json& document, const std::string& kernel);

struct KnownFailures {
  struct ExpectedFailure {
    std::string kernel, property, reason;  // the first two are globs
    std::string provider, version;         // a word and a glob; empty: any
    bool may_pass = false;  // where the failure depends on the CPU or the library's version
    std::string brief;      // the reason in a few words; may be empty
  };
  struct Limit {
    std::string kernel;  // glob
    std::optional<double> max_ulp, p999;
    std::string reason;
    // Of the run that it was taken from; empty: unknown. A longer search finds larger errors.
    std::string effort;
    std::optional<Grade> grade = std::nullopt;  // the worst that may be found
  };
  std::vector<ExpectedFailure> expected_failures;
  std::vector<Limit> limits;
  // The set that ships explains built-ins and peers; a plugin has a file of its own, whatever its
  // kernels are called.
  bool shipped = false;

  const ExpectedFailure* find(const Origin& kernel, const std::string& property) const;
};

/// Reads `path`; "" is the set that ships with softmark, "none" an empty set.
KnownFailures read_known_failures(const std::string& path);

/// A file that holds none yet, and any such file as it is written: one layout, so that a change
/// shows as what it is.
Json no_known_failures();
std::string known_failures_text(const Json& file);

/// Fills `expected` and `reason` of each verdict, and appends a verdict "accuracy_limit" for each
/// kernel that a limit names, by the document's "kernels" and "accuracy"; where this run's effort
/// (the document's "run") is greater than the limit's, a larger error is a note. Returns warnings:
/// where the whole sweep ran, of expected failures that did not come; a quick one may miss them.
std::vector<std::string> apply_known_failures(const KnownFailures& known, const Json& document,
                                              bool whole_sweep, std::vector<Verdict>& verdicts);

/// Whether the document holds a failure of severity "error" that is not expected.
bool has_unexpected_failure(const Json& document);

}  // namespace softmark
