// SPDX-License-Identifier: Apache-2.0
// Softmax in float32 at the speed of float64 vectors, without an allocation per element: exact
// results, and the errors of given ones.
#pragma once

#include <span>

#include "reference/error_statistics.h"

namespace softmark {

/// As add_row of error_statistics.h, for x, got [cols].
Worst add_softmax_row(std::span<const float> x, std::span<const float> got,
                      ErrorStatistics& statistics);

/// y [cols]: the correctly rounded softmax of x, with the contract's special values. Counts the
/// tiers.
void exact_softmax(std::span<const float> x, std::span<float> y, Certificate& certificate);

}  // namespace softmark
