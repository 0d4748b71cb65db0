// SPDX-License-Identifier: Apache-2.0
// Documents of one run become one; nothing is lost and nothing counts twice.
#pragma once

#include <string>
#include <vector>

#include "reports/document.h"

namespace softmark {

/// Documents with one machine, start, seed and version are of one run: their kernels, verdicts,
/// errors, measurements ... become the union of theirs, in the place of the first. Those of other
/// runs stay as they are. `names`: where each comes from, for messages.
/// Throws Error(kUnreadable) where two of one run say different things of the same entry.
std::vector<Json> merged(std::vector<Json> documents, const std::vector<std::string>& names);

}  // namespace softmark
