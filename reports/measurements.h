// SPDX-License-Identifier: Apache-2.0
// The measurements of a document as text, a workload a block, fastest first.
#pragma once

#include <string>

#include "reports/document.h"

namespace softmark {

/// p50 and p99 of single calls, where they were taken; "" where nowhere.
std::string calls_table(const Json& document);

std::string measurements_table(const Json& document);
/// A line for each workload, with its fastest kernels; of a single one the whole table.
std::string measurements_brief(const Json& document);

}  // namespace softmark
