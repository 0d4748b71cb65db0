// SPDX-License-Identifier: Apache-2.0
// Documents made by code for the tests of this folder: what a real run looks like, and what no run
// should look like.
#pragma once

#include "reports/document.h"

namespace softmark {

/// A whole run: six kernels, all properties, expected failures, nine shapes at 1 and 2 threads.
/// `machine` names it.
Json sample_document(const std::string& machine = "x86_64-zen5-2");

/// The same run with two unexpected failures, a crash, an expected failure that passes, and a
/// failed note.
Json failing_document();

/// Valid by the schema, hostile to every output format: markup, pipes, newlines, quotes, NaN and
/// infinite figures.
Json odd_document();

/// Interrupted before anything was known.
Json empty_document();

}  // namespace softmark
