// SPDX-License-Identifier: Apache-2.0
// Tiers 0 and 1: the formulas in double-double with bounds; tier 0 takes its exponentials from
// float64 vectors.
#pragma once

#include <memory>
#include <optional>

#include "reference/reference.h"
#include "reference/special.h"

namespace softmark {

/// The outputs of one row that the contract leaves open, as Enclosure gives them at a far lower
/// price.
class BoundedRow {
 public:
  BoundedRow(const Problem& problem, const RowFacts& facts, Tier tier);
  ~BoundedRow();
  std::optional<Exact> decide(std::size_t index) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace softmark
