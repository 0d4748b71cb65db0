// SPDX-License-Identifier: Apache-2.0
// One call of a kernel as data: the rows, and how they lie in memory. Requests on standard input,
// counterexamples, the corpus and replay commands share one JSON form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/layout.h"
#include "kernels/softmark.h"
#include "support/json.h"

namespace softmark {

struct Case {
  std::size_t rows = 1, cols = 0;
  std::vector<double> x;             // [rows * cols]
  std::vector<double> g;             // [rows * cols], [rows] for cross_entropy_vjp, else empty
  std::vector<std::int64_t> labels;  // [rows] for the cross-entropy ops, else empty
  Layout layout;
};

/// {"x":[[...]],"g":...,"labels":...,"layout":{...}}: values as hex strings, runs of 8 or more
/// equal values as {"value":"0x1p+0","repeat":100}; a default layout is omitted; "cols" is given
/// where there are no rows.
Json case_to_json(const Case& c, softmark_op op);

/// The inverse; also accepts plain numbers, and x as a single row. Throws Error(kUnreadable),
/// naming the place, for shapes that do not fit the op, values outside the type's range and labels
/// outside [0, cols).
Case case_from_json(const Json& json, softmark_op op, softmark_dtype dtype);

/// Values of one row as JSON, with runs of equal values folded.
Json row_to_json(const double* values, std::size_t count);

}  // namespace softmark
