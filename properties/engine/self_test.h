// SPDX-License-Identifier: Apache-2.0
// `verify --self-test`: what the properties are worth. Every defective kernel of
// plugins/softmark_mutants.so must be killed by the property that its summary names, every correct
// one of plugins/softmark_controls.so must pass them all.
#pragma once

#include <string>

#include "properties/engine/verify.h"

namespace softmark {

/// Runs both plugins, found in plugins/ beside the program, at options.effort, and fills `text`
/// with the score. Gives kPass, kGateFailed where a mutant survives (or falls to another property
/// only) or a control is flagged, kNotMeasurable where it was interrupted. Throws
/// Error(kUnreadable) where a plugin is missing or a summary names no property.
int self_test(const VerifyOptions& options, std::string& text);

}  // namespace softmark
