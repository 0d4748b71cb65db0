// SPDX-License-Identifier: Apache-2.0
// Covering arrays: few assignments in which every pair of classes occurs that may, and every
// combination of `strength` of the core factors. Greedy, one assignment at a time, and without
// chance: the same everywhere.
#pragma once

#include <vector>

#include "properties/crossing/factors.h"
#include "support/json.h"

namespace softmark::crossing {

/// `strength` of the core factors: 2, 3 or 4. All other pairs are covered in any case.
std::vector<Assignment> covering_array(const Model& model, std::size_t strength);

/// How many combinations of t classes of different factors there are that may occur, and how many
/// of them occur in the assignments.
struct Covered {
  std::size_t covered = 0, feasible = 0;
};
Covered covered_pairs(const Model& model, const std::vector<Assignment>& assignments);
/// Of core factors.
Covered covered_core(const Model& model, const std::vector<Assignment>& assignments,
                     std::size_t strength);

/// {"pairs": {"covered", "feasible"}, "triples": ..., "quadruples": ...}: the last two of core
/// factors, as far as the strength goes.
Json summary_of(const Model& model, const std::vector<Assignment>& assignments,
                std::size_t strength);

/// By effort.
std::size_t strength_at(Effort effort);

}  // namespace softmark::crossing
