// SPDX-License-Identifier: Apache-2.0
// Smaller variants of a failing case: fewer rows and columns, a plain layout, simpler numbers.
#pragma once

#include <rapidcheck.h>

#include "kernels/case.h"

namespace softmark {

/// The candidates that RapidCheck tries next, generated lazily, most drastic first. Each is a valid
/// case of the op and type.
rc::Seq<Case> shrink_case(const Case& c, softmark_op op, softmark_dtype dtype);

}  // namespace softmark
