// SPDX-License-Identifier: Apache-2.0
// One kernel verified in processes of its own, which may be those of another rank.
#pragma once

#include <vector>

#include "properties/engine/coverage.h"
#include "properties/engine/verdict.h"
#include "properties/engine/verify.h"

namespace softmark {

/// Everything that the kernel's processes reported, in order, and the time they took: plain JSON
/// for a message or a journal. `descriptors`: from kTruthsDescriptor on.
Json verify_in_process(const VerifyOptions& options, const Kernel& kernel,
                       const std::vector<int>& descriptors);

/// What one kernel's processes reported, and an "error" verdict where one ended early.
struct VerifyResult {
  std::vector<Verdict> properties;
  Json accuracy = Json::array(), corpus = Json::array();
  Json certificate = Json::object(), outputs = Json::object(), grade = nullptr;
  Coverage coverage;
  double seconds = 0;

  VerifyResult() = default;
  explicit VerifyResult(const Json& record);  // of verify_in_process
};

}  // namespace softmark
