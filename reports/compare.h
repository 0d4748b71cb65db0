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

/// Verdicts and accuracy are compared hard. Speed is reported, and counts only where both documents
/// have the same machine key: runs of two sessions drift apart, runs of two machines say nothing of
/// the code.
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

/// A median time with its 95 % interval.
struct TimeInterval {
  double middle, low, high;
};
/// The ratio of two times, after to before; its interval joins theirs in the logarithm as
/// independent (Zou and Donner 2008, the method of variance estimates recovery).
SpeedRatio speed_ratio(const TimeInterval& before, const TimeInterval& after);

}  // namespace softmark
