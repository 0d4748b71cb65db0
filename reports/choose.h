// SPDX-License-Identifier: Apache-2.0
// A decision among kernels that meet needs (reports/needs.h) for people and programs.
#pragma once

#include <string>

#include "reports/needs.h"

namespace softmark {

struct Choice {
  std::string kernel;  // id; empty where no kernel meets the needs
  std::string text;    // in the format asked for
};

/// The decision as "text", "markdown" or "json" (schema "softmark.choice"): the choice, on what it
/// rests and how sure it is, the Pareto set, why each other kernel lost, and how to call it.
/// Throws Error(kNotMeasurable) where the document has no measurement to decide on.
Choice choose(const Json& document, const ChooseRequest& request, std::string_view format = "text");

}  // namespace softmark
