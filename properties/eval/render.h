// SPDX-License-Identifier: Apache-2.0
// What `eval` found, for people and for programs.
#pragma once

#include <string>

#include "properties/eval/evaluation.h"

namespace softmark {

/// One row whole; of several the errors of each kernel, and the rows whose decision changes.
std::string eval_brief(const RowsEvaluated& evaluated);

/// Small inputs element by element; of large ones the first rows and columns and, for all, the
/// worst and mean error.
std::string eval_text(const RowsEvaluated& evaluated);

/// One line: {"exact":[[...]],"decision":[...],"results":[{"kernel":...,"y":...,"ulp":...}]},
/// values as hex floats.
std::string eval_json(const RowsEvaluated& evaluated);

}  // namespace softmark
