// SPDX-License-Identifier: Apache-2.0
// The known failures: failures that are known and explained, and accuracy limits. Written by
// people, by hand or with `accept`; nothing else changes the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "properties/engine/verdict.h"
#include "support/json.h"

namespace softmark {

struct KnownFailures {
  struct ExpectedFailure {
    std::string kernel, property, reason;  // globs
    bool may_pass = false;  // where the failure depends on the CPU or the library's version
  };
  struct Limit {
    std::string kernel;  // glob
    std::optional<double> max_ulp, p999;
    std::string reason;
  };
  std::vector<ExpectedFailure> expected_failures;
  std::vector<Limit> limits;

  ExpectedFailure* find(const std::string& kernel, const std::string& property);
};

/// Reads `path`; "" is the set that ships with softmark, "none" an empty set.
KnownFailures read_known_failures(const std::string& path);

/// A file that holds none yet, and any such file as it is written: one layout, so that a change
/// shows as what it is.
Json no_known_failures();
std::string known_failures_text(const Json& file);

/// Fills `expected` and `reason` of each verdict, and appends a verdict "accuracy_limit" for each
/// kernel that a limit names, by its entry of the document's "accuracy". Returns warnings: where
/// the whole sweep ran, of expected failures that did not come; a quick one may miss them.
std::vector<std::string> apply_known_failures(KnownFailures& known, const Json& accuracy,
                                              bool whole_sweep, std::vector<Verdict>& verdicts);

/// Whether the document holds a failure of severity "error" that is not expected.
bool has_unexpected_failure(const Json& document);

}  // namespace softmark
