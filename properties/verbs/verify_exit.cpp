// SPDX-License-Identifier: Apache-2.0
#include "properties/verbs/verify_exit.h"

#include <algorithm>

#include "properties/engine/known_failures.h"
#include "reports/view.h"
#include "support/error.h"

namespace softmark {

int exit_code_of(const Json& document, const std::vector<Kernel>& kernels,
                 const KernelChoice& choice, bool complete, bool strict) {
  if (has_unexpected_failure(document)) return kGateFailed;
  const View view(document);
  const bool gated = std::any_of(kernels.begin(), kernels.end(), [&](const Kernel& kernel) {
    const KernelView& verified = *view.kernel(kernel.id);
    return (choice.asks_for(kernel) && verified.standing == Standing::kUnsupported) ||
           (strict && !verified.refusals().empty());
  });
  return gated ? kGateFailed : complete ? kPass : kNotMeasurable;
}

}  // namespace softmark
