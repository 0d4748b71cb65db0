// SPDX-License-Identifier: Apache-2.0
// What `list --coverage` shows: the factors of a call, their classes, and the combinations covered.
#pragma once

#include <string>
#include <vector>

#include "kernels/registry.h"
#include "support/json.h"

namespace softmark::crossing {

/// {"factors": [{"name", "meaning", "core", "classes"}], "kernels": [{"id", "efforts": [{"effort",
/// "cases", "pairs", "triples", "quadruples"}], "infeasible": [{"what", "why"}]}]}; kernels whose
/// calls have the same classes share an entry ("ids").
Json coverage_of(const std::vector<Kernel>& kernels);
std::string text_of(const Json& coverage);

}  // namespace softmark::crossing
