// SPDX-License-Identifier: Apache-2.0
// Smaller cases to try in place of a failing one: fewer rows and columns, a plain layout, simpler
// numbers.
#pragma once

#include <rapidcheck.h>

#include "kernels/case.h"

namespace softmark {

/// What RapidCheck's engine tries next, lazily, most drastic first. Every candidate is a valid case
/// of the op and type.
rc::Seq<Case> shrink_case(const Case& c, softmark_op op, softmark_dtype dtype);

}  // namespace softmark
