// SPDX-License-Identifier: Apache-2.0
// The exit code of the verbs that verify, from the document that they write.
#pragma once

#include <vector>

#include "kernels/verbs/flags.h"

namespace softmark {

/// 1 on a failure that nothing explains, where a kernel that was asked for refused all that would
/// have been verified, and with `strict` where any refused a call; else 4 where the run is not
/// complete.
int exit_code_of(const Json& document, const std::vector<Kernel>& kernels,
                 const KernelChoice& choice, bool complete, bool strict);

}  // namespace softmark
