// SPDX-License-Identifier: Apache-2.0
// How softmark ends: its exit codes, and the one exception that carries one of them with one clear
// line.
#pragma once

#include <stdexcept>
#include <string>

namespace softmark {

enum ExitCode : int {
  kPass = 0,
  kGateFailed = 1,
  kUsage = 2,
  kUnreadable = 3,     // input unreadable or of an unknown schema
  kNotMeasurable = 4,  // could not measure (or could not write what was measured)
  kUndecided = 5,      // with --strict only
};

/// Thrown anywhere, printed once by main as "softmark: WHAT" (what, where, what to do), never with
/// a stack trace.
struct Error : std::runtime_error {
  Error(ExitCode exit_code, const std::string& message)
      : std::runtime_error(message), code(exit_code) {}
  ExitCode code;
};

}  // namespace softmark
