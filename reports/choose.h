// SPDX-License-Identifier: Apache-2.0
// Which kernel to put in production for a shape and type, by one document; and why the others lost.
#pragma once

#include <optional>
#include <string>

#include "reports/document.h"
#include "support/grade.h"

namespace softmark {

struct ChooseRequest {
  std::string op = "softmax", dtype = "f32";
  std::optional<long long> rows, cols;  // any where not given
  long long threads = 1;                // at most so many; a kernel may need fewer
  std::optional<double> max_ulp;        // largest error that may have been measured
  std::optional<Grade> grade;           // the worst grade that may have been found
  bool reproducible = false;  // only kernels that claim it (verification holds them to it)
};

struct Choice {
  std::string kernel;  // id; empty where no kernel meets the request
  std::string text;    // the choice, on what it rests, and a line for every kernel that lost
};

/// Decides on the measured shape nearest to the request (in powers of two; hot cache before cold).
/// Throws Error(kNotMeasurable) where the document has no measurement to decide on.
Choice choose(const Json& document, const ChooseRequest& request);

}  // namespace softmark
