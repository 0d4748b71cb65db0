// SPDX-License-Identifier: Apache-2.0
// What the contract fixes without any arithmetic: rows and elements of NaN, infinities, masks,
// single elements.
#pragma once

#include <optional>
#include <vector>

#include "reference/reference.h"

namespace softmark {

/// What a row of logits holds.
struct RowFacts {
  bool has_nan = false, has_pos_inf = false;
  std::size_t finite = 0;  // elements that are neither NaN nor infinite
  double max = 0;          // over the finite ones; 0 where there is none
  std::size_t argmax = 0;  // the first that attains it
  std::size_t at_max = 0;  // how many attain it
  bool all_equal() const { return at_max == finite; }
};
RowFacts facts_of(std::span<const double> x);

/// Whether the row is masked whole and its policy makes it the row of equal logits.
bool becomes_uniform(const Problem& problem, const RowFacts& facts);

/// The results that the contract fixes for the whole row (special values, hardmax, one finite
/// element), or nothing where at least one output is an ordinary real number.
std::optional<std::vector<Exact>> fixed_row(const Problem& problem, const RowFacts& facts);

/// The result that the contract fixes for one output of a row that fixed_row leaves open: masked
/// elements, VJPs of elements that are not finite. Output `index` as in exact_row.
std::optional<double> fixed_output(const Problem& problem, std::size_t index);

}  // namespace softmark
