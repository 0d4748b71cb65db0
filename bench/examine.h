// SPDX-License-Identifier: Apache-2.0
// What is noisy or missing on this machine, and what to do about it.
#pragma once

#include <string>
#include <vector>

#include "support/json.h"

namespace softmark::bench {

struct Finding {
  std::string subject;  // "governor"
  enum State { kFine, kNoisy, kUnknown } state;
  std::string finding;  // "powersave"
  std::string advice;   // what to do; empty where nothing needs doing or can be done
};

/// Reads a document's `machine` section and judges it; measures nothing.
std::vector<Finding> examine(const Json& machine);

}  // namespace softmark::bench
