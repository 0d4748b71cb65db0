// SPDX-License-Identifier: Apache-2.0
// A run on one screen: the decision, the table of one shape, accuracy against speed, what is known
// to be wrong, what is absent. At most 40 lines; the details are in `text` and on the page.
#pragma once

#include <string>
#include <vector>

#include "reports/needs.h"

namespace softmark {

/// What the screen is about.
struct BriefRequest {
  std::vector<ChooseRequest> needs;  // one decision each; the first one's shape has the table
  std::string more;                  // where the details are: "details: softmark-report.html"
};

/// One document. The needs default to softmax f32 (else the first op and type timed) at its
/// headline shape.
std::string brief(const Json& document, const BriefRequest& request = {});

/// Failures that are known, one line a library: "onednn 2.6.3 (7 kernels): swallows NaN; flushes
/// subnormal results".
std::vector<std::string> known_lines(const View& view);

}  // namespace softmark
