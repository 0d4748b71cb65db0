// SPDX-License-Identifier: Apache-2.0
// Sources of noise and missing information on this machine, and what to do about them.
#pragma once

#include <string>
#include <vector>

#include "support/json.h"

namespace softmark::bench {

struct Finding {
  std::string subject;  // "governor"
  enum State { kFine, kNoisy, kUnknown } state;
  std::string finding;  // "powersave"
  std::string advice;   // what to do; empty where nothing needs to or can be done
};

/// Examines a document's `machine` section; measures nothing.
std::vector<Finding> examine(const Json& machine);

}  // namespace softmark::bench
