// SPDX-License-Identifier: Apache-2.0
// The measurements of a document as text, a workload a block, fastest first.
#pragma once

#include <limits>
#include <string>

#include "reports/document.h"

namespace softmark {

/// p50 and p99 of single calls, where they were taken, in at most so many rows; "" where nowhere.
std::string calls_table(const Json& document,
                        std::size_t most = std::numeric_limits<std::size_t>::max());

std::string measurements_table(const Json& document);
/// At most 40 lines: one for each workload, with its fastest kernels, or the table of a single one.
std::string measurements_brief(const Json& document);

}  // namespace softmark
