// SPDX-License-Identifier: Apache-2.0
// What a reader of the times must know before believing them, in sentences.
#pragma once

#include <string>
#include <vector>

#include "bench/measure.h"
#include "support/json.h"

namespace softmark::bench {

/// Before the first process: the load, the governor, the clock rate and whatever else `doctor`
/// would call noisy, with what to do. `machine`: the document's section.
std::vector<std::string> warnings_before(const Json& machine);

/// Of the run: what could not be measured as asked for.
std::vector<std::string> warnings_of(const BenchOptions& options,
                                     const std::vector<Series>& series);

/// Of the document's `measurements`: which stayed disturbed, which intervals are wider than 15 % of
/// their time, which shares of a ceiling are above 110 %.
std::vector<std::string> doubts(const Json& measurements);

}  // namespace softmark::bench
