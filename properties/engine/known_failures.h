// SPDX-License-Identifier: Apache-2.0
// The known failures: failures that are known and explained, and accuracy limits. Written by people,
// by hand or with `accept`; nothing else changes the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/json.h"

namespace softmark {

struct KnownFailures {
  struct ExpectedFailure {
    std::string kernel, property, reason;  // globs
    bool may_pass = false;  // where the failure hangs on the CPU or the library's version
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

/// "" are those that ship with softmark, "none" is an empty set, anything else a file.
KnownFailures read_known_failures(const std::string& path);

/// Fills "expected" and "reason" of each verdict, and appends a verdict "accuracy_limit" for each
/// kernel that a limit names. Where the whole sweep ran, an expected failure that did not come is a
/// warning; a quick one may miss it.
void apply_known_failures(KnownFailures& known, Json& document, bool whole_sweep);

/// Whether the document holds a failure that nothing explains ("error" properties only).
bool has_unexpected_failure(const Json& document);

}  // namespace softmark
