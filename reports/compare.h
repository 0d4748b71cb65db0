// SPDX-License-Identifier: Apache-2.0
// Two documents, old and new: what broke, what got less exact, what got slower.
#pragma once

#include <string>
#include <string_view>

#include "reports/document.h"

namespace softmark {

struct Comparison {
  std::string text;
  std::size_t broken = 0;  // new failures, larger errors; SLOWER too where the machine is the same
  std::size_t undecided = 0;  // AMBIGUOUS timings on the same machine; what the old document knew
                              // and the new one does not
};

/// Verdicts and accuracy are compared hard. Speed is told, and counts only where both documents
/// have the same machine key: runs of two sessions drift apart, runs of two machines say nothing of
/// the code.
Comparison compare_documents(const Json& old_document, const Json& new_document);

/// Reads both, writes the comparison to `output`, and returns the exit code; `strict`: 5 where
/// something is undecided.
int compare_files(const std::string& old_path, const std::string& new_path, bool strict,
                  const std::string& output = "-");

/// Ratio of two times with its interval, judged against the smallest effect that is believed.
struct SpeedJudgement {
  const char* word;         // SAME, FASTER, SLOWER, AMBIGUOUS
  double ratio, low, high;  // new / old
};
/// `least`: relative difference that counts, such as 0.05. Intervals are those of the two medians;
/// the ratio's interval joins them in the logarithm as independent (Zou and Donner 2008, the method
/// of variance estimates recovery).
SpeedJudgement judge_speed(double old_ns, double old_low, double old_high, double new_ns,
                           double new_low, double new_high, double least);

}  // namespace softmark
