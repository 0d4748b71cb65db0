// SPDX-License-Identifier: Apache-2.0
// Holds one kernel to one property: replayed rows first, then the sweep, then RapidCheck around it;
// a failing case is shrunk.
#pragma once

#include <string>
#include <vector>

#include "properties/corpus/corpus.h"
#include "properties/engine/property.h"

namespace softmark {

struct CheckOptions {
  Effort effort = Effort::quick;
  std::uint64_t seed = 1;
  double call_timeout_seconds = 10;
  double seconds = 5;        // for one property of one kernel; shrinking may take as much again
  std::vector<Case> replay;  // tried first, by every property
  std::vector<CorpusCase> corpus;  // then these, by the properties that they concern
  bool only_replay = false;
  std::string rerun;  // flags that repeat this run, for counterexamples that no command line holds
};

struct Checked {
  Json verdict;  // an entry of the document's "properties" section, but for what only the parent
                 // knows (expected, reason)
  std::optional<Case> counterexample;
};
Checked check_property(KernelSession& session, const Property& property,
                       const CheckOptions& options);

}  // namespace softmark
