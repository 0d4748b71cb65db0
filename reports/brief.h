// SPDX-License-Identifier: Apache-2.0
// A run on one screen: the decision, the table of one shape, accuracy against speed, what is known
// to be wrong, what is absent. At most 40 lines; the details are in `text` and on the page.
#pragma once

#include <string>
#include <vector>

#include "reports/needs.h"
#include "support/text.h"

namespace softmark {

/// What the screen is about.
struct BriefRequest {
  std::vector<ChooseRequest> needs;  // one decision each; the first one's shape has the table
  std::string more;                  // where the details are: "details: softmark-report.html"
  std::string machine;               // its name, where the document's own would not tell it apart
  std::size_t width = line_width();  // of the lines, where words allow that
};

/// One document. The needs default to softmax f32 (else the first op and type timed) at its
/// headline shape.
std::string brief(const Json& document, const BriefRequest& request = {});

/// Where nothing was asked for: softmax of float32, else the first op and type that was timed, at
/// its headline shape; none where nothing was timed.
std::vector<ChooseRequest> default_needs(const View& view);

/// A library whose failures are known.
struct KnownWrong {
  std::string name;                          // with its version
  std::vector<std::string> faults, kernels;  // in a few words; ids
  /// "onednn 2.6.3 (7 kernels): swallows NaN; flushes subnormal results; and 2 more"
  std::string line(std::size_t width = std::string::npos) const;
};
std::vector<KnownWrong> known_wrong(const View& view);

}  // namespace softmark
