// SPDX-License-Identifier: Apache-2.0
// `verify`: every kernel against every property, kernels side by side, each in processes of its
// own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/registry.h"
#include "properties/engine/property.h"
#include "support/channel.h"
#include "support/effort.h"
#include "support/journal.h"
#include "support/json.h"

namespace softmark {

class Progress;

struct VerifyOptions {
  Effort effort = Effort::standard;
  std::uint64_t seed = 1;
  std::vector<std::string> properties;  // names; empty: all
  std::string logits;                   // path of an .npy; empty: none
  std::string
      one_case;  // what --case was given (corpus.h), to be replayed alone; empty: the whole sweep
  std::string corpus;  // a folder of hard rows, read and added to; empty: only those that ship
  std::string known_failures;  // path, "none", or "" for the built-in one
  double call_timeout_seconds = 10;
  unsigned jobs = 0;  // kernels side by side; 0: one a core
  /// What is different for a kernel; null: nothing.
  std::function<void(const Kernel&, VerifyOptions&)> adjust;
  Progress* progress = nullptr;  // a step for each kernel; null: one of its own

  VerifyOptions of(const Kernel& kernel) const {
    VerifyOptions own = *this;
    if (adjust) adjust(kernel, own);
    return own;
  }
};

/// About how long verification of so many kernels takes, side by side on `jobs` cores of 2.6 GHz.
double estimated_seconds(std::size_t kernels, Effort effort, unsigned jobs);

/// What has to be the same in every rank, and in the run that a journal goes on with.
std::string identity_of(const VerifyOptions& options, const std::vector<Kernel>& kernels);

/// Fills "kernels", "absent", "properties" and "accuracy" of the document and applies the known
/// failures; in a rank that does not lead, leaves it as it is. Kernels that `journal` has are not
/// verified again. Returns false where it was interrupted: then the document holds what was known
/// by then.
bool verify(const VerifyOptions& options, const Registry& registry,
            const std::vector<Kernel>& kernels, Json& document, Journal* journal = nullptr);

/// Whether `names` (all where it is empty) include the property, and it applies to the kernel.
bool is_wanted(const Property& property, const Kernel& kernel,
               const std::vector<std::string>& names);

/// In the child that verifies a kernel: the table of exact values and bounds that it shares with
/// the other kernels of its op and type (SharedTable), and the user's logits, where there are any
/// (SharedLogits).
inline constexpr int kTruthsDescriptor = 4, kLogitsDescriptor = 5;

/// The child that verifies one kernel (role "child-verify"): the request is JSON, and so is the
/// reply for each result, {"section", "entry"}.
int verify_kernel_main(Channel& parent);

}  // namespace softmark
