// SPDX-License-Identifier: Apache-2.0
// The steps of the guided search: small random changes of a row.
#pragma once

#include "kernels/case.h"
#include "properties/rows/rows.h"

namespace softmark {

/// A few random moves on a case of one row: steps of an ulp or many, jumps of a binade, swaps,
/// duplicates, shifts of the whole row, distances at which exp switches its method. Values stay
/// finite and valid for the op.
void move_row(Case& c, softmark_op op, softmark_dtype dtype, Rng& rng);

}  // namespace softmark
