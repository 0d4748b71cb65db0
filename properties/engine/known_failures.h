// SPDX-License-Identifier: Apache-2.0
// The known failures: explained failures that are expected, and limits on accuracy. Only `accept`
// writes the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

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

/// Fills "expected" and "reason" of each verdict, and appends a verdict "accuracy_limit" for each
/// kernel that a limit names. After a whole sweep, an expected failure that did not occur gives a
/// warning; a quick sweep may miss it.
void apply_known_failures(KnownFailures& known, Json& document, bool whole_sweep);

/// Whether the document holds a failure of severity "error" that is not expected.
bool has_unexpected_failure(const Json& document);

}  // namespace softmark
