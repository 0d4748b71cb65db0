// SPDX-License-Identifier: Apache-2.0
// The steps of the guided search: small changes of a row that keep what is bad about it, or make it
// worse.
#pragma once

#include "kernels/case.h"
#include "properties/rows/rows.h"

namespace softmark {

/// A few random moves on a case of one row: steps of an ulp or many, jumps of a binade, swaps,
/// duplicates, shifts of the whole row, distances at which exp changes its way. Values stay finite,
/// and within what the op takes.
void move_row(Case& c, softmark_op op, softmark_dtype dtype, Rng& rng);

}  // namespace softmark
