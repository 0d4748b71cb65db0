// SPDX-License-Identifier: Apache-2.0
// Holds one kernel to one property: replayed rows first, then the sweep, then RapidCheck around it; a failing case is shrunk.
#pragma once

#include <string>
#include <vector>

#include "properties/property.h"

namespace softmark {

struct CheckOptions {
  Effort effort = Effort::quick;
  std::uint64_t seed = 1;
  double call_timeout_seconds = 10;
  double seconds = 5;              // for one property of one kernel; shrinking may take as much again
  std::vector<Case> replay;        // tried first
  bool only_replay = false;
};

/// An entry of the document's "properties" section, but for what only the parent knows (expected, reason).
Json check_property(Trial& trial, const Property& property, const CheckOptions& options);

/// The command that tries this very case again.
std::string replay_command(const Kernel& kernel, const Property& property, const Case& c);

}  // namespace softmark
