// SPDX-License-Identifier: Apache-2.0
// Checks one property of one kernel: replayed rows first, then the sweep, then random rows from
// RapidCheck; a failing case is shrunk.
#pragma once

#include <string>
#include <vector>

#include "properties/corpus/corpus.h"
#include "properties/engine/property.h"
#include "properties/engine/verdict.h"

namespace softmark {

struct CheckOptions {
  Effort effort = Effort::quick;
  std::uint64_t seed = 1;
  double call_timeout_seconds = 10;
  double seconds = 5;        // for one property of one kernel; shrinking may take as long again
  std::vector<Case> replay;  // tried first, by every property
  std::vector<CorpusCase> corpus;  // then these, by the properties that apply to them
  bool only_replay = false;
  // Flags that repeat this run, where a counterexample is too long for a command line.
  std::string rerun;
};

struct Checked {
  Verdict verdict;  // but for what only the parent knows (expected, reason)
  std::optional<Case> counterexample;
};
/// `session` has no calls in its coverage before.
Checked check_property(KernelSession& session, const Property& property,
                       const CheckOptions& options);

}  // namespace softmark
