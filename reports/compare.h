// SPDX-License-Identifier: Apache-2.0
// Two documents, old and new: what broke, what got less exact, what got slower.
#pragma once

#include <string>

#include "reports/document.h"
#include "support/speed_verdict.h"

namespace softmark {

struct Comparison {
  std::string text;
  Json findings = Json::array();  // what `text` lists, an object a line
  Json speed = Json::array();     // kernels whose time differs, or may
  std::size_t broken = 0;  // new failures, larger errors; SLOWER too where the machine is the same
  std::size_t undecided = 0;  // AMBIGUOUS timings on the same machine; what the old document knew
                              // and the new one does not
};

/// Verdicts and accuracy are compared hard. Speed counts only where both documents have the same
/// machine key and conditions, after what moved everything between the two sessions has been
/// divided out (drift.h).
Comparison compare_documents(const Json& old_document, const Json& new_document);

/// The comparison as JSON (schema "softmark.comparison"): both heads, the findings, the speeds.
Json comparison_json(const Comparison& comparison, const Json& old_document,
                     const Json& new_document);

/// The same for a comment on a pull request: regressions first, the rest folded.
std::string comparison_markdown(const Comparison& comparison, const Json& old_document,
                                const Json& new_document);

/// Reads both, writes the comparison to `output` as "text", "json" or "markdown", and returns the
/// exit code; `strict`: 5 where something is undecided.
int compare_files(const std::string& old_path, const std::string& new_path, bool strict,
                  const std::string& output = "-", std::string_view format = "text");

}  // namespace softmark
