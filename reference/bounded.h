// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "reference/double_double.h"
#include "reference/enclosed.h"
#include "reference/reference.h"

namespace softmark {

/// The rounding and the residual, where the bound leaves one rounding, one binade and 2^-20 ulp.
std::optional<Exact> certify(const Enclosed<Bounded>& enclosed, softmark_dtype dtype);

}  // namespace softmark
