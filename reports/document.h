// SPDX-License-Identifier: Apache-2.0
// The document (softmark.report): the one file format that verbs write and people, pages and CI
// read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/files.h"
#include "support/json.h"

namespace softmark {

/// A document with its fixed head (schema, schema_version, generator, run, empty sections) for this
/// invocation. `complete` starts false and is set by finish_document, so that an interrupted run
/// says so.
Json new_document(const std::vector<std::string>& argv, std::uint64_t seed);

/// Sets run.seconds (since the program started) and run.complete. Call it last.
void finish_document(Json& document, bool complete);

/// Reads and checks a document ("-" is standard input): not JSON, another schema or an unknown
/// major version is Error(kUnreadable).
Json read_document(const std::string& path);

}  // namespace softmark
