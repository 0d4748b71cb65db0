// SPDX-License-Identifier: Apache-2.0
// What came of one property of one kernel: an entry of the document's "properties".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "support/json.h"

namespace softmark {

struct Verdict {
  std::string kernel, property;  // kernel: its id
  std::string criterion = "contract", severity = "error";
  // pass, skip, fail, inconclusive, crash, timeout, error, or incomplete: not decided, because the
  // run ended before
  std::string outcome = "pass";
  bool expected = false;      // by the known failures; `reason` says why
  std::uint64_t cases = 0;    // tried
  std::uint64_t outputs = 0;  // judged
  Json combinations;          // of classes of factors that were covered; null: nothing to say
  std::string message;
  Json counterexample;  // null: none
  std::string repro;    // the command that tries it again
  // The property whose counterexample, shown in its place, has the same cause; empty: its own.
  std::string cause;
  std::optional<double> seconds;
  std::optional<std::string> reason;  // once the known failures were applied
  std::string brief;                  // the same in a few words; empty: none

  bool failed() const { return outcome != "pass" && outcome != "skip" && outcome != "incomplete"; }
};

Json to_json(const Verdict& verdict);
/// Of what to_json made. Throws Json::exception.
Verdict verdict_from_json(const Json& json);

}  // namespace softmark
