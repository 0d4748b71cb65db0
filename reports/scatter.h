// SPDX-License-Identifier: Apache-2.0
// Accuracy against speed in characters.
#pragma once

#include <string>

#include "reports/needs.h"

namespace softmark {

/// Time to the right, error upwards, both logarithmic; a letter for each kernel that meets the
/// needs (capital: nothing that does is both faster and more accurate), named beside. "" for fewer
/// than two kernels.
std::string scatter(const Selection& selection);

}  // namespace softmark
