// SPDX-License-Identifier: Apache-2.0
// `verify --self-test`: tests the properties themselves. Every mutant (defective kernel) of
// plugins/softmark_mutants.so must be killed by the property that its summary names; every control
// (correct kernel) of plugins/softmark_controls.so must pass all properties.
#pragma once

#include <string>

#include "properties/engine/verify.h"

namespace softmark {

/// Runs both plugins, found in plugins/ beside the program, at options.effort, and writes the score
/// to `text`. Returns kPass, kGateFailed where a mutant survives (or is killed by other properties
/// only) or a control is flagged, kNotMeasurable when interrupted. With a `sample` above 1 only
/// every so many mutants of each class, one at least, and controls. Throws Error(kUnreadable) where
/// a plugin is missing or a summary names no property.
int self_test(const VerifyOptions& options, std::size_t sample, std::string& text);

}  // namespace softmark
